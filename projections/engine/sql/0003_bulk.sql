-- A shadow's indexes are built over all of its rows at once, which takes a fraction of keeping them row by row: so
-- the key's is made apart too. Runs as the owner of the database.

SET LOCAL ROLE ledger_owner;

CREATE OR REPLACE FUNCTION views.make_table(name text, key text[], columns text[], types text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
END $$;

CREATE FUNCTION views.index_key(name text, key text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    keyed text;
BEGIN
    SELECT string_agg(quote_ident(k), ', ' ORDER BY nth) INTO keyed FROM unnest(key) WITH ORDINALITY AS u(k, nth);
    EXECUTE format('CREATE UNIQUE INDEX ON views.%I (notice, %s, lower(held))', name, keyed);
END $$;
REVOKE ALL ON FUNCTION views.index_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.index_key TO ledger_projector;
