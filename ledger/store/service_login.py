"""Check the rights of the service's login: everything that the service needs, and no more.

The service's login is a member of SERVICE_ROLES, which have the privileges that the migrations grant. A restore
without privileges loses these. `ledger migrate` runs as an administrator.
"""

import re
from collections.abc import AsyncIterator
from typing import Any, get_args

import psycopg
from psycopg import AsyncConnection, sql

from ledger.domain.errors import LedgerError
from ledger.store.database import DatabaseRole, connect
from ledger.store.migrations import migrations

SERVICE_ROLES = ("ledger_writer", "ledger_projector", "ledger_reader")
"""Roles that the service's login is a member of."""
_ALL_ROLES: list[str] = list(get_args(DatabaseRole))
"""SERVICE_ROLES, and the roles that those roles are members of."""
_ATTRIBUTES = (
    ("rolsuper", "is a superuser, so it can change recorded entries and switch off every protection"),
    ("rolbypassrls", "bypasses row-level security, so a query could return entries of another notice"),
    ("rolcreaterole", "can create roles, so it can give itself more rights"),
    ("rolcreatedb", "can create databases, which the service never needs"),
    ("rolreplication", "can replicate the server, so it can copy every narrative and salt"),
)
"""Attribute of a login → the end of the sentence that warns about it."""
_OWNED = """
SELECT count(*) FROM (
    SELECT relowner AS owner FROM pg_class WHERE relnamespace = ANY (
        SELECT oid FROM pg_namespace WHERE nspname IN ('ledger', 'views'))
    UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = ANY (
        SELECT oid FROM pg_namespace WHERE nspname IN ('ledger', 'views'))
    UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname IN ('ledger', 'views')
    UNION ALL SELECT relowner FROM pg_class WHERE oid = to_regclass('public.ledger_migrations')
    UNION ALL SELECT datdba FROM pg_database WHERE datname = current_database()
) owners WHERE pg_has_role(session_user, owner, 'MEMBER')
"""
_OTHER_ROLES = """
SELECT rolname FROM pg_roles WHERE rolname <> ALL (%s) AND rolname <> session_user
    AND pg_has_role(session_user, oid, 'MEMBER') ORDER BY rolname
"""
_ADMIN_OF = """
SELECT DISTINCT r.rolname FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid
WHERE a.admin_option AND pg_has_role(session_user, a.member, 'MEMBER') ORDER BY 1
"""
_MORE_PRIVILEGES = """
WITH relations AS (
    SELECT oid, 'public.ledger_migrations' AS name
        FROM pg_class WHERE oid = to_regclass('public.ledger_migrations')
    UNION ALL SELECT c.oid, format('%%s.%%s', nspname, relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('ledger', 'views')
        WHERE c.relkind IN ('r', 'p', 'v', 'm')
), grantees AS (
    SELECT session_user::text AS role, true AS is_login UNION ALL SELECT unnest(%s::text[]), false
), rights(name, privilege, is_login, has) AS (
    SELECT name, privilege, is_login, has_table_privilege(role, oid, privilege) FROM grantees, relations,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
    UNION ALL SELECT format('%%s.%%s', name, attname), privilege, is_login,
            has_column_privilege(role, oid, attnum, privilege)
            AND NOT (is_login AND has_table_privilege(role, oid, privilege))
        FROM grantees, relations JOIN pg_attribute ON attrelid = oid AND attacl IS NOT NULL,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
    UNION ALL SELECT 'the schema ' || nspname, 'CREATE', is_login, has_schema_privilege(role, oid, 'CREATE')
        FROM grantees, pg_namespace WHERE nspname IN ('ledger', 'views', 'public')
    UNION ALL SELECT 'the database', 'CREATE', is_login, has_database_privilege(role, current_database(), 'CREATE')
        FROM grantees
    -- No role of the ledger needs to set a setting that is for superusers.
    UNION ALL SELECT 'the setting ' || parname, privilege, true, has_parameter_privilege(role, parname, privilege)
        FROM grantees, pg_parameter_acl, unnest(ARRAY['SET', 'ALTER SYSTEM']) AS privilege
)
SELECT format('%%s on %%s', string_agg(privilege, ', ' ORDER BY privilege), name) FROM (
    SELECT name, privilege FROM rights GROUP BY name, privilege
    HAVING bool_or(has AND is_login) AND NOT bool_or(has AND NOT is_login)
) more GROUP BY name ORDER BY 1
"""

