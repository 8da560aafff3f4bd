-- Passwords of an account for single programs, beside its own. Lists are words with a space between; '': no limit.
CREATE TABLE app_password (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    account      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    digest       TEXT    NOT NULL,                                 -- hexadecimal, auth::LoginSecret::digest_of()
    scram        TEXT    NOT NULL,                                 -- SCRAM-SHA-256, RFC 5803
    scram_sha1   TEXT    NOT NULL,
    protocols    TEXT    NOT NULL,                                 -- of 'imap pop3 smtp sieve'
    networks     TEXT    NOT NULL,                                 -- as net::format_network writes them
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,                                          -- NULL: never
    used_at      INTEGER,                                          -- NULL: not yet
    used_from    TEXT    NOT NULL DEFAULT '',
    used_service TEXT    NOT NULL DEFAULT '',
    UNIQUE (account, name)
) STRICT;
