-- For reading: how far a notice is, in one call, and what answers need that the database puts together.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION views.absent() RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RAISE EXCEPTION 'a value is missing that is never missing, or a list is too long' USING ERRCODE = 'null_value_not_allowed';
END $$;
COMMENT ON FUNCTION views.absent IS 'Stands where a value that is never null would be null, or where a list is too long to be shown whole.';

CREATE FUNCTION views.cursor(list text, place text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN translate(encode(convert_to(
    left(encode(sha256(convert_to(list || '#' || place, 'UTF8')), 'hex'), 8) || '#' || list || '#' || place, 'UTF8'
), 'base64'), '+/=' || chr(10), '-_');
COMMENT ON FUNCTION views.cursor IS 'The cursor of the row at a place of a list, as schema.pages.cursor writes it.';

CREATE FUNCTION views.found(
    of_notice text, names text[], versions integer[], asked integer, asked_known_at timestamptz,
    OUT size integer, OUT reached integer, OUT known integer, OUT recorded_at timestamptz, OUT root_hash bytea
) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT h.size, coalesce((
        SELECT min(coalesce(p.position, 0)) FROM unnest(names, versions) v(view, version)
        LEFT JOIN views.progress p ON p.notice = of_notice AND p.view = v.view AND p.version = v.version
    ), h.size) INTO size, reached FROM ledger.heads h WHERE h.notice = of_notice;
    IF asked_known_at IS NOT NULL THEN
        SELECT coalesce((
            SELECT e.position FROM ledger.entries e WHERE e.notice = of_notice AND e.recorded_at <= asked_known_at
            ORDER BY e.recorded_at DESC LIMIT 1
        ), 0) INTO known;
    END IF;
    SELECT e.recorded_at, e.root_hash INTO recorded_at, root_hash FROM ledger.entries e
        WHERE e.notice = of_notice AND e.position = coalesce(asked, known, reached);
END $$;
COMMENT ON FUNCTION views.found IS 'The end of a notice''s ledger (null: there is none), the position that these '
    'views have reached, the last one recorded by the instant asked for, and the entry at the position asked for '
    '(the last that was recorded by then, or that the views have reached).';
