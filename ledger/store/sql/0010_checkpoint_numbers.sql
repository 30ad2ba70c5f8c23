-- Checkpoints are numbered in the order in which they were signed, so that a deleted one leaves a gap.
-- Those signed before this migration have no number; the first number continues their count.

SET LOCAL ROLE ledger_owner;

ALTER TABLE ledger.checkpoints ADD COLUMN number integer CHECK (number > 0);
COMMENT ON COLUMN ledger.checkpoints.number IS 'Place in the order of signing, from 1 with no gap; null before 0010.';
CREATE UNIQUE INDEX checkpoints_number ON ledger.checkpoints (notice, number);
