-- What the sender of a queued message asks of every host on the way (queue::Handling).
ALTER TABLE queue_message ADD COLUMN requires_tls INTEGER NOT NULL DEFAULT 0;         -- RFC 8689
ALTER TABLE queue_message ADD COLUMN tls_optional INTEGER NOT NULL DEFAULT 0;         -- TLS-Required: No
ALTER TABLE queue_message ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;             -- RFC 6710
ALTER TABLE queue_message ADD COLUMN not_before INTEGER;                              -- RFC 4865
ALTER TABLE queue_message ADD COLUMN deliver_by INTEGER;                              -- RFC 2852: deadline, …
ALTER TABLE queue_message ADD COLUMN deliver_by_returns INTEGER NOT NULL DEFAULT 0;   -- … by-mode R, …
ALTER TABLE queue_message ADD COLUMN deliver_by_traces INTEGER NOT NULL DEFAULT 0;    -- … by-trace
