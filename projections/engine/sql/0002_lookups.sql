-- Lookups: the further columns by which a view's rows are found; equality and order only, whose operators are
-- leakproof, so that a reader's query reaches the index through the policy. Runs as the owner of the database.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION views.index_lookup(name text, columns text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    listed text;
BEGIN
    SELECT string_agg(quote_ident(c), ', ' ORDER BY nth) INTO listed FROM unnest(columns) WITH ORDINALITY AS u(c, nth);
    EXECUTE format('CREATE INDEX ON views.%I (notice, %s)', name, listed);
END $$;
REVOKE ALL ON FUNCTION views.index_lookup FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.index_lookup TO ledger_projector;

-- For tables whose rows are not found by the positions at which they held: each has a version or two. A planner that
-- may not look at the statistics behind a policy would always take that index, and read all rows that hold.
CREATE FUNCTION views.analyze_table(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ANALYZE views.%I', name);
END $$;
REVOKE ALL ON FUNCTION views.analyze_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION views.analyze_table TO ledger_projector;
