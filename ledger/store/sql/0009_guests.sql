-- Guest projections of the eventsourcing library: a role that reads entries and writes to one schema of its own.
-- A member of the projector may act in this role; the role itself has none of the projector's rights.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_guest') THEN
        CREATE ROLE ledger_guest NOLOGIN NOINHERIT;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
GRANT ledger_guest TO ledger_projector;
CREATE SCHEMA guests AUTHORIZATION ledger_guest;
GRANT USAGE ON SCHEMA guests TO ledger_reader;

SET LOCAL ROLE ledger_owner;
GRANT USAGE ON SCHEMA ledger TO ledger_guest;
GRANT SELECT ON ledger.entries, ledger.heads TO ledger_guest;
CREATE POLICY guest ON ledger.entries FOR SELECT TO ledger_guest USING (true);
CREATE POLICY guest ON ledger.heads FOR SELECT TO ledger_guest USING (true);

RESET ROLE;
SET LOCAL ROLE ledger_guest;
CREATE TABLE guests.runs (
    guest       text        NOT NULL,
    notice      text        NOT NULL,
    position    integer     NOT NULL CHECK (position >= 0),
    failed_at   integer,
    failure     text,
    reported_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (guest, notice),
    CHECK ((failed_at IS NULL) = (failure IS NULL))
);
COMMENT ON TABLE guests.runs IS 'How far each guest has read, and the entry at which it stopped; the tracking table decides.';
GRANT SELECT ON guests.runs TO ledger_reader;
