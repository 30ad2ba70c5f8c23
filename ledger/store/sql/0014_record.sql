-- A batch is stored by one call of a function, which a distributed database can run where the notice's rows are.
-- The functions run in the caller's role, and do nothing with a null argument. Their statements have no subscripts in
-- an UPDATE: Citus 13.2 crashes at one.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION ledger.move_head(
    of_notice text, old_size integer, old_root bytea, new_size integer, new_root bytea, new_frontier bytea,
    new_instant timestamptz, process_clock timestamptz, is_compared boolean
) RETURNS boolean LANGUAGE plpgsql STRICT AS $$
BEGIN
    IF is_compared AND NOT (new_instant <= clock_timestamp() + interval '5 s'
            AND process_clock >= clock_timestamp() - interval '5 s') THEN
        RETURN false;
    END IF;
    IF old_size = 0 THEN
        INSERT INTO ledger.heads (notice, size, root_hash, frontier, recorded_at)
            VALUES (of_notice, new_size, new_root, new_frontier, new_instant) ON CONFLICT (notice) DO NOTHING;
    ELSE
        UPDATE ledger.heads h SET size = new_size, root_hash = new_root, frontier = new_frontier,
            recorded_at = new_instant WHERE h.notice = of_notice AND h.size = old_size AND h.root_hash = old_root;
    END IF;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION ledger.move_head IS 'Move the head of a notice; false unless it has the old size and root, and '
    'the clock of the caller''s process and this one agree or are not compared.';

CREATE FUNCTION ledger.record_entry(
    of_notice text, old_size integer, old_root bytea, new_frontier bytea, process_clock timestamptz,
    is_compared boolean, of_source text, new_id text, of_type text, new_instant timestamptz, new_leaf bytea,
    new_root bytea, new_body bytea, paths text[], salts bytea[], narratives text[]
) RETURNS boolean LANGUAGE plpgsql STRICT AS $$
DECLARE
    new_position integer := old_size + 1;
BEGIN
    IF NOT ledger.move_head(of_notice, old_size, old_root, new_position, new_root, new_frontier, new_instant,
            process_clock, is_compared) THEN
        RETURN false;
    END IF;
    INSERT INTO ledger.entries (notice, position, source, id, type, recorded_at, leaf_hash, root_hash, body)
        VALUES (of_notice, new_position, of_source, new_id, of_type, new_instant, new_leaf, new_root, new_body);
    FOR number IN 1 .. cardinality(paths) LOOP
        INSERT INTO ledger.narratives (notice, position, path, salt, body)
            VALUES (of_notice, new_position, paths[number], salts[number], narratives[number]);
    END LOOP;
    RETURN true;
END $$;
COMMENT ON FUNCTION ledger.record_entry IS 'Store an entry and its narratives, and move the head; or store nothing.';

CREATE FUNCTION ledger.record_entries(
    of_notice text, old_size integer, old_root bytea, new_frontier bytea, process_clock timestamptz,
    is_compared boolean, sources text[], ids text[], types text[], instants timestamptz[], leaves bytea[],
    roots bytea[], bodies bytea[], positions integer[], paths text[], salts bytea[], narratives text[]
) RETURNS boolean LANGUAGE plpgsql STRICT AS $$
DECLARE
    added integer := cardinality(bodies);
BEGIN
    IF NOT ledger.move_head(of_notice, old_size, old_root, old_size + added, roots[added], new_frontier,
            instants[added], process_clock, is_compared) THEN
        RETURN false;
    END IF;
    INSERT INTO ledger.entries (notice, position, source, id, type, recorded_at, leaf_hash, root_hash, body)
        SELECT of_notice, old_size + e.number, e.source, e.id, e.type, e.instant, e.leaf, e.root, e.body
        FROM unnest(sources, ids, types, instants, leaves, roots, bodies) WITH ORDINALITY
            e(source, id, type, instant, leaf, root, body, number);
    IF cardinality(paths) > 0 THEN
        INSERT INTO ledger.narratives (notice, position, path, salt, body)
            SELECT of_notice, n.position, n.path, n.salt, n.body
            FROM unnest(positions, paths, salts, narratives) n(position, path, salt, body);
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION ledger.record_entries IS 'Store entries and narratives, and move the head; or store nothing.';

REVOKE ALL ON FUNCTION ledger.move_head, ledger.record_entry, ledger.record_entries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.move_head, ledger.record_entry, ledger.record_entries TO ledger_writer;
