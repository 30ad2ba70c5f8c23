-- The ledger: entries, heads, narratives, and who may do what to them. Runs as the owner of the database.
-- Every key leads with the notice; nothing spans notices.

CREATE SCHEMA ledger AUTHORIZATION ledger_owner;
GRANT USAGE ON SCHEMA ledger TO ledger_writer, ledger_projector, ledger_reader;
SET LOCAL ROLE ledger_owner;

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on ledger.% is refused: what was recorded stays; record a correction instead',
        TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TABLE ledger.entries (
    notice      text        NOT NULL,
    position    integer     NOT NULL CHECK (position > 0),
    source      text        NOT NULL,
    id          text        NOT NULL,
    type        text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    leaf_hash   bytea       NOT NULL CHECK (octet_length(leaf_hash) = 32),
    root_hash   bytea       NOT NULL CHECK (octet_length(root_hash) = 32),
    body        bytea       NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65535),
    PRIMARY KEY (notice, position),
    UNIQUE (notice, source, id)
);
COMMENT ON TABLE ledger.entries IS 'Immutable. body: the stored bytes, a CloudEvent; the other columns repeat it.';
COMMENT ON COLUMN ledger.entries.leaf_hash IS 'RFC 6962: SHA-256(0x00 || body)';
COMMENT ON COLUMN ledger.entries.root_hash IS 'RFC 6962: the root of the tree of the first `position` entries';
ALTER TABLE ledger.entries ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX entries_recorded_at ON ledger.entries (notice, recorded_at) INCLUDE (position);
CREATE TRIGGER entries_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TABLE ledger.heads (
    notice      text        PRIMARY KEY,
    size        integer     NOT NULL CHECK (size > 0),
    root_hash   bytea       NOT NULL CHECK (octet_length(root_hash) = 32),
    frontier    bytea       NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE ledger.heads IS 'One row a notice: the size of its tree, and what appending to it needs.';
CREATE TRIGGER heads_stay BEFORE DELETE OR TRUNCATE ON ledger.heads
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER heads_only_grow BEFORE UPDATE ON ledger.heads FOR EACH ROW
    WHEN (NEW.size <= OLD.size OR NEW.recorded_at <= OLD.recorded_at OR NEW.notice <> OLD.notice)
    EXECUTE FUNCTION ledger.refuse_change();

CREATE TABLE ledger.narratives (
    notice    text    NOT NULL,
    position  integer NOT NULL,
    path      text    NOT NULL,
    salt      bytea   CHECK (octet_length(salt) = 32),
    body      text,
    erased_by integer,
    PRIMARY KEY (notice, position, path),
    CHECK ((salt IS NULL) = (erased_by IS NOT NULL) AND (body IS NULL) = (erased_by IS NOT NULL))
);
COMMENT ON TABLE ledger.narratives IS 'Free text beside its entry, bound to it by SHA-256(salt || body).';
CREATE TRIGGER narratives_stay BEFORE DELETE OR TRUNCATE ON ledger.narratives
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE FUNCTION ledger.target_of_erasure(of_notice text, erasing integer) RETURNS integer LANGUAGE sql STABLE
RETURN (SELECT (convert_from(body, 'UTF8')::jsonb #>> '{data,position}')::integer FROM ledger.entries
    WHERE notice = of_notice AND position = erasing AND type LIKE 'improvement-ledger.records.NarrativeErased.v%');
COMMENT ON FUNCTION ledger.target_of_erasure IS
    'The entry whose narratives the entry at `erasing` says were erased; null when it says no such thing.';
CREATE FUNCTION ledger.refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.erased_by IS NULL OR OLD.erased_by IS NOT NULL
       OR (NEW.notice, NEW.position, NEW.path) IS DISTINCT FROM (OLD.notice, OLD.position, OLD.path)
       OR ledger.target_of_erasure(NEW.notice, NEW.erased_by) IS DISTINCT FROM NEW.position THEN
        RAISE EXCEPTION 'a narrative cannot be rewritten, only erased under a recorded decision'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER narratives_are_erased_only BEFORE UPDATE ON ledger.narratives
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_rewriting();

CREATE FUNCTION ledger.erase_narratives(of_notice text, erasing integer) RETURNS integer
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
    RETURN erased;
END $$;
REVOKE ALL ON FUNCTION ledger.erase_narratives FROM PUBLIC;

CREATE TABLE ledger.snapshots (
    notice   text    NOT NULL,
    version  text    NOT NULL,
    position integer NOT NULL,
    state    bytea   NOT NULL,
    PRIMARY KEY (notice, version)
);
COMMENT ON TABLE ledger.snapshots IS 'Folded state, so that a start need not fold a long history; never trusted by verify.';

CREATE TABLE ledger.tokens (
    secret_hash bytea PRIMARY KEY CHECK (octet_length(secret_hash) = 32),
    notice      text  NOT NULL,
    token       text  NOT NULL,
    UNIQUE (notice, token)
);
COMMENT ON TABLE ledger.tokens IS 'SHA-256 of each API token; what it allows is in the entry that issued it.';

GRANT SELECT, INSERT ON ledger.entries, ledger.narratives, ledger.tokens TO ledger_writer;
GRANT SELECT, INSERT, UPDATE ON ledger.heads, ledger.snapshots TO ledger_writer;
GRANT EXECUTE ON FUNCTION ledger.erase_narratives TO ledger_writer;
GRANT SELECT ON ledger.entries, ledger.heads TO ledger_projector;
GRANT SELECT ON ledger.entries, ledger.heads, ledger.narratives TO ledger_reader;

-- The second wall: a reading transaction sees the notices that it named by SET LOCAL ledger.notices, and no other.
CREATE FUNCTION ledger.visible(of_notice text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN of_notice = ANY (string_to_array(current_setting('ledger.notices', true), ','));
ALTER TABLE ledger.entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.narratives ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON ledger.entries FOR SELECT TO ledger_reader USING (ledger.visible(notice));
CREATE POLICY reader ON ledger.heads FOR SELECT TO ledger_reader USING (ledger.visible(notice));
CREATE POLICY reader ON ledger.narratives FOR SELECT TO ledger_reader USING (ledger.visible(notice));
