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
ROLES_QUERY = """SELECT coalesce(json_object_agg(rolname,
    CASE WHEN is_role THEN attributes || settings ELSE settings END), '{}') FROM (
    SELECT rolname, rolname IN ('ledger_owner', 'ledger_writer', 'ledger_projector', 'ledger_reader',
            'ledger_guest', 'ledger_follower') AS is_role,
        rolcanlogin AND NOT rolsuper AND oid NOT IN (
            SELECT relowner FROM pg_class WHERE oid = to_regclass('public.ledger_migrations')
            UNION ALL SELECT datdba FROM pg_database WHERE datname = current_database()) AS is_login,
        array_remove(ARRAY[
            CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreaterole THEN 'createrole' END,
            CASE WHEN rolcreatedb THEN 'createdb' END, CASE WHEN rolcanlogin THEN 'login' END,
            CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypassrls' END], NULL)
        AS attributes,
        ARRAY(SELECT DISTINCT privilege_type || ' on the setting ' || parname
            FROM pg_parameter_acl CROSS JOIN LATERAL aclexplode(paracl)
            WHERE NOT rolsuper AND (grantee = 0 OR pg_has_role(r.oid, grantee, 'MEMBER')) ORDER BY 1) AS settings
    FROM pg_roles r) roles
    WHERE is_role OR is_login AND settings <> '{}'"""
"""Query of the roles; the result is a JSON object of role → the names of its attributes.

The roles are those of the ledger, and each login that may set a setting that is for superusers. A superuser and
the owner of the tables or of the database may do so anyway.
"""
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
    """Yield a message for each role of the ledger that is missing or has wrong attributes, and each other login.

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
    for login in sorted(roles.keys() - _ROLES):
        yield f"the login {login} has {', '.join(roles[login])}, which no migration gives it"


def brief(definition: str) -> str:
    """Return the beginning of a definition on one line, in quotation marks."""
    line = " ".join(definition.split())
    return f"“{line}”" if len(line) <= 160 else f"“{line[:160]}…”"
