-- Runs as the owner of the database. Search in narratives: full text in English, with prefixes.

SET LOCAL ROLE ledger_owner;

CREATE FUNCTION views.search_text(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(translate(
    normalize(written, NFKC),
    U&'\2018\2019\201A\201B\02BC\2032\201C\201D\201E\201F\2033\2010\2011\2012\2013\2014\2015\2212\00AD\200B\2060',
    '''''''''''''"""""-------'
));
COMMENT ON FUNCTION views.search_text IS 'A text in one spelling: NFKC, lower case, plain quotes and dashes, without invisible characters.';

CREATE FUNCTION views.search_vector(written text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('english', views.search_text(left(written, 60000)))
    || to_tsvector('simple', views.search_text(left(written, 60000)));
COMMENT ON FUNCTION views.search_vector IS 'The stems of a text''s words, and the words themselves: a prefix may end within a word. '
    'PostgreSQL''s limit of 1 MB for a vector bounds the text to its first 60,000 characters.';

CREATE FUNCTION views.search_query(written text) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET client_min_messages = error AS $$
DECLARE
    part text[];
    stems tsquery;
    words tsquery;
    query tsquery;
    common tsquery;
BEGIN
    FOR part IN SELECT regexp_matches(left(views.search_text(written), 500), '"([^"]*)"?|([^\s"]+)', 'g') LOOP
        IF part[1] IS NOT NULL THEN
            stems := phraseto_tsquery('english', part[1]);
            words := phraseto_tsquery('simple', part[1]);
        ELSE
            stems := to_tsquery('english', '''' || replace(replace(part[2], '\', ' '), '''', '''''') || ''':*');
            words := to_tsquery('simple', '''' || replace(replace(part[2], '\', ' '), '''', '''''') || ''':*');
        END IF;
        IF numnode(stems) > 0 THEN
            query := coalesce(query && (stems || words), stems || words);
        ELSIF numnode(words) > 0 THEN
            common := coalesce(common && words, words);
        END IF;
    END LOOP;
    RETURN coalesce(query, common);
END $$;
COMMENT ON FUNCTION views.search_query IS 'A search: words in any order, each perhaps a prefix; phrases in quotes. '
    'Common words count only if there are no others. Null without a word: it filters nothing. '
    'At most 500 characters count: PostgreSQL refuses a word of more than 2,046 bytes.';
