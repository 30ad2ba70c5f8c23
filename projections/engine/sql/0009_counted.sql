-- For reading deep trees of lists: rows multiply with each level, so a statement counts them while it reads.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION views.counted(rows bigint, most bigint) RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    total bigint := coalesce(nullif(current_setting('ledger.rows', true), ''), '0')::bigint + rows;
BEGIN
    IF total > most THEN
        RAISE EXCEPTION 'the lists hold more than % rows', most USING ERRCODE = 'program_limit_exceeded';
    END IF;
    PERFORM set_config('ledger.rows', total::text, true);
    RETURN rows;
END $$;
COMMENT ON FUNCTION views.counted IS 'The rows of a list, added to those that the transaction has counted; fails above the most.';
