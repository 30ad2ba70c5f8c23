-- Copies of other ledgers by logical replication: which notices they have, and what a copy refuses from its source.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_follower') THEN
        CREATE ROLE ledger_follower NOLOGIN NOINHERIT;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
GRANT SELECT ON public.ledger_migrations TO ledger_follower;

SET LOCAL ROLE ledger_owner;

-- What a follower's login may copy: the record, without tokens, drafts and the directory of people.
GRANT USAGE ON SCHEMA ledger TO ledger_follower;
GRANT SELECT ON ledger.entries, ledger.heads, ledger.narratives, ledger.files, ledger.tiles, ledger.checkpoints
    TO ledger_follower;
CREATE POLICY follower ON ledger.entries FOR SELECT TO ledger_follower USING (true);
CREATE POLICY follower ON ledger.heads FOR SELECT TO ledger_follower USING (true);
CREATE POLICY follower ON ledger.narratives FOR SELECT TO ledger_follower USING (true);
CREATE POLICY follower ON ledger.files FOR SELECT TO ledger_follower USING (true);
CREATE POLICY follower ON ledger.tiles FOR SELECT TO ledger_follower USING (true);
CREATE POLICY follower ON ledger.checkpoints FOR SELECT TO ledger_follower USING (true);

CREATE TABLE ledger.sources (
    source   text        PRIMARY KEY CHECK (source ~ '^[a-z][a-z0-9_]{0,39}$'),
    site     text        NOT NULL CHECK (length(site) BETWEEN 1 AND 500),
    key      text        NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    left_at  timestamptz
);
COMMENT ON TABLE ledger.sources IS 'Ledgers that are followed. A source that has left keeps its row: its notices stay read-only.';
COMMENT ON COLUMN ledger.sources.site IS 'Address of the service where facts are recorded.';
COMMENT ON COLUMN ledger.sources.key IS 'Verifier key of its checkpoints before the first rotation: name+id+base64.';

CREATE TABLE ledger.followed (
    notice text PRIMARY KEY,
    source text NOT NULL
);
COMMENT ON TABLE ledger.followed IS 'Notices that came from a source. Nothing is recorded or signed for them here.';
GRANT SELECT ON ledger.sources, ledger.followed TO ledger_writer;
ALTER TABLE ledger.sources ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.followed ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION ledger.applying() RETURNS text LANGUAGE sql STABLE
RETURN (SELECT substr(s.subname, 8) FROM pg_catalog.pg_stat_subscription s
    WHERE s.pid = pg_backend_pid() AND s.subname LIKE 'ledger\_%' LIMIT 1);
COMMENT ON FUNCTION ledger.applying IS 'The source whose changes this process applies; null in any other process.';

CREATE FUNCTION ledger.note_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ledger.followed (notice, source) VALUES (NEW.notice, ledger.applying());
    END IF;
    PERFORM pg_notify('ledger_entries', '');
    RETURN NULL;
END $$;
CREATE TRIGGER heads_of_a_source AFTER INSERT OR UPDATE ON ledger.heads
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.note_followed();
ALTER TABLE ledger.heads ENABLE REPLICA TRIGGER heads_of_a_source;

CREATE FUNCTION ledger.refuse_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM ledger.followed f WHERE f.notice = NEW.notice) THEN
        RAISE EXCEPTION 'the notice % is a copy: record at its source', NEW.notice
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER heads_of_copies_stay BEFORE INSERT OR UPDATE ON ledger.heads
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_followed();

-- The process that applies a source's changes fires no ordinary trigger. These refuse there what those refuse here.
CREATE TRIGGER entries_of_a_source_stay BEFORE UPDATE OR DELETE ON ledger.entries
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER tiles_of_a_source_stay BEFORE UPDATE OR DELETE ON ledger.tiles
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER checkpoints_of_a_source_stay BEFORE UPDATE OR DELETE ON ledger.checkpoints
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER heads_of_a_source_stay BEFORE DELETE ON ledger.heads
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER heads_of_a_source_only_grow BEFORE UPDATE ON ledger.heads FOR EACH ROW
    WHEN (ledger.applying() IS NOT NULL
        AND (NEW.size <= OLD.size OR NEW.recorded_at <= OLD.recorded_at OR NEW.notice <> OLD.notice))
    EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER narratives_of_a_source_stay BEFORE DELETE ON ledger.narratives
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER narratives_of_a_source_are_erased_only BEFORE UPDATE ON ledger.narratives
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_rewriting();
CREATE TRIGGER files_of_a_source_stay BEFORE DELETE ON ledger.files
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER files_of_a_source_are_erased_only BEFORE UPDATE ON ledger.files
    FOR EACH ROW WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_other_files();
ALTER TABLE ledger.entries ENABLE REPLICA TRIGGER entries_of_a_source_stay;
ALTER TABLE ledger.tiles ENABLE REPLICA TRIGGER tiles_of_a_source_stay;
ALTER TABLE ledger.checkpoints ENABLE REPLICA TRIGGER checkpoints_of_a_source_stay;
ALTER TABLE ledger.heads ENABLE REPLICA TRIGGER heads_of_a_source_stay;
ALTER TABLE ledger.heads ENABLE REPLICA TRIGGER heads_of_a_source_only_grow;
ALTER TABLE ledger.narratives ENABLE REPLICA TRIGGER narratives_of_a_source_stay;
ALTER TABLE ledger.narratives ENABLE REPLICA TRIGGER narratives_of_a_source_are_erased_only;
ALTER TABLE ledger.files ENABLE REPLICA TRIGGER files_of_a_source_stay;
ALTER TABLE ledger.files ENABLE REPLICA TRIGGER files_of_a_source_are_erased_only;
CREATE TRIGGER entries_of_a_source_are_kept BEFORE TRUNCATE ON ledger.entries
    FOR EACH STATEMENT WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER tiles_of_a_source_are_kept BEFORE TRUNCATE ON ledger.tiles
    FOR EACH STATEMENT WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER checkpoints_of_a_source_are_kept BEFORE TRUNCATE ON ledger.checkpoints
    FOR EACH STATEMENT WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER heads_of_a_source_are_kept BEFORE TRUNCATE ON ledger.heads
    FOR EACH STATEMENT WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER narratives_of_a_source_are_kept BEFORE TRUNCATE ON ledger.narratives
    FOR EACH STATEMENT WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER files_of_a_source_are_kept BEFORE TRUNCATE ON ledger.files
    FOR EACH STATEMENT WHEN (ledger.applying() IS NOT NULL) EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.entries ENABLE REPLICA TRIGGER entries_of_a_source_are_kept;
ALTER TABLE ledger.tiles ENABLE REPLICA TRIGGER tiles_of_a_source_are_kept;
ALTER TABLE ledger.checkpoints ENABLE REPLICA TRIGGER checkpoints_of_a_source_are_kept;
ALTER TABLE ledger.heads ENABLE REPLICA TRIGGER heads_of_a_source_are_kept;
ALTER TABLE ledger.narratives ENABLE REPLICA TRIGGER narratives_of_a_source_are_kept;
ALTER TABLE ledger.files ENABLE REPLICA TRIGGER files_of_a_source_are_kept;
