"""Rows of a relation as Python values, read by SQL that is independent of the answers' SQL.

Tests compare the rows that a view folds, and the answers that the database composes, with these.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from projections.engine.columns import Field, fields_of
from projections.errors import ViewStopped
from projections.query.relation import PAGE, Relation, Sort, laterals, named
from projections.query.snapshot import Snapshot

R = TypeVar("R", bound=Struct)


class RowQuery(Struct, frozen=True):
    """A query for rows of a relation, in its order."""

    conditions: Mapping[str, Any] = field(default_factory=dict)
    """Condition → value; all must hold."""
    by: str | None = None
    """Condition that ties rows to one of `keys`."""
    keys: Sequence[Any] = ()
    first: int = PAGE
    """Rows per key, at most."""
    after: Sequence[Any] | None = None
    """Values of the sorts and of the order's fields; only rows after them are returned."""
    sorts: tuple[Sort, ...] = ()
    """Sorts that precede the relation's own order."""


class ComputedRow(Struct, Generic[R], frozen=True):
    """A row with its computed fields."""

    row: R
    computed: dict[str, Any]

    def value(self, name: str) -> Any:
        """Return the value of a field."""
        return self.computed[name] if name in self.computed else getattr(self.row, name)

    def place(self, order: Sequence[str]) -> list[Any]:
        """Return the values of these fields, which place the row in their order."""
        return [self.value(name) for name in order]


def _joins(relation: Relation[Any]) -> str:
    """Return the joins of a row's lateral items and single narratives."""
    joins = "".join(f" CROSS JOIN LATERAL {item}" for item in laterals(relation.computed.values()))
    row: type[Struct] = relation.row
    for row_field in fields_of(row):
        if row_field.join is not None and row_field.columns[1].type == "text":
            alias, (position, path) = (
                f'"narrative {row_field.name}"',
                (column.name for column in row_field.columns),
            )
            joins += (
                f" LEFT JOIN ledger.narratives {alias} ON {alias}.notice = :notice "
                f'AND {alias}.position = t."{position}" AND {alias}.path = t."{path}"'
            )
    return joins


def _narratives(field: Field) -> Sequence[str]:
    """Return the SQL of a narrative field's bodies and erasing entries."""
    position, path = (column.name for column in field.columns)
    if field.columns[1].type == "text":
        return [f'"narrative {field.name}".body', f'"narrative {field.name}".erased_by']
    return [
        f'ARRAY(SELECT n.{name} FROM unnest(t."{path}") WITH ORDINALITY p(path, nth) '
        "LEFT JOIN ledger.narratives n "
        f'ON n.notice = :notice AND n.position = t."{position}" AND n.path = p.path ORDER BY p.nth)'
        for name in ("body", "erased_by")
    ]


def _columns(relation: Relation[Any]) -> list[str]:
    """Return the SQL of all columns read: the row's fields in order, then the computed ones."""
    columns = []
    row: type[Struct] = relation.row
    for row_field in fields_of(row):
        columns += [f't."{column.name}"' for column in row_field.columns]
        columns += _narratives(row_field) if row_field.join is not None else ()
    return columns + [relation.expression(name) for name in relation.computed]


@lru_cache(1_024)
def _query(
    relation: Relation[Any], conditions: tuple[str, ...], by: str | None, sorts: tuple[Sort, ...], is_after: bool
) -> bytes:
    """Return the query of rows, each with the number of its key (from 1; 1 without keys)."""
    values = [(name, f":is_{name}") for name in conditions]
    rows, where = relation.rows(values if by is None else [*values, (by, "k.key")])
    order = relation.order_by(sorts)
    rows += relation.laterals_of([*relation.fields_of(conditions), *(sort.name for sort in sorts)])
    if is_after:
        places = range(len(sorts) + len(relation.order))
        where.append(relation.beyond(sorts, [f":after_{n}" for n in places]))
    within = f"SELECT t.* FROM {rows} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT :first"
    columns = ", ".join(_columns(relation))
    sql = f"SELECT 1, {columns} FROM ({within}) t{_joins(relation)} ORDER BY {order}"
    if by is not None:
        keyed = "bigint" if relation.hints.get(by) is int else "text"
        keys = f"unnest(:keys::{keyed}[]) WITH ORDINALITY k(key, nth) CROSS JOIN LATERAL ({within}) t"
        sql = f"SELECT k.nth, {columns} FROM {keys}{_joins(relation)} ORDER BY k.nth, {order}"
    return named(sql).encode()


