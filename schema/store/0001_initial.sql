-- meta.db of one shard (DESIGN: the store). Times are milliseconds since the epoch, UTC. Bodies are in the packs; here
-- is where they lie, and everything that IMAP asks for without reading them.

-- What an account's UIDs and mod-sequences come from, by UPDATE ... RETURNING alone. The row stays when the account is
-- removed, so that a token that is still under way cannot bring it back.
CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    modseq        INTEGER NOT NULL DEFAULT 0,   -- RFC 7162: one counter for all its mailboxes
    uid_validity  INTEGER NOT NULL,             -- the last one given out; grows with each mailbox, so that a name that
                                                -- is used again never has the same (UIDVALIDITY, UID) twice
    used_bytes    INTEGER NOT NULL DEFAULT 0,   -- what quota counts: messages in mailboxes, not retained ones
    used_messages INTEGER NOT NULL DEFAULT 0,
    mailboxes     INTEGER NOT NULL DEFAULT 0,
    removed_at    INTEGER
) STRICT;

-- SELECT and STATUS read this row alone. Superior levels without a mailbox have no row: they follow from the names.
-- A deleted mailbox keeps its row and its messages until the retention ends, so deleting costs one row whatever it holds.
CREATE TABLE mailbox (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used again
    account_id     INTEGER NOT NULL REFERENCES account(id),
    name           TEXT NOT NULL,
    special_use    INTEGER NOT NULL DEFAULT 0,          -- store::SpecialUse
    uid_validity   INTEGER NOT NULL,
    uid_next       INTEGER NOT NULL DEFAULT 1,
    highest_modseq INTEGER NOT NULL,
    messages       INTEGER NOT NULL DEFAULT 0,
    unseen         INTEGER NOT NULL DEFAULT 0,
    deleted        INTEGER NOT NULL DEFAULT 0,          -- with the flag \Deleted
    size           INTEGER NOT NULL DEFAULT 0,          -- sum of RFC822.SIZE
    first_recent   INTEGER NOT NULL DEFAULT 1,          -- UIDs from here on were shown to no session yet
    keywords       TEXT NOT NULL DEFAULT '',            -- in the order of their flag bits, separated by spaces
    deleted_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX mailbox_by_name ON mailbox(account_id, name) WHERE deleted_at IS NULL;
CREATE INDEX mailbox_by_deletion ON mailbox(deleted_at) WHERE deleted_at IS NOT NULL;

-- Names, whether they exist or not (RFC 9051 §6.3.7).
CREATE TABLE subscription (
    account_id INTEGER NOT NULL REFERENCES account(id),
    name       TEXT NOT NULL,
    PRIMARY KEY (account_id, name)
) WITHOUT ROWID, STRICT;

-- One received message, stored once however many mailboxes show it.
CREATE TABLE body (
    id              INTEGER PRIMARY KEY,
    pack            INTEGER NOT NULL,
    record_offset   INTEGER NOT NULL,
    metadata_length INTEGER NOT NULL,
    length          INTEGER NOT NULL,
    header_size     INTEGER NOT NULL,   -- with the empty line
    header_crc      INTEGER NOT NULL,   -- CRC-32C of the header section: it is read without the rest
    digest          BLOB NOT NULL,      -- SHA-256
    refs            INTEGER NOT NULL    -- rows of message, expunged and queue_message that lead here
) STRICT;
CREATE INDEX body_by_pack ON body(pack);

-- What the receiving worker parsed, as IMAP sends it. A table of its own, ENVELOPE first: a list of messages reads
-- neither body rows' neighbours nor the longer structures' overflow pages.
CREATE TABLE structure (
    body_id        INTEGER PRIMARY KEY REFERENCES body(id) DEFERRABLE INITIALLY DEFERRED,
    envelope       BLOB NOT NULL,
    body           BLOB NOT NULL,
    body_structure BLOB NOT NULL,
    parts          BLOB NOT NULL
) STRICT;

-- The message as a client sees it: the trace fields of one recipient above the common body. Copies share it, which is
-- what EMAILID asks for (RFC 8474 §4). It lives as long as its body.
CREATE TABLE content (
    id        INTEGER PRIMARY KEY,
    body_id   INTEGER NOT NULL REFERENCES body(id) DEFERRABLE INITIALLY DEFERRED,
    prefix    BLOB NOT NULL,
    email_id  INTEGER NOT NULL,   -- random
    thread_id INTEGER             -- not computed yet: NULL
) STRICT;
CREATE INDEX content_by_body ON content(body_id);

-- Small rows, in the order of UIDs: a snapshot of a mailbox is one run of pages. What keeps a content alive is counted in
-- body.refs; a foreign key would need an index here only to find nothing when a body goes.
CREATE TABLE message (
    mailbox_id    INTEGER NOT NULL REFERENCES mailbox(id),
    uid           INTEGER NOT NULL,
    content_id    INTEGER NOT NULL,
    flags         INTEGER NOT NULL,   -- store::Flags
    modseq        INTEGER NOT NULL,
    size          INTEGER NOT NULL,   -- RFC822.SIZE
    internal_date INTEGER NOT NULL,
    save_date     INTEGER NOT NULL,   -- RFC 8514
    PRIMARY KEY (mailbox_id, uid)
) WITHOUT ROWID, STRICT;
CREATE INDEX message_by_modseq ON message(mailbox_id, modseq);   -- CHANGEDSINCE

-- What was removed: for VANISHED (RFC 7162 §3.2.10) and for bringing it back until the retention ends. A moved message
-- leaves a row without content: it is not gone.
CREATE TABLE expunged (
    mailbox_id    INTEGER NOT NULL,
    uid           INTEGER NOT NULL,
    content_id    INTEGER,
    flags         INTEGER NOT NULL,
    modseq        INTEGER NOT NULL,   -- of the removal
    size          INTEGER NOT NULL,
    internal_date INTEGER NOT NULL,
    save_date     INTEGER NOT NULL,
    removed_at    INTEGER NOT NULL,
    removed_by    INTEGER NOT NULL,   -- account
    PRIMARY KEY (mailbox_id, uid)
) WITHOUT ROWID, STRICT;
CREATE INDEX expunged_by_modseq ON expunged(mailbox_id, modseq);
CREATE INDEX expunged_by_time ON expunged(removed_at);

-- Mail that goes out: rows beside the same body, in the same transaction as the local recipients'.
CREATE TABLE queue_message (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id     INTEGER NOT NULL REFERENCES account(id),
    body_id        INTEGER NOT NULL,
    prefix         BLOB NOT NULL,
    reverse_path   TEXT NOT NULL,
    envelope_id    TEXT NOT NULL,      -- RFC 3461 ENVID
    return_content TEXT NOT NULL,      -- RET
    is_8bit        INTEGER NOT NULL,
    is_smtputf8    INTEGER NOT NULL,
    size           INTEGER NOT NULL,
    queued_at      INTEGER NOT NULL
) STRICT;
CREATE TABLE queue_recipient (
    queue_id           INTEGER NOT NULL REFERENCES queue_message(id),
    position           INTEGER NOT NULL,
    address            TEXT NOT NULL,
    original_recipient TEXT NOT NULL,   -- ORCPT
    notify             TEXT NOT NULL,   -- NOTIFY
    state              INTEGER NOT NULL,   -- queue::RecipientState
    reason             TEXT NOT NULL,
    attempts           INTEGER NOT NULL DEFAULT 0,
    next_attempt_at    INTEGER NOT NULL,
    lease_epoch        INTEGER NOT NULL DEFAULT 0,   -- grows with each lease: a late answer of an old one is refused
    leased_until       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (queue_id, position)
) WITHOUT ROWID, STRICT;
CREATE INDEX queue_due ON queue_recipient(next_attempt_at) WHERE state = 1;

-- How much of each segment is still referred to: what compaction and removal go by.
CREATE TABLE pack (
    number       INTEGER PRIMARY KEY,
    records      INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    live_records INTEGER NOT NULL,
    live_bytes   INTEGER NOT NULL
) STRICT;
