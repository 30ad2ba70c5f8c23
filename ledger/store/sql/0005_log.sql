-- What a notice's log shows to the outside: the roots of its complete tiles, and every checkpoint that was signed.
-- Both follow from the entries, and neither can be changed: a history that was rewritten contradicts them.

SET LOCAL ROLE ledger_owner;

CREATE TABLE ledger.tiles (
    notice    text     NOT NULL,
    level     smallint NOT NULL CHECK (level >= 0),
    number    integer  NOT NULL CHECK (number >= 0),
    root_hash bytea    NOT NULL CHECK (octet_length(root_hash) = 32),
    PRIMARY KEY (notice, level, number)
);
COMMENT ON TABLE ledger.tiles IS
    'Each complete tile of 256 hashes (C2SP tlog-tiles) by its root, which is a hash of the level above; '
    'those of level 0 are of leaf hashes.';
CREATE TRIGGER tiles_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.tiles
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TABLE ledger.checkpoints (
    notice    text        NOT NULL,
    size      integer     NOT NULL CHECK (size > 0),
    root_hash bytea       NOT NULL CHECK (octet_length(root_hash) = 32),
    key       text        NOT NULL,
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (notice, size)
);
COMMENT ON TABLE ledger.checkpoints IS 'Every checkpoint that was signed (C2SP tlog-checkpoint), whole, in `note`.';
COMMENT ON COLUMN ledger.checkpoints.key IS 'The verifier key of its signer: name+id+base64.';
CREATE TRIGGER checkpoints_are_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE INDEX entries_of_keys ON ledger.entries (notice, position)
    WHERE type LIKE 'improvement-ledger.records.SigningKeyRotated.v%';

GRANT SELECT, INSERT ON ledger.tiles, ledger.checkpoints TO ledger_writer;
GRANT SELECT ON ledger.tiles, ledger.checkpoints TO ledger_reader;
ALTER TABLE ledger.tiles ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.checkpoints ENABLE ROW LEVEL SECURITY;
CREATE POLICY reader ON ledger.tiles FOR SELECT TO ledger_reader USING (ledger.visible(notice));
CREATE POLICY reader ON ledger.checkpoints FOR SELECT TO ledger_reader USING (ledger.visible(notice));