@lru_cache(1_024)
def _count(relation: Relation[Any], conditions: tuple[str, ...], by: str | None) -> bytes:
    """Return the query of the number of rows, of all keys together."""
    values = [(name, f":is_{name}") for name in conditions]
    rows, where = relation.rows(values if by is None else [*values, (by, "k.key")])
    keyed = "bigint" if relation.hints.get(by or "") is int else "text"
    keys = "" if by is None else f"unnest(:keys::{keyed}[]) k(key) CROSS JOIN LATERAL "
    return named(f"SELECT count(*) FROM {keys}(SELECT FROM {rows} WHERE {' AND '.join(where)}) t").encode()


def counting(relation: Relation[Any], query: RowQuery) -> tuple[bytes, dict[str, Any]]:
    """Return the statement for the number of a query's rows without paging, and its own parameters."""
    conditions = {name: value for name, value in query.conditions.items() if value is not None}
    parameters = {f"is_{name}": value for name, value in conditions.items()}
    return _count(relation, tuple(sorted(conditions)), query.by), parameters | (
        {"keys": list(query.keys)} if query.by else {}
    )


def statement(relation: Relation[Any], query: RowQuery) -> tuple[bytes, dict[str, Any]]:
    """Return the statement for a query, and its parameters except the snapshot's own."""
    conditions = {name: value for name, value in query.conditions.items() if value is not None}
    sql = _query(relation, tuple(sorted(conditions)), query.by, query.sorts, query.after is not None)
    parameters = {f"is_{name}": value for name, value in conditions.items()}
    parameters |= {f"after_{n}": value for n, value in enumerate(query.after or ())}
    return sql, parameters | {"first": query.first} | ({"keys": list(query.keys)} if query.by else {})


def read(relation: Relation[R], values: Sequence[Any]) -> ComputedRow[R]:
    """Return a row from the columns of a result."""
    fields: list[Any] = []
    at = 0
    for row_field in fields_of(relation.row):
        end = at + (1 if row_field.join is None else 4)
        fields.append(values[at] if row_field.join is None else row_field.join(*values[at:end]))
        at = end
    return ComputedRow(relation.row(*fields), dict(zip(relation.computed, values[at:], strict=True)))


async def find(
    snapshot: Snapshot, relation: Relation[R], query: RowQuery, *, redacted: bool = False
) -> list[list[ComputedRow[R]]]:
    """Return the rows of a relation: one list per key, or one list if the query has no keys."""
    rows: list[list[ComputedRow[R]]] = [[] for _ in (query.keys if query.by is not None else (1,))]
    for nth, *values in await _read(snapshot, relation, statement(relation, query), redacted=redacted):
        rows[nth - 1].append(read(relation, values))
    return rows


async def count(snapshot: Snapshot, relation: Relation[Any], query: RowQuery, *, redacted: bool = False) -> int:
    """Return the number of a query's rows, without paging."""
    ((number,),) = await _read(snapshot, relation, counting(relation, query), redacted=redacted)
    return int(number)


async def _read(
    snapshot: Snapshot, relation: Relation[Any], composed: tuple[bytes, dict[str, Any]], *, redacted: bool
) -> list[tuple[Any, ...]]:
    if relation.view in snapshot.stopped:
        raise ViewStopped(snapshot.notice, relation.view, snapshot.stopped[relation.view])
    sql, parameters = composed
    standpoint = {
        "notice": snapshot.notice,
        "position": snapshot.position,
        "on": snapshot.on,
        "redacted": redacted,
    }
    return await snapshot.fetch(sql, parameters | standpoint)


async def rows_of(snapshot: Snapshot, relation: Relation[R], **conditions: object) -> list[R]:
    """Return the rows of a relation that meet the conditions, at most a page of them."""
    (rows,) = await find(snapshot, relation, RowQuery(conditions))
    return [row.row for row in rows]
