-- Seconds that what an account submits for other hosts waits before it goes: time to think again.
ALTER TABLE account ADD COLUMN hold_for INTEGER NOT NULL DEFAULT 0;
