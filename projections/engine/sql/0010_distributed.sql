-- A new table of a view lies where the ledger's own rows are: on a distributed database it is distributed by its notice.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION views.place(name text) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_distributed boolean := false;
BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
        EXECUTE 'SELECT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = ''ledger.heads''::regclass)'
            INTO is_distributed;
    END IF;
    IF is_distributed THEN
        EXECUTE 'SELECT create_distributed_table($1, ''notice'', colocate_with => ''ledger.heads'')'
            USING format('views.%I', name)::regclass;
    END IF;
END $$;
COMMENT ON FUNCTION views.place IS 'Distribute an empty table by its notice if the ledger is distributed.';
REVOKE ALL ON FUNCTION views.place FROM PUBLIC;

CREATE OR REPLACE FUNCTION views.make_table(name text, key text[], columns text[], types text[]) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    listed text;
BEGIN
    SELECT string_agg(format('%I %s%s', c, t::regtype, CASE WHEN c = ANY (key) THEN ' NOT NULL' ELSE '' END), ', ')
        INTO listed FROM unnest(columns, types) AS u(c, t);
    EXECUTE format('CREATE TABLE views.%I (notice text NOT NULL, held int8range NOT NULL, %s)', name, listed);
    EXECUTE format('ALTER TABLE views.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY reader ON views.%I FOR SELECT TO ledger_reader '
        'USING (ledger.visible(notice) AND held @> views.position())', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE (held) ON views.%I TO ledger_projector', name);
    EXECUTE format('GRANT SELECT ON views.%I TO ledger_reader', name);
    PERFORM views.place(name);
END $$;

-- The transaction that swaps tables, which is their owner's work, records the progress as the owner too: a distributed
-- database gives each role a connection of its own to the rows, and one does not see what the other has changed.
CREATE FUNCTION views.record_rebuild(notices text[], views text[], versions integer[], positions integer[]) RETURNS void
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_built timestamptz := clock_timestamp();
BEGIN
    INSERT INTO views.progress (notice, view, version, position, built_at)
        SELECT u.notice, u.view, u.version, u.position, now_built
        FROM unnest(notices, views, versions, positions) u(notice, view, version, position)
        ON CONFLICT (notice, view) DO UPDATE SET version = excluded.version, position = excluded.position,
            built_at = excluded.built_at, failed_at = NULL, failure = NULL;
END $$;
COMMENT ON FUNCTION views.record_rebuild IS 'Record the versions and positions of rebuilt views.';
REVOKE ALL ON FUNCTION views.record_rebuild FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.record_rebuild TO ledger_projector;
