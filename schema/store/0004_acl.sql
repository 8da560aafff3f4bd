-- Who else may do what with a mailbox (RFC 4314). Its owner may do everything and has no row. A deleted mailbox has none.
CREATE TABLE acl (
    owner_id    INTEGER NOT NULL REFERENCES account(id),
    mailbox_id  INTEGER NOT NULL,
    account_id  INTEGER NOT NULL,   -- of any shard; 0: anyone …
    domain_id   INTEGER NOT NULL,   -- … of this domain, which was the owner's then; else 0
    is_negative INTEGER NOT NULL,   -- rights that are taken away
    rights      INTEGER NOT NULL,   -- store::Rights
    PRIMARY KEY (owner_id, mailbox_id, account_id, domain_id, is_negative)
) WITHOUT ROWID, STRICT;
CREATE INDEX acl_by_account ON acl(account_id);   -- an account that is removed leaves none behind

-- These names are those of other accounts' mailboxes from here on.
UPDATE OR IGNORE mailbox SET name = 'Own ' || name
    WHERE name = 'Other Users' OR substr(name, 1, 12) = 'Other Users/';
