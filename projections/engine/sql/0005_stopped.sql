-- A view that stopped holds back no reading of the others: it is told beside the position that those have reached.
-- Runs as the owner of the database.

SET LOCAL ROLE ledger_owner;

DROP FUNCTION views.found;
CREATE FUNCTION views.found(
    of_notice text, names text[], versions integer[], asked integer, asked_known_at timestamptz,
    OUT size integer, OUT reached integer, OUT stopped jsonb, OUT known integer, OUT recorded_at timestamptz,
    OUT root_hash bytea
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT h.size, coalesce(f.reached, h.size), f.stopped INTO size, reached, stopped FROM ledger.heads h CROSS JOIN (
        SELECT min(u.position) FILTER (WHERE NOT u.has_failed) AS reached,
            coalesce(jsonb_object_agg(u.view, u.position) FILTER (WHERE u.has_failed), '{}') AS stopped
        FROM (
            SELECT v.view, CASE WHEN p.version = v.version THEN p.position ELSE 0 END AS position,
                p.failed_at IS NOT NULL AS has_failed
            FROM unnest(names, versions) v(view, version)
            LEFT JOIN views.progress p ON p.notice = of_notice AND p.view = v.view
        ) u
    ) f WHERE h.notice = of_notice;
    IF asked_known_at IS NOT NULL THEN
        SELECT coalesce((
            SELECT e.position FROM ledger.entries e WHERE e.notice = of_notice AND e.recorded_at <= asked_known_at
            ORDER BY e.recorded_at DESC LIMIT 1
        ), 0) INTO known;
    END IF;
    SELECT e.recorded_at, e.root_hash INTO recorded_at, root_hash FROM ledger.entries e
        WHERE e.notice = of_notice AND e.position = coalesce(asked, known, reached);
END $$;
COMMENT ON FUNCTION views.found IS 'The end of a notice''s ledger (null: there is none), the position that those of '
    'these views have reached which go on, the positions of those that stopped, the last one recorded by the instant '
    'asked for, and the entry at the position asked for (the last that was recorded by then, or that was reached).';
