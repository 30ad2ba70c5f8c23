-- The catalogue of the ledger's schemas: one row an object, as its kind, schema, name and definition. Objects of other
-- schemas are in it if they could change the record, or what its guards say.
-- Names of the administrator who migrates differ between databases, so they are given as ADMINISTRATOR.
WITH RECURSIVE administrator AS (
    SELECT pg_get_userbyid(relowner) AS name FROM pg_class WHERE oid = to_regclass('public.ledger_migrations')
), schemas AS (
    SELECT oid, nspname AS schema, nspowner, nspacl FROM pg_namespace WHERE nspname IN ('ledger', 'views', 'guests')
), relations AS (
    SELECT c.oid, n.schema, c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relacl,
        c.relpersistence
    FROM pg_class c JOIN schemas n ON n.oid = c.relnamespace WHERE c.relkind <> 'i'
    UNION ALL SELECT c.oid, 'public', c.relname, c.relkind, c.relowner, c.relrowsecurity, c.relforcerowsecurity, c.relacl,
        c.relpersistence FROM pg_class c WHERE c.oid = to_regclass('public.ledger_migrations')
), outside AS (
    SELECT oid, nspname AS schema FROM pg_namespace WHERE nspname NOT IN ('ledger', 'views')
), of_extensions AS (
    -- PL/pgSQL is in every database: its members are compared like all others.
    SELECT d.classid, d.objid FROM pg_depend d JOIN pg_extension x ON x.oid = d.refobjid
    WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND x.extname <> 'plpgsql'
), over_the_record(oid) AS (
    -- The ledger's relations, and each relation whose rules lead to one; the query of a view is a rule.
    SELECT oid FROM relations WHERE schema IN ('ledger', 'views')
    UNION SELECT w.ev_class FROM over_the_record r JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass
        AND d.refobjid = r.oid AND d.classid = 'pg_rewrite'::regclass JOIN pg_rewrite w ON w.oid = d.objid
), open_to_others AS (
    SELECT c.oid, n.schema, c.relname, c.relkind FROM pg_class c JOIN outside n ON n.oid = c.relnamespace
    WHERE EXISTS (SELECT FROM aclexplode(c.relacl) e WHERE e.grantee <> c.relowner) OR EXISTS (
        SELECT FROM pg_attribute a CROSS JOIN LATERAL aclexplode(a.attacl) e
        WHERE a.attrelid = c.oid AND e.grantee <> c.relowner)
), grants AS (
    SELECT schema, relname AS name, 'grants' AS kind, coalesce(relacl, acldefault('r', relowner)) AS acl FROM relations
    UNION ALL SELECT schema, schema, 'grants on the schema', coalesce(nspacl, acldefault('n', nspowner)) FROM schemas
    UNION ALL SELECT n.schema, p.oid::regprocedure::text, 'grants on the function',
        coalesce(p.proacl, acldefault('f', p.proowner)) FROM pg_proc p JOIN schemas n ON n.oid = p.pronamespace
    UNION ALL SELECT r.schema, r.relname || '.' || a.attname, 'grants on the column', a.attacl
        FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attacl IS NOT NULL
), objects(kind, schema, name, definition) AS (
    SELECT 'owner of the schema', schema, schema, pg_get_userbyid(nspowner)::text FROM schemas
    UNION ALL SELECT 'relation', schema, relname, format('%s owned by %s, row security %s%s', relkind::text || relpersistence::text,
        pg_get_userbyid(relowner), relrowsecurity, CASE WHEN relforcerowsecurity THEN ' forced' ELSE '' END) FROM relations
    UNION ALL SELECT 'column', r.schema, r.relname || '.' || a.attname, format('%s%s%s%s%s%s', format_type(a.atttypid, a.atttypmod),
        ' COLLATE ' || nullif(a.attcollation, t.typcollation)::regcollation,
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END, ' ' || nullif(a.attgenerated::text, ''),
        ' ' || nullif(a.attidentity::text, ''), ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid))
        FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    UNION ALL SELECT 'constraint', r.schema, r.relname || '.' || k.conname,
        pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' NOT VALID' END
        FROM relations r JOIN pg_constraint k ON k.conrelid = r.oid
    UNION ALL SELECT 'index', r.schema, r.relname || '.' || i.indexrelid::regclass::text,
        pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid AND i.indisready AND i.indislive THEN '' ELSE ' invalid' END
        FROM relations r JOIN pg_index i ON i.indrelid = r.oid
    UNION ALL SELECT 'trigger', r.schema, r.relname || '.' || t.tgname, pg_get_triggerdef(t.oid)
        || CASE t.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' (disabled)' ELSE ' (enabled as ' || t.tgenabled::text || ')' END
        FROM relations r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
    UNION ALL SELECT 'rule', r.schema, r.relname || '.' || w.rulename, pg_get_ruledef(w.oid)
        FROM relations r JOIN pg_rewrite w ON w.ev_class = r.oid
    UNION ALL SELECT 'policy', r.schema, r.relname || '.' || p.polname, format('%s for %s to %s using %s with check %s',
        CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, p.polcmd,
        ARRAY(SELECT coalesce(pg_get_userbyid(nullif(role, 0)), 'PUBLIC') FROM unnest(p.polroles) role ORDER BY 1),
        pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        FROM relations r JOIN pg_policy p ON p.polrelid = r.oid
    UNION ALL SELECT 'parent', r.schema, r.relname, h.inhparent::regclass::text
        FROM relations r JOIN pg_inherits h ON h.inhrelid = r.oid OR h.inhparent = r.oid
    UNION ALL SELECT 'function', n.schema, p.oid::regprocedure::text,
        CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END || ' owned by ' || pg_get_userbyid(p.proowner)
        FROM pg_proc p JOIN schemas n ON n.oid = p.pronamespace
    UNION ALL SELECT g.kind, g.schema, g.name, string_agg(format('%s: %s%s', coalesce(pg_get_userbyid(nullif(e.grantee, 0)), 'PUBLIC'),
        e.privilege_type, CASE WHEN e.is_grantable THEN ' with grant option' ELSE '' END), ', '
        ORDER BY pg_get_userbyid(e.grantee), e.privilege_type)
        FROM grants g CROSS JOIN LATERAL aclexplode(g.acl) e GROUP BY g.kind, g.schema, g.name
    UNION ALL SELECT 'default privileges', 'ledger', format('%s of %s', d.defaclobjtype, pg_get_userbyid(d.defaclrole)), d.defaclacl::text
        FROM pg_default_acl d
    UNION ALL SELECT 'event trigger', 'ledger', evtname::text, format('%s %s', evtevent, evtfoid::regproc) FROM pg_event_trigger e
        WHERE NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass
            AND d.refobjid = x.oid WHERE d.classid = 'pg_event_trigger'::regclass AND d.objid = e.oid AND x.extname = 'citus')
    UNION ALL SELECT 'setting', 'ledger', setting, 'for ' || coalesce(pg_get_userbyid(nullif(setrole, 0)), 'all logins')
        FROM pg_db_role_setting CROSS JOIN unnest(setconfig) setting
        WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
            AND setting ~ '^(session_replication_role|row_security|role)='
    UNION ALL SELECT 'type', n.schema, t.typname, t.typtype::text
        FROM pg_type t JOIN schemas n ON n.oid = t.typnamespace WHERE t.typtype IN ('d', 'e', 'r')
    UNION ALL SELECT 'operator', n.schema, o.oid::regoperator::text, o.oprcode::text
        FROM pg_operator o JOIN schemas n ON n.oid = o.oprnamespace
    UNION ALL SELECT 'cast', 'pg_catalog', format('%s to %s', c.castsource::regtype, c.casttarget::regtype),
        format('%s %s %s', c.castcontext, c.castmethod, c.castfunc::regproc) FROM pg_cast c
        WHERE NOT EXISTS (SELECT FROM of_extensions e WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid)
    UNION ALL SELECT 'source of functions', 'pg_catalog', 'pg_catalog', md5(string_agg(
        format('%s %s %s %s', p.oid::regprocedure, p.prosrc, p.prosecdef, p.proconfig), ' ' ORDER BY p.oid::regprocedure::text))
        FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace
            AND NOT EXISTS (SELECT FROM of_extensions e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
    UNION ALL SELECT 'function with rights on the record', n.schema, p.oid::regprocedure::text, 'owned by ' || o.rolname
        FROM pg_proc p JOIN outside n ON n.oid = p.pronamespace JOIN pg_roles o ON o.oid = p.proowner
            JOIN pg_language l ON l.oid = p.prolang
        WHERE p.prosecdef AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname IN ('ledger_owner', 'ledger_writer',
                'ledger_projector', 'ledger_reader', 'pg_read_all_data', 'pg_write_all_data', 'pg_execute_server_program',
                'pg_read_server_files', 'pg_write_server_files')
                AND pg_has_role(p.proowner, r.oid, 'MEMBER'))
            -- Triggers and aggregates call a function without a right to call it.
            AND (EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) e WHERE e.grantee <> p.proowner)
                OR EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid))
            AND NOT (l.lanname = 'c' AND EXISTS (
                SELECT FROM of_extensions e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid))
    UNION ALL SELECT 'view with rights on the record', c.schema, c.relname, pg_get_viewdef(c.oid)
        FROM open_to_others c JOIN over_the_record r ON r.oid = c.oid WHERE c.relkind IN ('v', 'm')
    UNION ALL SELECT 'rule with rights on the record', c.schema, c.relname || '.' || w.rulename, pg_get_ruledef(w.oid)
        FROM open_to_others c JOIN pg_rewrite w ON w.ev_class = c.oid AND w.rulename <> '_RETURN'
        WHERE EXISTS (SELECT FROM pg_depend d JOIN over_the_record r ON r.oid = d.refobjid AND r.oid <> c.oid
            WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass)
    UNION ALL SELECT 'subscription', 'ledger', subname::text, 'of another source' FROM pg_subscription
        WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND subname NOT LIKE 'ledger#_%' ESCAPE '#'
)
SELECT kind, schema, name, replace(definition, coalesce((SELECT name FROM administrator), ''), 'ADMINISTRATOR')
FROM objects ORDER BY 1, 2, 3, 4
