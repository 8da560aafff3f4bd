-- Who is here. One connection of one process (auth) reads and writes it. Names and addresses stand here in one
-- canonical form (domains in A-labels and lower case, localparts as directory::canonical_localpart makes them), so that
-- equal ones are equal bytes. Times are seconds since the epoch. Sizes of 0 mean "no limit".

-- What holds for the whole host: 'postmaster' (an address).
CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The shards that accounts may be put in. An account keeps its shard until it is moved.
CREATE TABLE shard (
    id      INTEGER PRIMARY KEY,
    is_open INTEGER NOT NULL DEFAULT 1 CHECK (is_open IN (0, 1))   -- 0: takes no new accounts
) STRICT;

CREATE TABLE domain (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    name                 TEXT    NOT NULL UNIQUE,
    is_disabled          INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),
    disabled_reason      TEXT    NOT NULL DEFAULT '',
    catch_all            TEXT    NOT NULL DEFAULT '',              -- an address, here or elsewhere; '': none
    subaddress_separator TEXT    NOT NULL DEFAULT '+',             -- '': no subaddresses (RFC 5233)
    max_accounts         INTEGER NOT NULL DEFAULT 0,
    default_quota_bytes  INTEGER NOT NULL DEFAULT 0,               -- for accounts without one of their own
    created_at           INTEGER NOT NULL
) STRICT;

-- Another name for a domain: x@name means x@domain, for every x.
CREATE TABLE domain_alias (
    name   TEXT    PRIMARY KEY,
    domain INTEGER NOT NULL REFERENCES domain (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX domain_alias_by_domain ON domain_alias (domain);

-- AUTOINCREMENT: an id is never given out again, because the store and old tokens know accounts by it. A deleted
-- account stays as a row without domain, addresses and credential.
CREATE TABLE account (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    shard           INTEGER NOT NULL REFERENCES shard (id),
    domain          INTEGER REFERENCES domain (id),                -- of `address`; NULL when deleted
    address         TEXT    NOT NULL,                              -- its own; what it had, when deleted
    is_disabled     INTEGER NOT NULL DEFAULT 0 CHECK (is_disabled IN (0, 1)),
    disabled_reason TEXT    NOT NULL DEFAULT '',
    quota_bytes     INTEGER NOT NULL DEFAULT 0,                    -- 0: the domain's default
    quota_messages  INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL,
    deleted_at      INTEGER,
    CHECK ((domain IS NULL) = (deleted_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX account_by_address ON account (address) WHERE deleted_at IS NULL;
CREATE INDEX account_by_domain ON account (domain);
CREATE INDEX account_by_shard ON account (shard) WHERE deleted_at IS NULL;

-- Every address of an account, its own one too.
CREATE TABLE address (
    domain    INTEGER NOT NULL REFERENCES domain (id),
    localpart TEXT    NOT NULL,
    account   INTEGER NOT NULL REFERENCES account (id),
    PRIMARY KEY (domain, localpart)
) STRICT, WITHOUT ROWID;
CREATE INDEX address_by_account ON address (account);

-- `version` counts the passwords that an account has had, so that what was cached for an older one can be told.
CREATE TABLE credential (
    account    INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    hash       TEXT    NOT NULL,                                   -- PHC or another host's form; '': no login
    scram      TEXT    NOT NULL,                                   -- SCRAM-SHA-256, RFC 5803; '': only a hash is known
    changed_at INTEGER NOT NULL
) STRICT;

-- `localpart` may hold '*', each standing for any run of characters.
CREATE TABLE alias (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    domain     INTEGER NOT NULL REFERENCES domain (id) ON DELETE CASCADE,
    localpart  TEXT    NOT NULL,
    is_pattern INTEGER NOT NULL CHECK (is_pattern IN (0, 1)),
    UNIQUE (domain, localpart)
) STRICT;
CREATE INDEX alias_patterns ON alias (domain, localpart) WHERE is_pattern = 1;

-- Where an alias leads, in the order in which the targets were added.
CREATE TABLE alias_target (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    alias   INTEGER NOT NULL REFERENCES alias (id) ON DELETE CASCADE,
    address TEXT    NOT NULL,
    UNIQUE (alias, address)
) STRICT;
