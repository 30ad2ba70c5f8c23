-- Roles of the whole server, shared by its databases; harmless when they are there. None of them can log in:
-- the service's own login is made a member of the writer, the projector and the reader, and of nothing else.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['ledger_owner', 'ledger_writer', 'ledger_projector', 'ledger_reader'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT %s', wanted,
                    CASE WHEN wanted IN ('ledger_writer', 'ledger_projector') THEN 'BYPASSRLS' ELSE '' END);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END $$;
