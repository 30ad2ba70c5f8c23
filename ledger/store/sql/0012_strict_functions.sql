-- Habits that a distributed database needs, and that change nothing on one server. A function over tables with
-- parameters is in PL/pgSQL. A function that runs as its owner is STRICT: with a null argument it does nothing.

SET LOCAL ROLE ledger_owner;

CREATE OR REPLACE FUNCTION ledger.target_of_erasure(of_notice text, erasing integer) RETURNS integer
LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN (SELECT (convert_from(e.body, 'UTF8')::jsonb #>> '{data,position}')::integer FROM ledger.entries e
        WHERE e.notice = of_notice AND e.position = erasing
            AND e.type LIKE 'improvement-ledger.records.NarrativeErased.v%');
END $$;

CREATE OR REPLACE FUNCTION ledger.file_erased_by(of_notice text, erasing integer) RETURNS integer
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    request_position integer;
BEGIN
    request_position := (SELECT (convert_from(e.body, 'UTF8')::jsonb #>> '{data,request}')::integer
        FROM ledger.entries e WHERE e.notice = of_notice AND e.position = erasing
            AND e.type LIKE 'improvement-ledger.evidence.EvidenceErased.v%');
    RETURN (SELECT (convert_from(e.body, 'UTF8')::jsonb #>> '{data,position}')::integer
        FROM ledger.entries e WHERE e.notice = of_notice AND e.position = request_position
            AND e.type LIKE 'improvement-ledger.records.ErasureRequested.v%');
END $$;

ALTER FUNCTION ledger.erase_narratives STRICT;
ALTER FUNCTION ledger.erase_file STRICT;
