"""Check the rights of the service's login: everything that the service needs, and no more.

The service's login is a member of SERVICE_ROLES. `ledger migrate` runs as an administrator.
"""

from collections.abc import AsyncIterator
from typing import Any, get_args

import psycopg
from psycopg import AsyncConnection, sql

from ledger.domain.errors import LedgerError
from ledger.store.database import DatabaseRole, connect

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
    UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname IN ('ledger', 'views')
    UNION ALL SELECT relowner FROM pg_class WHERE oid = to_regclass('public.ledger_migrations')
    UNION ALL SELECT datdba FROM pg_database WHERE datname = current_database()
) owners WHERE pg_has_role(session_user, owner, 'MEMBER')
"""
_OTHER_ROLES = """
SELECT rolname FROM pg_roles WHERE rolname <> ALL (%s) AND rolname <> session_user
    AND pg_has_role(session_user, oid, 'MEMBER') ORDER BY rolname
"""
_MORE_PRIVILEGES = """
SELECT format('%%s on %%s.%%s', string_agg(privilege, ', ' ORDER BY privilege), nspname, relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('ledger', 'views')
CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
WHERE c.relkind IN ('r', 'p') AND has_table_privilege(session_user, c.oid, privilege)
    AND NOT EXISTS (SELECT FROM unnest(%s::text[]) AS role WHERE has_table_privilege(role, c.oid, privilege))
GROUP BY nspname, relname ORDER BY 1
"""


async def check_login(url: str) -> list[str]:
    """Return a warning for each right of the service's login that breaks a promise of the ledger.

    Raises:
        LedgerError: The login lacks a role that the service needs.
    """
    async with await connect(url) as connection:
        cursor = await connection.execute(
            "SELECT session_user, to_jsonb(r) FROM pg_roles r WHERE rolname = session_user"
        )
        [(name, attributes)] = await cursor.fetchall()
        for role in SERVICE_ROLES:
            await _require(connection, name, role)
        excess = [promise async for promise in _excess(connection, attributes)]
    advice = "let the service log in as a member of the three roles only"
    return [f"the login {name} {promise}; {advice}" for promise in excess]


async def _require(connection: AsyncConnection[Any], login: str, role: str) -> None:
    try:
        await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue):
        raise LedgerError(
            f"the login {login} is not a member of {role}; run as the administrator: GRANT {role} TO {login}"
        ) from None
    await connection.execute("RESET ROLE")


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
    for (privilege,) in await (await connection.execute(_MORE_PRIVILEGES, (_ALL_ROLES,))).fetchall():
        yield f"has privileges beyond its three roles: {privilege}"
