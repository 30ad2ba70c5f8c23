"""Check the shards on the nodes of a cluster against the tables of its coordinator.

Each node has a catalogue of its own: triggers, policies and grants of its shards. The coordinator's catalogue was
compared with the migrations. So each shard must match its table on the coordinator, except for the shard's number
in names.
"""

from collections.abc import Container, Iterator, Mapping
from itertools import chain

import msgspec
from msgspec import Struct

from ledger.store.distribution import COPIED, DELEGATED, LOGINS
from ledger.store.entries import Connection
from ledger.verify.database_objects import (
    PROTECTIONS,
    QUERY,
    ROLES_QUERY,
    Catalogue,
    DatabaseObject,
    brief,
    role_faults,
)

_COMMAND = f"""SELECT json_build_object('roles', ({ROLES_QUERY}), 'objects',
    (SELECT json_agg(json_build_array(kind, schema, name, definition))
        FROM ({QUERY}) o(kind, schema, name, definition)))"""  # noqa: S608
_NODES = """SELECT n.groupid, n.nodename || ':' || n.nodeport, r.success, r.result
    FROM run_command_on_all_nodes(%s) r JOIN pg_catalog.pg_dist_node n USING (nodeid)
    WHERE n.noderole = 'primary' ORDER BY n.groupid"""
_SHARDS = """SELECT p.groupid, n.nspname, c.relname, c.relname || '_' || s.shardid
    FROM pg_catalog.pg_dist_shard s JOIN pg_catalog.pg_dist_placement p USING (shardid)
    JOIN pg_class c ON c.oid = s.logicalrelid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY s.shardid"""
_FUNCTIONS = {*COPIED, *DELEGATED}
Table = tuple[str, str]
"""Schema and name of a table."""


class _Node(Struct):
    """Catalogue and roles of one node."""

    objects: list[tuple[str, str, str, str]]
    roles: dict[str, list[str]]

    @property
    def catalogue(self) -> Catalogue:
        return {DatabaseObject(*row[:3]): row[3] for row in self.objects}


async def check_nodes(connection: Connection) -> tuple[list[str], str]:
    """Compare each worker's shards with the coordinator's tables.

    Returns:
        Descriptions of the differences, and a description of the unreadable nodes, empty if all can be read.
    """
    shards: dict[int, dict[Table, Table]] = {}
    for group, schema, table, shard in await (await connection.execute(_SHARDS)).fetchall():
        shards.setdefault(group, {})[schema, shard] = (schema, table)
    answers = await (await connection.execute(_NODES, (_COMMAND,))).fetchall()
    faults = [f"{name} ({' '.join(result.split())})" for _, name, succeeded, result in answers if not succeeded]
    nodes = {
        group: (name, msgspec.json.decode(result, type=_Node))
        for group, name, succeeded, result in answers
        if succeeded
    }
    _, coordinator = nodes.pop(0, ("", None))
    differences = [
        f"on the worker {name}, {difference}"
        for group, (name, node) in nodes.items()
        if coordinator is not None
        for difference in chain(
            role_faults(node.roles, LOGINS),
            compare_worker(coordinator.catalogue, node.catalogue, shards.get(group, {})),
        )
    ]
    return differences, f"the catalogue of the node {', '.join(faults)} cannot be read" if faults else ""


def compare_worker(expected: Catalogue, actual: Catalogue, shards: Mapping[Table, Table]) -> Iterator[str]:
    """Yield a description of each difference between a worker and its coordinator.

    Args:
        expected: Catalogue of the coordinator.
        actual: Catalogue of the worker.
        shards: Shard on this worker → its table.
    """
    present = set()
    for item, definition in actual.items():
        shard = _table(item)
        number = shard[1].removeprefix(shards[shard][1]) if shard in shards else ""
        counterpart = item._replace(name=item.name.replace(number, "")) if number else item
        present.add((shard, counterpart))
        plain = definition.replace(number, "") if number else definition
        if not _is_compared(item, is_table=bool(number) or shard in shards.values()):
            continue
        if counterpart not in expected:
            yield f"the {item} comes from no migration"
        elif expected[counterpart] != plain:
            yield f"the {item} is {brief(plain)}, not {brief(expected[counterpart])}"
    yield from _missing(expected, present, shards)


def _is_compared(item: DatabaseObject, *, is_table: bool) -> bool:
    """Return whether an object of a worker must exist on the coordinator too.

    The service creates and drops tables of views, with their indexes, at any time.
    """
    return item.schema != "views" or "function" in item.kind or (is_table and item.kind in PROTECTIONS)


def _missing(
    expected: Catalogue, present: Container[tuple[Table, DatabaseObject]], shards: Mapping[Table, Table]
) -> Iterator[str]:
    """Yield a description of each object that a worker's shards lack, and of each missing function."""
    of_table: dict[Table, list[DatabaseObject]] = {}
    for item in expected:
        of_table.setdefault(_table(item), []).append(item)
        is_needed = item.kind == "function" and item.name.partition("(")[0] in _FUNCTIONS
        if is_needed and (_table(item), item) not in present:
            yield f"the {item} is missing"
    for shard, table in shards.items():
        if (shard, DatabaseObject("relation", *table)) in present:
            for item in of_table[table]:
                if (shard, item) not in present and _is_compared(item, is_table=True):
                    yield f"the {item} is missing on the shard {shard[1]}"
        elif shard[0] != "views":
            yield f"the shard {shard[0]}.{shard[1]} is missing"


def _table(item: DatabaseObject) -> Table:
    return item.schema, item.name.partition(".")[0]
