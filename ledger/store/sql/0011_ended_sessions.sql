-- Sessions of the pages that people have ended, and sign-ins that are completed: each until it would expire anyway.
-- They are outside the ledger, and deleted once they have expired. An id is random and names nobody.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.ended_sessions (
    id         text        PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ended_sessions_expires_at ON ledger.ended_sessions (expires_at);
COMMENT ON TABLE ledger.ended_sessions IS 'Ids of sessions that no longer open anything. No proof rests on them.';
GRANT SELECT, INSERT, DELETE ON ledger.ended_sessions TO ledger_writer;
ALTER TABLE ledger.ended_sessions ENABLE ROW LEVEL SECURITY;
