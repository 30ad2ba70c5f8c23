-- Runs as the owner of the database.

SET LOCAL ROLE ledger_owner;

-- The entry is looked for at a position that is known by then: behind a policy, an expression that might fail is no
-- condition of an index, and every entry of the notice was read for each reading. The rest is as it was in 0005, which
-- stays as it was applied.

CREATE OR REPLACE FUNCTION views.found(
    of_notice text, names text[], versions integer[], asked integer, asked_known_at timestamptz,
    OUT size integer, OUT reached integer, OUT stopped jsonb, OUT known integer, OUT recorded_at timestamptz,
    OUT root_hash bytea
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    sought integer;
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
    sought := coalesce(asked, known, reached);
    SELECT e.recorded_at, e.root_hash INTO recorded_at, root_hash FROM ledger.entries e
        WHERE e.notice = of_notice AND e.position = sought;
END $$;
