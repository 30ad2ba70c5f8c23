-- Runs as the owner of the database. Search ignores invisible characters, and differences of quotes, dashes and case.

SET LOCAL ROLE ledger_owner;

-- NFKC splits an accent or a double prime that is used as a quote, so these are replaced before. Classes of
-- characters are replaced by expressions: translate compares each character with each of its list.
CREATE OR REPLACE FUNCTION views.search_text(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(written) = char_length(written) THEN lower(written) ELSE
    replace(replace(
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            lower(normalize(translate(written, U&'\00B4\2033\2036\0130', '''""i'), NFKC)),
            U&'[\00AD\034F\061C\180B-\180F\200B-\200F\202A-\202E\2060-\206F\FE00-\FE0F\FEFF\+0E0000-\+0E0FFF]', '', 'g'),
            U&'[\2018-\201B\02B9\02BB-\02BD\02CA\02CB\05F3\2032\2035\2039\203A\A78B\A78C]', '''', 'g'),
            U&'[\201C-\201F\00AB\00BB\05F4\301D-\301F]', '"', 'g'),
            U&'[\2010-\2015\2043\2212\2E3A\2E3B\058A\05BE\301C\3030]', '-', 'g'),
            U&'[\2044\2215]', '/', 'g'),
            U&'[\0085\2028\2029]', ' ', 'g'),
        U&'\00DF', 'ss'), U&'\03C2', U&'\03C3')
END;
COMMENT ON FUNCTION views.search_text IS 'A text in one spelling: NFKC, lower case, plain quotes and dashes, without invisible characters.';
