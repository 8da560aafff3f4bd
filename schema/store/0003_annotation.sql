-- What clients keep beside their mailboxes (RFC 5464), and what they cost: of the mailboxes that are there, and of the
-- server (mailbox 0), where each account has its own. A deleted mailbox keeps them as it keeps its messages.
CREATE TABLE annotation (
    account_id INTEGER NOT NULL REFERENCES account(id),
    mailbox_id INTEGER NOT NULL,
    name       TEXT NOT NULL,          -- "/private/…" or "/shared/…", in lower case
    value      BLOB NOT NULL,
    PRIMARY KEY (account_id, mailbox_id, name)
) WITHOUT ROWID, STRICT;
ALTER TABLE account ADD COLUMN annotation_bytes INTEGER NOT NULL DEFAULT 0;   -- names and values
