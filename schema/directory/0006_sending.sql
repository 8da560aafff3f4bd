-- What an account may do when it sends, and whether it keeps what it has sent. NULL: as the host's configuration says;
-- 0: no limit.
ALTER TABLE account ADD COLUMN saves_sent INTEGER NOT NULL DEFAULT 0 CHECK (saves_sent IN (0, 1));
ALTER TABLE account ADD COLUMN messages_per_day INTEGER;
ALTER TABLE account ADD COLUMN recipients_per_day INTEGER;

-- How much an account has submitted on a day, counted in days since the epoch (UTC). Rows of other days go.
CREATE TABLE sent_count (
    account    INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    day        INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    recipients INTEGER NOT NULL
) STRICT;
