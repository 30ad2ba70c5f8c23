-- The directory of people: names and addresses beside the log, never in it; whoever asks to be erased is erased.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.people (
    notice  text NOT NULL,
    actor   text NOT NULL,
    name    text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    contact text CHECK (length(contact) BETWEEN 1 AND 500),
    PRIMARY KEY (notice, actor)
);
COMMENT ON TABLE ledger.people IS 'Who an actor of a notice is; mutable, outside the log, no proof rests on it.';
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.people TO ledger_writer;
GRANT SELECT ON ledger.people TO ledger_reader;
ALTER TABLE ledger.people ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON ledger.people FOR SELECT TO ledger_reader USING (ledger.visible(notice));
