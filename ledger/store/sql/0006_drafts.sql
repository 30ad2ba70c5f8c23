-- Drafts of the adviser's reports: outside the ledger, changed and deleted at will, each for its adviser alone.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.report_drafts (
    notice   text        NOT NULL,
    actor    text        NOT NULL,
    draft    text        NOT NULL,
    body     jsonb       NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notice, actor, draft)
);
COMMENT ON TABLE ledger.report_drafts IS
    'What an adviser is writing; it becomes an entry when it is issued, and goes. No proof rests on it.';
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.report_drafts TO ledger_writer;
ALTER TABLE ledger.report_drafts ENABLE ROW LEVEL SECURITY;
