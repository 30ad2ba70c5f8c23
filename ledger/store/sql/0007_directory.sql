-- Erasing the entry that registered an actor erases from the directory who they are: asked by one, approved by another,
-- in the transaction that stores the approval, as the texts of any entry are.

SET LOCAL ROLE ledger_owner;

CREATE OR REPLACE FUNCTION ledger.erase_narratives(of_notice text, erasing integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    target integer := ledger.target_of_erasure(of_notice, erasing);
    erased integer;
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'entry % of % does not erase narratives; record NarrativeErased first', erasing, of_notice
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE ledger.narratives SET salt = NULL, body = NULL, erased_by = erasing
        WHERE notice = of_notice AND position = target AND erased_by IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    DELETE FROM ledger.people p USING ledger.entries e
        WHERE e.notice = of_notice AND e.position = target
            AND e.type LIKE 'improvement-ledger.people.ActorRegistered.v%'
            AND p.notice = of_notice AND p.actor = convert_from(e.body, 'UTF8')::jsonb #>> '{data,actor}';
    RETURN erased;
END $$;
