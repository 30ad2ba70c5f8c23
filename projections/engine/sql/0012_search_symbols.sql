-- Runs as the owner of the database. Symbols, dashes and slashes part words in every locale of a server.

SET LOCAL ROLE ledger_owner;

-- PostgreSQL's parser reads a bullet or an emoji as a letter in some locales, “staff/parents” as a file, and “2022-23” as
-- 2022 and minus 23.
CREATE OR REPLACE FUNCTION views.search_text(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(written) = char_length(written) THEN lower(written) ELSE
    replace(replace(
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            lower(normalize(translate(written, U&'\00B4\2033\2036\0130\1FBD\1FBF', '''""i'''''), NFKC)),
            U&'[\00AD\034F\061C\115F\1160\17B4\17B5\180B-\180F\200B-\200F\202A-\202E\2060-\206F\FE00-\FE0F\FEFF\FFF9-\FFFB\+01D173-\+01D17A\+0E0000-\+0E0FFF]', '', 'g'),
            U&'[\2018-\201B\02B9\02BB-\02BD\02CA\02CB\02EE\055A\05F3\07F4\2032\2035\2039\203A\275B\275C\A78B\A78C]', '''', 'g'),
            U&'[\201C-\201F\00AB\00BB\05F4\275D\275E\301D-\301F]', '"', 'g'),
            U&'[\2010-\2015\2043\2053\207B\208B\2212\23AF\2500\2796\2E17\2E3A\2E3B\2E40\02D7\058A\05BE\1400\1806\301C\3030\30A0]', '-', 'g'),
            U&'[\2044\2215]', '/', 'g'),
            U&'[\0080-\00A9\00AB-\00B4\00B6-\00B9\00BB-\00BF\00D7\00F7\2000-\206F\20A0-\20CF\2100-\214F\2190-\2BFF\2E00-\2E7F\3000-\3004\3008-\3020\3030\30FB\E000-\F8FF\FE10-\FE6F\FFFC\FFFD\+01F000-\+01FAFF\+0F0000-\+10FFFD]', ' ', 'g'),
        U&'\00DF', 'ss'), U&'\03C2', U&'\03C3')
END;

-- The lexeme $, which no text has, parts the stems by 500 places from the words after them: no phrase spans both.
CREATE OR REPLACE FUNCTION views.search_vector(written text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('english', translate(views.search_text(left(written, 60000)), '-/', '  '))
    || '$:500'::tsvector
    || to_tsvector('simple', translate(views.search_text(left(written, 60000)), '-/', '  '));

CREATE OR REPLACE FUNCTION views.search_query(written text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET client_min_messages = error AS $$
DECLARE
    part text[];
    word text;
    stems tsquery;
    words tsquery;
    query tsquery;
    common tsquery;
BEGIN
    FOR part IN SELECT regexp_matches(left(views.search_text(written), 500), '"([^"]*)"?|([^\s"]+)', 'g') LOOP
        IF part[1] IS NOT NULL THEN
            word := translate(part[1], '-/', '  ');
            stems := phraseto_tsquery('english', word);
            words := phraseto_tsquery('simple', word);
        ELSE
            word := '''' || replace(translate(part[2], '\-/', '   '), '''', '''''') || ''':*';
            stems := to_tsquery('english', word);
            words := to_tsquery('simple', word);
        END IF;
        IF numnode(stems) > 0 THEN
            query := coalesce(query && (stems || words), stems || words);
        ELSIF numnode(words) > 0 THEN
            common := coalesce(common && words, words);
        END IF;
    END LOOP;
    RETURN coalesce(query, common);
END $$;
