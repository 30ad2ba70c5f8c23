"""Objects of a database's catalogue, the roles of the ledger, and the queries for both."""

from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from typing import NamedTuple

PROTECTIONS = ("relation", "policy", "grants", "grants on the column", "trigger", "rule", "parent")
"""Kinds of objects that protect a view's table."""
_ROLES = {
    "ledger_owner": "",
    "ledger_writer": "bypassrls",
    "ledger_projector": "bypassrls",
    "ledger_reader": "",
    "ledger_guest": "",
    "ledger_follower": "",
}
"""Role of the ledger → the one attribute that it needs; empty if it needs no attribute."""
QUERY = files("ledger.verify").joinpath("catalogue.sql").read_text("utf-8")
"""Query of the objects: kind, schema, name and definition."""
ROLES_QUERY = """SELECT coalesce(json_object_agg(rolname, array_remove(ARRAY[
    CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'createrole' END,
    CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolcanlogin THEN 'login' END,
    CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END,
    CASE WHEN has_parameter_privilege(oid, 'session_replication_role', 'SET') THEN 'triggers off' END], NULL)),
    '{}') FROM pg_roles WHERE rolname LIKE 'ledger#_%' ESCAPE '#'"""
"""Query of the roles; the result is a JSON object of role → the names of its attributes."""
MEMBERS_QUERY = """SELECT r.rolname, m.rolname FROM pg_auth_members a
    JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
    WHERE m.rolname IN ('ledger_owner', 'ledger_writer', 'ledger_projector', 'ledger_reader', 'ledger_guest',
            'ledger_follower') AND (r.rolname, m.rolname) <> ('ledger_guest', 'ledger_projector')
        OR r.rolname = 'ledger_owner' AND NOT (m.rolsuper OR m.rolcreaterole) AND m.oid NOT IN (
            SELECT relowner FROM pg_class WHERE oid = to_regclass('public.ledger_migrations')
            UNION ALL SELECT datdba FROM pg_database WHERE datname = current_database())
    UNION SELECT r.rolname, m.rolname FROM pg_roles r JOIN pg_roles m ON pg_has_role(m.oid, r.oid, 'MEMBER')
    WHERE r.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_execute_server_program',
            'pg_read_server_files', 'pg_write_server_files') AND m.rolcanlogin AND NOT m.rolsuper
        AND m.oid NOT IN (
            SELECT relowner FROM pg_class WHERE oid = to_regclass('public.ledger_migrations')
            UNION ALL SELECT datdba FROM pg_database WHERE datname = current_database())
    ORDER BY 1, 2"""
"""Query of memberships that no migration makes: role and member.

The member is a role of the ledger. Or it is no administrator, and owns the tables by its membership. Or
it may read or write all data, or the server's files.
"""
RIGHTS_OUTSIDE = (
    "function with rights on the record",
    "view with rights on the record",
    "rule with rights on the record",
)
"""Kinds of objects outside the ledger's schemas that act on the record with their owner's rights."""


class DatabaseObject(NamedTuple):
    """Kind, schema and name of an object in a catalogue."""

    kind: str
    schema: str
    name: str

    def __str__(self) -> str:
        name = self.name if self.name.startswith(f"{self.schema}.") else f"{self.schema}.{self.name}"
        return f"{self.kind} {self.name if self.name == self.schema else name}"


Catalogue = dict[DatabaseObject, str]
"""Object of a database's catalogue → its definition."""


def role_faults(roles: Mapping[str, Collection[str]], logins: Collection[str] = ()) -> Iterator[str]:
    """Yield a message for each role of the ledger that is missing or has other attributes than it needs.

    Args:
        roles: Role → its attributes, from `ROLES_QUERY`.
        logins: Roles that also log in.
    """
    for role, attribute in _ROLES.items():
        needed = {attribute} - {""} | ({"login"} if role in logins else set())
        if role not in roles:
            yield f"the role {role} is missing"
        elif needed != set(roles[role]):
            changed = ", ".join(sorted(needed ^ set(roles[role])))
            yield f"the role {role} has other attributes than it needs: {changed}"


def brief(definition: str) -> str:
    """Return the beginning of a definition on one line, in quotation marks."""
    line = " ".join(definition.split())
    return f"“{line}”" if len(line) <= 160 else f"“{line[:160]}…”"
