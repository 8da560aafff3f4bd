-- Who may not log in for now, and where accounts have logged in. Networks stand as net::format_network writes them
-- ('192.0.2.1', '2001:db8::/64'), services as the log names them. Times are seconds since the epoch.

-- A ban that is over stays until it no longer makes the next one longer.
CREATE TABLE ban (
    network     TEXT    PRIMARY KEY,
    since       INTEGER NOT NULL,
    until       INTEGER,                                           -- NULL: until an admin takes it back
    reason      TEXT    NOT NULL,
    count       INTEGER NOT NULL,                                  -- bans in a row, this one too
    is_by_admin INTEGER NOT NULL CHECK (is_by_admin IN (0, 1))
) STRICT, WITHOUT ROWID;

-- The last login that succeeded, for each protocol.
CREATE TABLE login (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    service TEXT    NOT NULL,
    address TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (account, service)
) STRICT, WITHOUT ROWID;

-- Failed logins since the last one that succeeded from the same network; of the networks that failed last.
CREATE TABLE login_failure (
    account  INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    network  TEXT    NOT NULL,
    service  TEXT    NOT NULL,                                     -- of the last one
    count    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (account, network)
) STRICT, WITHOUT ROWID;
