"""Rows that can be asked for: those of a view's table or of a query over views, with what is worked out of them.

One declaration says of a kind of rows where they come from, what stands in each field, by which conditions they
are found and in what order they are listed. Whatever reads them is put together from it.

In its SQL `t` is the row; `:notice`, `:position`, `:on` (the instant at which rules are judged), `:today` (its
day in the notice's zone) and `:redacted` (whether the reader sees small counts suppressed) are the reading's own,
and in a condition `:value` is what is asked for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar, get_type_hints

from msgspec import Struct, field

from projections.engine.columns import Field, fields_of
from projections.engine.rows import Table

PAGE = 1_001
"""Rows that a query returns at most for each list: a page of 1,000, and one that says whether more follow."""
R = TypeVar("R", bound=Struct)
_NAMED = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")
ZONE = "(SELECT n.zone FROM views.notices n WHERE n.notice = :notice)"
TODAY = f"(:on AT TIME ZONE {ZONE})::date"
IN_POST = "t.first <= :today AND (t.last IS NULL OR t.last >= :today)"
"""Of a time in a post, both days included: whether it is now."""


WITHIN = {
    "period_from": "t.last >= :value",
    "period_to": "t.first <= :value",
}
"""Conditions of what covers days `first` to `last`: it covers a day from one on, and one up to another."""


class Computed(Struct, frozen=True):
    """A field that is worked out when it is read."""

    hint: Any
    """Its type in Python."""
    sql: str
    beside: str = ""
    """What it is worked out from beside the row, if something is: a lateral item of FROM."""


def besides(worked: Iterable[Computed]) -> list[str]:
    """What fields are worked out from beside the row, each once."""
    return list(dict.fromkeys(each.beside for each in worked if each.beside))


class Relation(Struct, Generic[R], frozen=True, eq=False, dict=True):
    """One kind of rows."""

    view: str
    """The view that it belongs to, by its name in the role matrix."""
    row: type[R]
    """The rows' fields."""
    source: str
    """A table, or a query in brackets whose columns are those of the rows' fields, and `notice`."""
    worked: Mapping[str, Computed] = field(default_factory=dict)
    """Fields beside the rows' own; under the name of one of those, what stands in its place."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Name → what must hold of `t` and `:value`; the name of a field alone asks for its value."""
    positions: Mapping[str, str] = field(default_factory=dict)
    """Name of a condition → the query of the positions, each once, at which it holds. Of many it reads, in their
    order, no more than the rows asked for need."""
    order: tuple[str, ...] = ("position",)
    """The fields by which they are listed, unique together and never null: a cursor names their values."""

    @cached_property
    def hints(self) -> dict[str, Any]:
        """Field → its type in Python."""
        own = get_type_hints(self.row, include_extras=True)
        return own | {name: worked.hint for name, worked in self.worked.items()}

    def condition(self, name: str) -> str:
        """What must hold for the condition of that name; raises KeyError when there is none."""
        if name in self.conditions:
            return self.conditions[name]
        return f"{self.expression(name)} = :value"

    def rows(self, asked: Iterable[tuple[str, str]]) -> tuple[str, list[str]]:
        """Where its rows `t` come from, and what must hold, when conditions are asked for with values in SQL."""
        source, where = f"{self.source} t", ["t.notice = :notice"]
        for number, (name, value) in enumerate(asked):
            if name in self.positions:
                query = self.positions[name].replace(":value", value)
                source += f" JOIN ({query}) p{number} ON p{number}.position = t.position"
            else:
                where.append(self.condition(name).replace(":value", value))
        return source, where

    def expression(self, name: str) -> str:
        """What stands in a field that is not a narrative; raises KeyError for a field that is not there."""
        if name in self.worked:
            return f"({self.worked[name].sql})"
        if name not in self.row.__struct_fields__:
            raise KeyError(f"{self.row.__name__} has no field {name}")
        return f't."{name}"'


def listed(view: str, table: Table[R], **rest: Any) -> Relation[R]:  # noqa: ANN401 - as Relation has them
    """The rows of a table."""
    return Relation(view, table.row, f"views.{table.name}", **rest)


def holding(name: str) -> str:
    """A condition: the words of a narrative hold what is asked for, in whatever case."""
    return (
        "EXISTS (SELECT FROM ledger.narratives n WHERE n.notice = t.notice "
        f'AND n.position = t."{name}_position" AND n.path = t."{name}_path" '
        "AND strpos(lower(n.body), lower(:value)) > 0)"
    )


def latest(table: str, at: str) -> str:
    """A condition: no row of a table, ordered by the field `at` and its position, comes after."""
    return (
        f"(NOT EXISTS (SELECT FROM views.{table} l WHERE l.notice = t.notice "
        f"AND (l.{at}, l.position) > (t.{at}, t.position))) = :value"
    )


