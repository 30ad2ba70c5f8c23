-- Runs as the owner of the database. All marks and symbols part words; letters are equal to their capitals.

SET LOCAL ROLE ledger_owner;

-- The accents are apart (NFKD) until the end: lower case letters and capitals have different precomposed forms. An accent on
-- a space or a mark has no meaning. The long class contains all punctuation, symbols, spaces and formats outside ASCII:
-- PostgreSQL's parser reads many of them as letters.
CREATE OR REPLACE FUNCTION views.search_text(written text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN octet_length(written) = char_length(written) THEN lower(written) ELSE
    normalize(replace(replace(replace(replace(
        regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            lower(normalize(translate(written, U&'\00B4\2033\2036\0130\0131\1FBD\1FBF\2120\2122', '''""ii''''  '), NFKD)),
            U&'[\00AD\034F\061C\115F\1160\17B4\17B5\180B-\180F\200B-\200F\202A-\202E\2060-\206F\FE00-\FE0F\FEFF\FFF9-\FFFB\+01D173-\+01D17A\+0E0000-\+0E0FFF]', '', 'g'),
            U&'[\2018-\201B\02B9\02BB-\02BD\02CA\02CB\02EE\055A\05F3\07F4\2032\2035\2039\203A\275B\275C\A78B\A78C]', '''', 'g'),
            U&'[\201C-\201F\00AB\00BB\05F4\275D\275E\301D-\301F]', '"', 'g'),
            U&'[\2010-\2015\2043\2053\207B\208B\2212\23AF\2500\2796\2E17\2E3A\2E3B\2E40\02D7\058A\05BE\1400\1806\301C\3030\30A0]', '-', 'g'),
            U&'[\2044\2215]', '/', 'g'),
            U&'[\0080-\00A9\00AB-\00B1\00B4\00B6-\00B8\00BB\00BF\00D7\00F7\02C2-\02C9\02CC-\02CF\02D2-\02DF\02E5-\02EB\02ED\02EF-\02FF'
               '\0375\037E\0384\0385\0387\03F6\0482\055A-\055F\0589-\058F\05BE\05C0\05C3\05C6\05F3-\060F\061B-\061F\066A-\066D'
               '\06D4\06DD\06DE\06E9\06FD\06FE\0700-\070F\07F6-\07F9\07FE\07FF\0830-\083E\085E\0888\0890\0891\08E2\0964'
               '\0965\0970\09F2\09F3\09FA\09FB\09FD\0A76\0AF0\0AF1\0B70\0BF3-\0BFA\0C77\0C7F\0C84\0D4F\0D79\0DF4\0E3F'
               '\0E4F\0E5A\0E5B\0F01-\0F17\0F1A-\0F1F\0F34\0F36\0F38\0F3A-\0F3D\0F85\0FBE-\0FC5\0FC7-\0FDA\104A-\104F'
               '\109E\109F\10FB\1360-\1368\1390-\1399\1400\166D\166E\1680\169B\169C\16EB-\16ED\1735\1736\17D4-\17D6\17D8-\17DB'
               '\1800-\180A\180E\1940-\1945\19DE-\19FF\1A1E\1A1F\1AA0-\1AA6\1AA8-\1AAD\1B5A-\1B6A\1B74-\1B7E\1BFC-\1BFF'
               '\1C3B-\1C3F\1C7E\1C7F\1CC0-\1CC7\1CD3\1FBD\1FBF-\1FC1\1FCD-\1FCF\1FDD-\1FDF\1FED-\1FEF\1FFD-\206F\207A-\207E'
               '\208A-\208E\20A0-\20C0\2100\2101\2103-\2106\2108\2109\2114\2116-\2118\211E-\2123\2125\2127\2129\212E'
               '\213A\213B\2140-\2144\214A-\214D\214F\218A-\244A\249C-\24E9\2500-\2775\2794-\2BFF\2CE5-\2CEA\2CF9-\2CFC'
               '\2CFE\2CFF\2D70\2E00-\2E2E\2E30-\3004\3008-\3020\3030\3036\3037\303D-\303F\309B\309C\30A0\30FB\3190\3191'
               '\3196-\319F\31C0-\31E3\3200-\321E\322A-\3247\3250\3260-\327F\328A-\32B0\32C0-\33FF\4DC0-\4DFF\A490-\A4C6'
               '\A4FE\A4FF\A60D-\A60F\A673\A67E\A6F2-\A716\A720\A721\A789\A78A\A828-\A82B\A836-\A839\A874-\A877\A8CE'
               '\A8CF\A8F8-\A8FA\A8FC\A92E\A92F\A95F\A9C1-\A9CD\A9DE\A9DF\AA5C-\AA5F\AA77-\AA79\AADE\AADF\AAF0\AAF1\AB5B'
               '\AB6A\AB6B\ABEB\E000-\F8FF\FB29\FBB2-\FBC2\FD3E-\FD4F\FDCF\FDFC-\FDFF\FE10-\FE19\FE30-\FE6B\FEFF-\FF0F'
               '\FF1A-\FF20\FF3B-\FF40\FF5B-\FF65\FFE0-\FFFD\+010100-\+010102\+010137-\+01013F\+010179-\+010189\+01018C-\+0101FC'
               '\+01039F\+0103D0\+01056F\+010857\+010877\+010878\+01091F\+01093F\+010A50-\+010A58\+010A7F\+010AC8'
               '\+010AF0-\+010AF6\+010B39-\+010B3F\+010B99-\+010B9C\+010EAD\+010F55-\+010F59\+010F86-\+010F89\+011047-\+01104D'
               '\+0110BB-\+0110C1\+0110CD\+011140-\+011143\+011174\+011175\+0111C5-\+0111C8\+0111CD\+0111DB\+0111DD-\+0111DF'
               '\+011238-\+01123D\+0112A9\+01144B-\+01144F\+01145A-\+01145D\+0114C6\+0115C1-\+0115D7\+011641-\+011643'
               '\+011660-\+01166C\+0116B9\+01173C-\+01173F\+01183B\+011944-\+011946\+0119E2\+011A3F-\+011A46\+011A9A-\+011A9C'
               '\+011A9E-\+011AA2\+011C41-\+011C45\+011C70\+011C71\+011EF7\+011EF8\+011FD5-\+011FFF\+012470-\+012474'
               '\+012FF1\+012FF2\+013430-\+013438\+016A6E\+016A6F\+016AF5\+016B37-\+016B3F\+016B44\+016B45\+016E97-\+016E9A'
               '\+016FE2\+01BC9C\+01BC9F-\+01BCA3\+01CF50-\+01D164\+01D16A-\+01D16C\+01D173-\+01D17A\+01D183\+01D184'
               '\+01D18C-\+01D1A9\+01D1AE-\+01D241\+01D245\+01D300-\+01D356\+01D6C1\+01D6DB\+01D6FB\+01D715\+01D735'
               '\+01D74F\+01D76F\+01D789\+01D7A9\+01D7C3\+01D800-\+01D9FF\+01DA37-\+01DA3A\+01DA6D-\+01DA74\+01DA76-\+01DA83'
               '\+01DA85-\+01DA8B\+01E14F\+01E2FF\+01E95E\+01E95F\+01ECAC\+01ECB0\+01ED2E\+01EEF0-\+01F0F5\+01F10D-\+01FBCA'
               '\+0E0001-\+0E007F\+0F0000-\+10FFFD]', ' ', 'g'),
            U&'[ -/:-@\005B-`{-~][\0300-\036F]+', ' ', 'g'),
        U&'\00DF', 'ss'), U&'\03C2', U&'\03C3'), U&'\0345', U&'\03B9'), U&'i\0307', 'i'), NFC)
END;

-- The parser reads “late.Visits” as a host, “<visits>” as a tag and “+2a” as a number, so these marks become spaces.
-- The lexeme $, which no text has, parts the stems by 500 places from the words after them: no phrase spans both.
CREATE OR REPLACE FUNCTION views.search_vector(written text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('english', translate(views.search_text(left(written, 60000)), '-/.+~<>&@', '         '))
    || '$:500'::tsvector
    || to_tsvector('simple', translate(views.search_text(left(written, 60000)), '-/.+~<>&@', '         '));

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
            word := translate(part[1], '-/.+~<>&@', '         ');
            stems := phraseto_tsquery('english', word);
            words := phraseto_tsquery('simple', word);
        ELSE
            word := '''' || replace(translate(part[2], '\-/.+~<>&@', '          '), '''', '''''') || ''':*';
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
