-- The actor of an erased registration is read first, and deleted by value: a distributed planner takes no function
-- over another table's column in a statement that changes rows.

SET LOCAL ROLE ledger_owner;

CREATE OR REPLACE FUNCTION ledger.erase_narratives(of_notice text, erasing integer) RETURNS integer
LANGUAGE plpgsql STRICT SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    target integer := ledger.target_of_erasure(of_notice, erasing);
    erased integer;
    registered text;
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'entry % of % does not erase narratives; record NarrativeErased first', erasing, of_notice
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE ledger.narratives SET salt = NULL, body = NULL, erased_by = erasing
        WHERE notice = of_notice AND position = target AND erased_by IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    registered := (SELECT convert_from(e.body, 'UTF8')::jsonb #>> '{data,actor}' FROM ledger.entries e
        WHERE e.notice = of_notice AND e.position = target
            AND e.type LIKE 'improvement-ledger.people.ActorRegistered.v%');
    IF registered IS NOT NULL THEN
        DELETE FROM ledger.people p WHERE p.notice = of_notice AND p.actor = registered;
    END IF;
    RETURN erased;
END $$;