class RowQuery(Struct, frozen=True):
    """Which rows are asked for, in the order of their relation."""

    conditions: Mapping[str, Any] = field(default_factory=dict)
    """Condition → its value; all must hold."""
    by: str | None = None
    """The condition that ties rows to each of `keys`."""
    keys: Sequence[Any] = ()
    first: int = PAGE
    """How many at most, for each key."""
    after: Sequence[Any] | None = None
    """Only those after this place: the values of the fields by which they are ordered."""


class FoundRow(Struct, Generic[R], frozen=True):
    """A row that was found."""

    row: R
    worked: dict[str, Any]

    def value(self, name: str) -> Any:  # noqa: ANN401 - as its relation's hints say
        """What stands in a field."""
        return self.worked[name] if name in self.worked else getattr(self.row, name)

    def place(self, order: Sequence[str]) -> list[Any]:
        """Its place in that order."""
        return [self.value(name) for name in order]


def named(sql: str) -> str:
    """SQL as psycopg takes it: `:name` as a named parameter, and `:today` as the day that it stands for."""
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%").replace(":today", f"({TODAY})"))


def _joins(relation: Relation[Any]) -> str:
    """What is worked out beside a row, and its narratives, each by the place that it says."""
    joins = "".join(f" CROSS JOIN LATERAL {each}" for each in besides(relation.worked.values()))
    row: type[Struct] = relation.row
    for each in fields_of(row):
        if each.join is not None and each.columns[1].type == "text":
            alias, (position, path) = f'"text of {each.name}"', (column.name for column in each.columns)
            joins += (
                f" LEFT JOIN ledger.narratives {alias} ON {alias}.notice = t.notice "
                f'AND {alias}.position = t."{position}" AND {alias}.path = t."{path}"'
            )
    return joins


def _texts(found: Field) -> Sequence[str]:
    """The words of a field of narratives, and who erased them."""
    position, path = (column.name for column in found.columns)
    if found.columns[1].type == "text":
        return [f'"text of {found.name}".body', f'"text of {found.name}".erased_by']
    return [
        f'ARRAY(SELECT n.{name} FROM unnest(t."{path}") WITH ORDINALITY p(path, nth) '
        "LEFT JOIN ledger.narratives n "
        f'ON n.notice = t.notice AND n.position = t."{position}" AND n.path = p.path ORDER BY p.nth)'
        for name in ("body", "erased_by")
    ]


def _columns(relation: Relation[Any]) -> list[str]:
    """All that is read of a row: its fields in order, then what is worked out."""
    columns = []
    row: type[Struct] = relation.row
    for each in fields_of(row):
        columns += [f't."{column.name}"' for column in each.columns]
        columns += _texts(each) if each.join is not None else ()
    return columns + [relation.expression(name) for name in relation.worked]


@lru_cache(1_024)
def _query(relation: Relation[Any], conditions: tuple[str, ...], by: str | None, is_after: bool) -> bytes:
    """The number of its key (from 1; 1 without keys) and the columns of each row asked for."""
    asked = [(name, f":is_{name}") for name in conditions]
    rows, where = relation.rows(asked if by is None else [*asked, (by, "k.key")])
    ordered = [f't."{name}"' for name in relation.order]
    order = ", ".join(ordered)
    if is_after:
        where.append(f"({order}) > ({', '.join(f':after_{n}' for n in range(len(ordered)))})")
    within = f"SELECT t.* FROM {rows} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT :first"
    columns = ", ".join(_columns(relation))
    found = f"SELECT 1, {columns} FROM ({within}) t{_joins(relation)} ORDER BY {order}"
    if by is not None:
        keyed = "bigint" if relation.hints.get(by) is int else "text"
        keys = f"unnest(:keys::{keyed}[]) WITH ORDINALITY k(key, nth) CROSS JOIN LATERAL ({within}) t"
        found = f"SELECT k.nth, {columns} FROM {keys}{_joins(relation)} ORDER BY k.nth, {order}"
    return named(found).encode()


def statement(relation: Relation[Any], wanted: RowQuery) -> tuple[bytes, dict[str, Any]]:
    """The query for what is wanted and its parameters, but for the reading's own."""
    asked = {name: value for name, value in wanted.conditions.items() if value is not None}
    query = _query(relation, tuple(sorted(asked)), wanted.by, wanted.after is not None)
    parameters = {f"is_{name}": value for name, value in asked.items()}
    parameters |= {f"after_{n}": value for n, value in enumerate(wanted.after or ())}
    return query, parameters | {"first": wanted.first} | ({"keys": list(wanted.keys)} if wanted.by else {})


def read(relation: Relation[R], values: Sequence[Any]) -> FoundRow[R]:
    """A row from its columns in the query."""
    taken: list[Any] = []
    at = 0
    for each in fields_of(relation.row):
        end = at + (1 if each.join is None else 4)
        taken.append(values[at] if each.join is None else each.join(*values[at:end]))
        at = end
    return FoundRow(relation.row(*taken), dict(zip(relation.worked, values[at:], strict=True)))
