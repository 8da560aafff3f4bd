-- Mailboxes that have a name of other accounts' mailboxes since step 4: it left them where "Own Other Users" was taken,
-- and subscriptions as they were; a rebuild from the packs, which runs this too, brings old names back. Each account's go
-- below a name that nothing begins with: "Own Other Users", or the same with the number of their first until it is free.
UPDATE OR IGNORE mailbox SET name = 'Own Other Users ' || id   -- longer than store::kMaxMailboxName by step 4
    WHERE deleted_at IS NULL AND substr(name, 1, 16) = 'Own Other Users/' AND length(CAST(name AS BLOB)) > 1000;

CREATE TEMP TABLE own_others AS
WITH RECURSIVE candidate (account_id, first_id, root) AS (
    SELECT account_id, min(id), 'Own Other Users' FROM mailbox
        WHERE deleted_at IS NULL AND (name = 'Other Users' OR substr(name, 1, 12) = 'Other Users/') GROUP BY account_id
    UNION ALL
    SELECT account_id, first_id, root || ' ' || first_id FROM candidate
        WHERE EXISTS (SELECT 1 FROM mailbox m WHERE m.account_id = candidate.account_id AND m.deleted_at IS NULL
            AND substr(m.name, 1, length(candidate.root)) = candidate.root)
)
SELECT account_id, root, max(length(root)) AS length FROM candidate GROUP BY account_id;

-- What would be too long could not be reached either.
CREATE TEMP TABLE own_other AS
SELECT m.id, m.account_id, m.name AS old_name,
    iif(length(CAST(o.root || substr(m.name, 12) AS BLOB)) <= 1000, o.root || substr(m.name, 12), o.root || ' ' || m.id)
        AS new_name
FROM mailbox m JOIN own_others o ON o.account_id = m.account_id
WHERE m.deleted_at IS NULL AND (m.name = 'Other Users' OR substr(m.name, 1, 12) = 'Other Users/');

UPDATE mailbox SET name = (SELECT new_name FROM own_other o WHERE o.id = mailbox.id)
    WHERE id IN (SELECT id FROM own_other);

-- Those that step 4 has renamed; but what looks like somebody's mailbox may have been subscribed since.
INSERT INTO own_other
SELECT m.id, m.account_id, substr(m.name, 5), m.name FROM mailbox m
WHERE m.deleted_at IS NULL AND (m.name = 'Own Other Users' OR substr(m.name, 1, 16) = 'Own Other Users/')
    AND m.id NOT IN (SELECT id FROM own_other) AND m.name NOT LIKE 'Own Other Users/%@%/%';

INSERT OR IGNORE INTO subscription (account_id, name)
SELECT o.account_id, o.new_name FROM own_other o
    JOIN subscription s ON s.account_id = o.account_id AND s.name = o.old_name;
DELETE FROM subscription
    WHERE EXISTS (SELECT 1 FROM own_other o WHERE o.account_id = subscription.account_id AND o.old_name = subscription.name);

DROP TABLE own_other;
DROP TABLE own_others;
