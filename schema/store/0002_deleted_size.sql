-- STATUS DELETED-STORAGE (RFC 9208 §4.1.4): what EXPUNGE would give back, counted like the rest of the row.
ALTER TABLE mailbox ADD COLUMN deleted_size INTEGER NOT NULL DEFAULT 0;   -- sum of RFC822.SIZE with the flag \Deleted
UPDATE mailbox SET deleted_size =
    (SELECT coalesce(sum(size), 0) FROM message WHERE mailbox_id = mailbox.id AND flags & 8 != 0) WHERE deleted > 0;