_GRANT = re.compile(r"^GRANT ([^;']+?)\s+ON (SCHEMA |FUNCTION |)([^;']+?)\s+TO ([^;']+);", re.MULTILINE)
"""Pattern of a migration's grant on a schema, or on functions or tables."""
_LACKING = """
SELECT DISTINCT statement FROM unnest(%s::integer[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS need(statement, role, privilege, kind, name)
WHERE NOT CASE kind
    WHEN 'SCHEMA' THEN (SELECT has_schema_privilege(role, oid, privilege) FROM pg_namespace WHERE nspname = name)
    WHEN 'FUNCTION' THEN (SELECT bool_and(has_function_privilege(role, p.oid, privilege))
        FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
        WHERE format('%%s.%%s', nspname, proname) = name)
    ELSE (SELECT CASE privilege WHEN 'UPDATE' THEN has_any_column_privilege(role, c.oid, privilege)
            ELSE has_table_privilege(role, c.oid, privilege) END
        FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
        WHERE format('%%s.%%s', nspname, relname) = name)
END ORDER BY statement
"""
_LACKING_OF_VIEWS = """
SELECT format('GRANT SELECT, INSERT, UPDATE (held) ON views.%I TO ledger_projector', relname),
    format('GRANT SELECT ON views.%I TO ledger_reader', relname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'held'
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'views') AND c.relkind IN ('r', 'p')
    AND NOT (has_table_privilege('ledger_projector', c.oid, 'SELECT')
        AND has_table_privilege('ledger_projector', c.oid, 'INSERT')
        AND has_any_column_privilege('ledger_projector', c.oid, 'UPDATE')
        AND has_table_privilege('ledger_reader', c.oid, 'SELECT')) ORDER BY relname
"""


async def check_login(url: str) -> list[str]:
    """Return a warning for each right of the service's login that breaks a promise of the ledger.

    Raises:
        LedgerError: The login lacks a role that the service needs, or such a role lacks a privilege.
        Unavailable: The database cannot be reached.
    """
    async with await connect(url) as connection:
        cursor = await connection.execute(
            "SELECT session_user, to_jsonb(r) FROM pg_roles r WHERE rolname = session_user"
        )
        [(name, attributes)] = await cursor.fetchall()
        for role in SERVICE_ROLES:
            await _require(connection, name, role)
        await _require_privileges(connection)
        excess = [promise async for promise in _excess(connection, attributes)]
    advice = "let the service log in as a member of the three roles only"
    return [f"the login {name} {promise}; {advice}" for promise in excess]


async def check_privileges(url: str) -> None:
    """Check that the service's roles have their privileges on the ledger's objects and the views.

    Raises:
        LedgerError: A role lacks a privilege; the message has the statements that grant it.
        Unavailable: The database cannot be reached.
    """
    async with await connect(url) as connection:
        await _require_privileges(connection)


async def _require(connection: AsyncConnection[Any], login: str, role: str) -> None:
    try:
        await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue):
        cursor = await connection.execute(
            "SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s", (role,)
        )
        is_member = await cursor.fetchone() == (True,)
        fault, option = ("may not act as", " WITH SET TRUE") if is_member else ("is not a member of", "")
        raise LedgerError(
            f"the login {login} {fault} {role}; run as the administrator: GRANT {role} TO {login}{option}"
        ) from None
    await connection.execute("RESET ROLE")


async def _require_privileges(connection: AsyncConnection[Any]) -> None:
    """Raise LedgerError if the service's roles lack a privilege on the ledger's objects or the views."""
    grants = [match for migration in migrations() for match in _GRANT.finditer(migration.sql)]
    needs = [
        (number, role, privilege, grant[2].strip(), name)
        for number, grant in enumerate(grants)
        for role in re.findall(r"\w+", grant[4])
        if role in SERVICE_ROLES
        for privilege in re.findall(r"[A-Z]+", grant[1])
        for name in re.findall(r"[\w.]+", grant[3])
    ]
    columns = [list(column) for column in zip(*needs, strict=True)]
    rows = await (await connection.execute(_LACKING, columns)).fetchall()
    statements = [" ".join(grants[number][0].rstrip(";").split()) for (number,) in rows]
    for pair in await (await connection.execute(_LACKING_OF_VIEWS)).fetchall():
        statements += pair
    if statements:
        raise LedgerError(
            "the roles of the ledger lack privileges in this database, as after a restore without them; "
            f"run as the administrator: {'; '.join(statements)}"
        )


async def _excess(connection: AsyncConnection[Any], attributes: dict[str, Any]) -> AsyncIterator[str]:
    for attribute, promise in _ATTRIBUTES:
        if attributes[attribute]:
            yield promise
    if attributes["rolsuper"]:
        return  # a superuser has all the rights below
    [(owned,)] = await (await connection.execute(_OWNED)).fetchall()
    if owned:
        yield "owns the database or its tables, so it can change recorded entries"
    for (role,) in await (await connection.execute(_OTHER_ROLES, (_ALL_ROLES,))).fetchall():
        yield f"is a member of {role}, which the service never needs"
    for (role,) in await (await connection.execute(_ADMIN_OF)).fetchall():
        yield f"can make other logins members of {role}"
    for (privilege,) in await (await connection.execute(_MORE_PRIVILEGES, (_ALL_ROLES,))).fetchall():
        yield f"has privileges beyond its three roles: {privilege}"
