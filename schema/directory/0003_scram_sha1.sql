-- SCRAM-SHA-1 beside SCRAM-SHA-256: clients of some years ago know only that. Keys are made when a password is set, or
-- when a login shows it for the first time. In `setting` there is now 'login-secret', hexadecimal: what answers to names
-- that are nobody's are made of (auth::LoginSecret).
ALTER TABLE credential ADD COLUMN scram_sha1 TEXT NOT NULL DEFAULT '';   -- RFC 5803; '': not known yet
