-- What sending needs (queue/lease.hpp). Leases are not rows: they end with who has them.
ALTER TABLE queue_recipient DROP COLUMN lease_epoch;
DROP INDEX queue_due;
ALTER TABLE queue_recipient DROP COLUMN leased_until;
ALTER TABLE queue_recipient ADD COLUMN destination TEXT NOT NULL DEFAULT '';   -- lower-case domain
ALTER TABLE queue_recipient ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;        -- less goes first: -priority
ALTER TABLE queue_recipient ADD COLUMN owes INTEGER NOT NULL DEFAULT 0;        -- queue::Report
ALTER TABLE queue_recipient ADD COLUMN told_delay INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue_recipient ADD COLUMN status TEXT NOT NULL DEFAULT '';        -- RFC 3463, with `reason`
ALTER TABLE queue_recipient ADD COLUMN host TEXT NOT NULL DEFAULT '';          -- whose words `reason` is
ALTER TABLE queue_recipient ADD COLUMN last_attempt_at INTEGER NOT NULL DEFAULT 0;
-- What stands behind the last "@".
UPDATE queue_recipient SET
    destination = lower(substr(address, length(rtrim(address, replace(address, '@', ''))) + 1)),
    rank = -(SELECT priority FROM queue_message WHERE id = queue_id);
-- Before there was anybody who sends, all mail for other hosts was held with these words.
UPDATE queue_recipient SET state = 1, reason = ''
    WHERE state = 0 AND reason = 'waits until this host can send mail to others';
CREATE INDEX queue_due ON queue_recipient(destination, rank, next_attempt_at) WHERE state = 1;
CREATE INDEX queue_owed ON queue_recipient(queue_id) WHERE owes != 0;

-- What an admin has said of destinations and of single addresses; the same in every shard.
CREATE TABLE queue_suspension (   -- nothing is sent there until then
    destination TEXT PRIMARY KEY,
    until       INTEGER NOT NULL,
    since       INTEGER NOT NULL,
    reason      TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE queue_suppression (  -- mail for it goes back at once
    address TEXT PRIMARY KEY,
    since   INTEGER NOT NULL,
    reason  TEXT NOT NULL
) WITHOUT ROWID, STRICT;
