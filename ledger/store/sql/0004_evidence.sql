-- Documents: where the file of an EvidenceSubmitted entry lies in the store beside the database, and its salt.
-- A row is written in the transaction of its entry, and keyed by it; an erasure takes its salt, then its file.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.files (
    notice     text    NOT NULL,
    position   integer NOT NULL,
    content    text    CHECK (content ~ '^[0-9a-f]{64}$'),
    upload     text,
    salt       bytea   CHECK (octet_length(salt) = 32),
    size       bigint  NOT NULL CHECK (size > 0),
    media_type text    NOT NULL,
    erased_by  integer,
    PRIMARY KEY (notice, position),
    CHECK ((salt IS NULL) = (erased_by IS NOT NULL) AND (content IS NOT NULL OR erased_by IS NOT NULL)),
    CHECK (content IS NOT NULL OR upload IS NULL)
);
COMMENT ON TABLE ledger.files IS 'Documents beside their entries, bound to them by SHA-256(salt || file).';
COMMENT ON COLUMN ledger.files.content IS
    'SHA-256 of the file, which names it in the store; null once it is erased and destroyed there.';
COMMENT ON COLUMN ledger.files.upload IS 'The name under which it was uploaded, until it is moved to its own.';
CREATE INDEX files_content ON ledger.files (notice, content);
CREATE INDEX files_unsettled ON ledger.files (notice, position)
    WHERE upload IS NOT NULL OR (erased_by IS NOT NULL AND content IS NOT NULL);
CREATE TRIGGER files_stay BEFORE DELETE OR TRUNCATE ON ledger.files
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE FUNCTION ledger.file_erased_by(of_notice text, erasing integer) RETURNS integer LANGUAGE sql STABLE
RETURN (SELECT (convert_from(request.body, 'UTF8')::jsonb #>> '{data,position}')::integer
    FROM ledger.entries erasure JOIN ledger.entries request ON request.notice = of_notice
        AND request.position = (convert_from(erasure.body, 'UTF8')::jsonb #>> '{data,request}')::integer
    WHERE erasure.notice = of_notice AND erasure.position = erasing
        AND erasure.type LIKE 'improvement-ledger.evidence.EvidenceErased.v%'
        AND request.type LIKE 'improvement-ledger.records.ErasureRequested.v%');
COMMENT ON FUNCTION ledger.file_erased_by IS
    'The entry whose file the entry at `erasing` says was erased, by way of the request that it names.';
CREATE FUNCTION ledger.refuse_other_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.notice, NEW.position, NEW.size, NEW.media_type) IS DISTINCT FROM
            (OLD.notice, OLD.position, OLD.size, OLD.media_type)
       OR NEW.upload IS DISTINCT FROM OLD.upload AND NEW.upload IS NOT NULL
       OR NEW.content IS DISTINCT FROM OLD.content AND (NEW.content IS NOT NULL OR OLD.erased_by IS NULL)
       OR OLD.erased_by IS NOT NULL AND NEW.erased_by IS DISTINCT FROM OLD.erased_by
       OR OLD.erased_by IS NULL AND NEW.erased_by IS NOT NULL
            AND ledger.file_erased_by(NEW.notice, NEW.erased_by) IS DISTINCT FROM NEW.position
       OR NEW.salt IS DISTINCT FROM OLD.salt AND NEW.erased_by IS NULL THEN
        RAISE EXCEPTION 'a file cannot be exchanged, only moved, or erased under a recorded decision'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER files_are_erased_only BEFORE UPDATE ON ledger.files
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_other_files();

CREATE FUNCTION ledger.erase_file(of_notice text, erasing integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    target integer := ledger.file_erased_by(of_notice, erasing);
    erased integer;
BEGIN
    IF target IS NULL THEN
        RAISE EXCEPTION 'entry % of % does not erase a file; record EvidenceErased first', erasing, of_notice
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE ledger.files SET salt = NULL, erased_by = erasing
        WHERE notice = of_notice AND position = target AND erased_by IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
REVOKE ALL ON FUNCTION ledger.erase_file FROM PUBLIC;

GRANT SELECT, INSERT, UPDATE (upload, content) ON ledger.files TO ledger_writer;
GRANT EXECUTE ON FUNCTION ledger.erase_file TO ledger_writer;
GRANT SELECT ON ledger.files TO ledger_reader;
ALTER TABLE ledger.files ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON ledger.files FOR SELECT TO ledger_reader USING (ledger.visible(notice));
