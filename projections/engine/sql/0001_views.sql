-- Views: rows that say over which positions they held, and how far each view has been folded.
-- Runs as the owner of the database, who may create the trusted extension btree_gist.

CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;
CREATE SCHEMA views AUTHORIZATION ledger_owner;
GRANT USAGE ON SCHEMA views TO ledger_projector, ledger_reader;
SET LOCAL ROLE ledger_owner;

CREATE TABLE views.progress (
    notice    text        NOT NULL,
    view      text        NOT NULL,
    version   integer     NOT NULL,
    position  integer     NOT NULL CHECK (position >= 0),
    built_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    failed_at integer,
    failure   text,
    PRIMARY KEY (notice, view),
    CHECK ((failed_at IS NULL) = (failure IS NULL))
) WITH (fillfactor = 50);
COMMENT ON TABLE views.progress IS 'Up to which position each view is folded; built_at: when its rows were begun anew.';
COMMENT ON COLUMN views.progress.failed_at IS 'The entry at which the fold stopped, and failure: why';
GRANT SELECT, INSERT, UPDATE ON views.progress TO ledger_projector;
GRANT SELECT ON views.progress TO ledger_reader;
ALTER TABLE views.progress ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON views.progress FOR SELECT TO ledger_reader USING (ledger.visible(notice));

-- A reading transaction names its position by SET LOCAL ledger.position; without one it sees no row of any view.
CREATE FUNCTION views.position() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('ledger.position', true), '')::bigint
$$;

-- The one way to make a view's table, live or shadow. That the position stands in the policy is for speed too:
-- a condition of the query itself would not reach the range's index, since its operator is not leakproof.
CREATE FUNCTION views.make_table(name text, key text[], columns text[], types text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    listed text;
    keyed  text;
BEGIN
    SELECT string_agg(format('%I %s%s', c, t::regtype, CASE WHEN c = ANY (key) THEN ' NOT NULL' ELSE '' END), ', ')
        INTO listed FROM unnest(columns, types) AS u(c, t);
    SELECT string_agg(quote_ident(k), ', ') INTO keyed FROM unnest(key) AS u(k);
    EXECUTE format('CREATE TABLE views.%I (notice text NOT NULL, held int8range NOT NULL, %s)', name, listed);
    EXECUTE format('CREATE UNIQUE INDEX ON views.%I (notice, %s, lower(held))', name, keyed);
    EXECUTE format('ALTER TABLE views.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY reader ON views.%I FOR SELECT TO ledger_reader '
        'USING (ledger.visible(notice) AND held @> views.position())', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE (held) ON views.%I TO ledger_projector', name);
    EXECUTE format('GRANT SELECT ON views.%I TO ledger_reader', name);
END $$;

-- Apart, because it is built several times faster over the rows of a shadow than row by row.
CREATE FUNCTION views.index_held(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE INDEX ON views.%I USING gist (notice, held)', name);
    EXECUTE format('ANALYZE views.%I', name);
END $$;

-- The shadow of a table stands beside it under the name with `_shadow`, until it is dropped or takes its place.
CREATE FUNCTION views.drop_shadow(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS views.%I', name || '_shadow');
END $$;

CREATE FUNCTION views.swap_table(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF name = 'progress' THEN
        RAISE EXCEPTION 'views.progress is no view' USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS views.%I', name);
    EXECUTE format('ALTER TABLE views.%I RENAME TO %I', name || '_shadow', name);
END $$;

REVOKE ALL ON FUNCTION views.make_table, views.index_held, views.drop_shadow, views.swap_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.make_table, views.index_held, views.drop_shadow, views.swap_table TO ledger_projector;
