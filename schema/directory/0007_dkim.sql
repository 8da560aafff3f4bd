-- Keys with which mail is signed (RFC 6376), of any number for a domain. `domain` is what signs (d=): the name of a domain
-- or of a domain alias, with which its keys go. A key that was removed stays without its private half, so that its selector
-- is not given to another. Times are seconds since the epoch.
CREATE TABLE dkim_key (
    domain       TEXT    NOT NULL,
    selector     TEXT    NOT NULL,
    algorithm    TEXT    NOT NULL CHECK (algorithm IN ('rsa-sha256', 'ed25519-sha256')),
    bits         INTEGER NOT NULL,
    private_key  TEXT    NOT NULL,                                 -- PEM (PKCS #8); '': removed
    public_key   TEXT    NOT NULL,                                 -- base64, as p= has it
    state        TEXT    NOT NULL CHECK (state IN ('published', 'active', 'retired', 'removed')),
    created_at   INTEGER NOT NULL,
    activated_at INTEGER,                                          -- the last time; NULL: never
    retired_at   INTEGER,                                          -- likewise
    keep_until   INTEGER,                                          -- retired: until then its record is needed
    removed_at   INTEGER,
    PRIMARY KEY (domain, selector),
    CHECK ((private_key = '') = (state = 'removed'))
) STRICT, WITHOUT ROWID;
