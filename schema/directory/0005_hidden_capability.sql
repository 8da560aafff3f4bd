-- What an account's clients do not see among IMAP's capabilities behind the login: for programs that cannot cope with one.
CREATE TABLE hidden_capability (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name    TEXT    NOT NULL,                                      -- as imap::find_capability() spells it
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
