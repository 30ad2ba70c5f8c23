-- One trigger guards the heads instead of two. PostgreSQL reads the WHEN clause of a trigger again for each statement,
-- but keeps the expressions of a function. A ledger that follows no other has an empty table of copies: its size says so.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION ledger.guard_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_relation_size('ledger.followed') > 0 THEN
        IF EXISTS (SELECT FROM ledger.followed f WHERE f.notice = NEW.notice) THEN
            RAISE EXCEPTION 'the notice % is a copy: record at its source', NEW.notice
                USING ERRCODE = 'insufficient_privilege';
        END IF;
    END IF;
    IF TG_OP = 'UPDATE'
        AND (NEW.size <= OLD.size OR NEW.recorded_at <= OLD.recorded_at OR NEW.notice <> OLD.notice) THEN
        RAISE EXCEPTION 'UPDATE on ledger.heads is refused: what was recorded stays; record a correction instead'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION ledger.guard_head IS 'Refuse the head of a copy, and one that does not grow.';

DO $$ -- a cluster repeats each statement of a block on the workers, but no file of several statements
BEGIN
    CREATE TRIGGER heads_are_guarded BEFORE INSERT OR UPDATE ON ledger.heads
        FOR EACH ROW EXECUTE FUNCTION ledger.guard_head();
    DROP TRIGGER heads_only_grow ON ledger.heads;
    DROP TRIGGER heads_of_copies_stay ON ledger.heads;
    DROP FUNCTION ledger.refuse_followed;
END $$;
