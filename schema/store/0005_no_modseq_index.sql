-- Which messages changed since a mod-sequence is asked of the view that sessions have in memory, never of this index; and each
-- change of a flag had to move an entry in it.
DROP INDEX message_by_modseq;
