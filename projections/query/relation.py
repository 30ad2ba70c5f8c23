"""Relations: rows of a view's table, or of a query over views, with computed fields.

One declaration names the source of the rows, the SQL of each field, the conditions and the order. Every query is
built from it.

In its SQL `t` is the row. The snapshot supplies `:notice`, `:position`, `:on`, `:today` and `:redacted`. `:on` is
the instant at which rules are judged, `:today` its day in the notice's zone. `:redacted` is true if the reader
sees small counts suppressed. In a condition, `:value` is the argument.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar, get_type_hints

from msgspec import Struct, field

from ledger.domain.fields import unwrap
from projections.engine.columns import Field, fields_of
from projections.engine.meaning import Meaning, meaning_of
from projections.engine.rows import Table

PAGE = 1_001
"""Rows per list, at most: a page of 1,000, and one more to show that further rows exist."""
R = TypeVar("R", bound=Struct)
_NAMED = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")
ZONE = "(SELECT n.zone FROM views.notices n WHERE n.notice = :notice)"
TODAY = f"(:on AT TIME ZONE {ZONE})::date"
IN_POST = "t.first <= :today AND (t.last IS NULL OR t.last >= :today)"
"""Test of a time in a post, both days included: true if it includes today."""


WITHIN = {
    "period_from": "t.last >= :value",
    "period_to": "t.first <= :value",
}
"""Conditions on a period: it ends on or after a day, or begins on or before a day."""


class Computed(Struct, frozen=True):
    """A field that is computed when it is read."""

    hint: Any
    """Python type."""
    sql: str
    lateral: str = ""
    """Lateral item of FROM that the SQL refers to, if any."""


def laterals(computed: Iterable[Computed]) -> list[str]:
    """Return the lateral items of computed fields, without repeats."""
    return list(dict.fromkeys(item.lateral for item in computed if item.lateral))


class Sort(Struct, frozen=True):
    """A field that rows are ordered by; null comes last in both directions."""

    name: str
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.name} {'DESC' if self.descending else 'ASC'}"


class Relation(Struct, Generic[R], frozen=True, eq=False, dict=True):
    """A kind of rows."""

    view: str
    """Name of its view in the role matrix."""
    row: type[R]
    """Type of the rows."""
    source: str
    """Table, or a query in brackets, with `notice` and the columns of the row's fields."""
    computed: Mapping[str, Computed] = field(default_factory=dict)
    """Computed fields. One with the name of a field of the row replaces it."""
    conditions: Mapping[str, str] = field(default_factory=dict)
    """Condition → SQL on `t` and `:value`. A field's name is also a condition: equality with its value."""
    positions: Mapping[str, str] = field(default_factory=dict)
    """Condition → query of the distinct positions at which it holds. Only as many rows are read as the answer
    needs.
    """
    order: tuple[str, ...] = ("position",)
    """Fields of the order, unique together and never null; a cursor holds their values."""

    @cached_property
    def hints(self) -> dict[str, Any]:
        """Field → Python type."""
        own = get_type_hints(self.row, include_extras=True)
        return own | {name: computed.hint for name, computed in self.computed.items()}

    @cached_property
    def meanings(self) -> dict[str, Meaning]:
        """Meanings of the fields; a computed field that replaces a field of the row has the row's description."""
        own = get_type_hints(self.row, include_extras=True)
        meanings = {name: meaning_of(hint) for name, hint in own.items()}
        for name, computed in self.computed.items():
            meaning = meaning_of(computed.hint)
            meanings[name] = meanings.get(name, meaning) if meaning.description is None else meaning
        return meanings

    @cached_property
    def derived(self) -> dict[str, tuple[str, str]]:
        """Conditions that follow from the types of fields: name → field, and operator.

        A day or an instant has a range, whose end is exclusive. An id, a code or a word has a list of values.
        """
        conditions = {}
        for name, hint in self.hints.items():
            kind = unwrap(hint).column_type
            if kind in (date, datetime):
                stem = name.removesuffix("_at").removesuffix("_on")
                stem = {"from": "start", "until": "end"}.get(stem, stem)
                conditions[f"{stem}_from"] = (name, ">=")
                conditions[f"{stem}_until"] = (name, "<")
            elif kind is str:
                conditions[f"{name}_in"] = (name, "IN")
        return {name: each for name, each in conditions.items() if name not in {*self.conditions, *self.hints}}

    def condition(self, name: str) -> str:
        """Return the SQL of a condition.

        Raises:
            KeyError: No condition or field has this name.
        """
        if name in self.conditions:
            return self.conditions[name]
        if name in self.derived:
            of, operator = self.derived[name]
            value = "ANY (:value)" if operator == "IN" else ":value"
            return f"{self.expression(of)} {'=' if operator == 'IN' else operator} {value}"
        return f"{self.expression(name)} = :value"

    def order_by(self, sorts: Sequence[Sort] = ()) -> str:
        """Return the SQL of ORDER BY: the sorts, then the relation's own order."""
        direction = {True: "DESC NULLS LAST", False: "ASC NULLS LAST"}
        terms = [f"{self.expression(sort.name)} {direction[sort.descending]}" for sort in sorts]
        return ", ".join([*terms, *(f't."{name}"' for name in self.order)])

    def after(self, sorts: Sequence[Sort], values: Sequence[str]) -> str:
        """Return the test that a row comes after a place.

        Args:
            sorts: The sorts that precede the relation's own order.
            values: SQL of the place: the value of each sort, then of each field of the order.
        """
        own = ", ".join(f't."{name}"' for name in self.order)
        test = f"({own}) > ({', '.join(values[len(sorts) :])})"
        for sort, value in reversed(list(zip(sorts, values, strict=False))):
            field, later = self.expression(sort.name), "<" if sort.descending else ">"
            follows = f"{field} {later} {value} OR ({field} IS NULL AND {value} IS NOT NULL)"
            test = f"({follows} OR ({field} IS NOT DISTINCT FROM {value} AND {test}))"
        return test

    def laterals_of(self, sorts: Iterable[Sort]) -> str:
        """Return the joins that the SQL of the sorts needs."""
        computed = [self.computed[sort.name] for sort in sorts if sort.name in self.computed]
        return "".join(f" CROSS JOIN LATERAL {item}" for item in laterals(computed))

    def place_hints(self, sorts: Sequence[Sort] = ()) -> tuple[Any, ...]:
        """Return the types of a place's values."""
        return (*(self.hints[sort.name] | None for sort in sorts), *(self.hints[name] for name in self.order))

    def rows(self, conditions: Iterable[tuple[str, str]]) -> tuple[str, list[str]]:
        """Return the FROM item of the rows `t` and the tests of WHERE.

        Args:
            conditions: Pairs of a condition and the SQL of its value.
        """
        source, where = f"{self.source} t", ["t.notice = :notice"]
        for number, (name, value) in enumerate(conditions):
            if name in self.positions:
                query = self.positions[name].replace(":value", value)
                source += f" JOIN ({query}) p{number} ON p{number}.position = t.position"
            else:
                where.append(self.condition(name).replace(":value", value))
        return source, where

    def expression(self, name: str) -> str:
        """Return the SQL of a field that is not a narrative.

        Raises:
            KeyError: No field has this name.
        """
        if name in self.computed:
            return f"({self.computed[name].sql})"
        if name not in self.row.__struct_fields__:
            raise KeyError(f"{self.row.__name__} has no field {name}")
        return f't."{name}"'


def of_table(view: str, table: Table[R], **rest: Any) -> Relation[R]:  # noqa: ANN401 - as Relation has them
    """Return the relation of a table's rows."""
    return Relation(view, table.row, f"views.{table.name}", **rest)


QUERY = "(SELECT views.search_query(:value))"
"""Search for the words of an argument; null, which filters nothing, for an argument without words."""


def contains(name: str) -> str:
    """Return a condition: a narrative contains the words of the argument."""
    return (
        f"({QUERY} IS NULL OR EXISTS (SELECT FROM ledger.narratives n WHERE n.notice = :notice "
        f'AND n.position = t."{name}_position" AND n.path = t."{name}_path" '
        f"AND views.search_vector(n.body) @@ {QUERY}))"
    )


def is_latest(table: str, at: str) -> str:
    """Return a condition: no row of a table comes later by the field `at` and its position."""
    return (
        f"(NOT EXISTS (SELECT FROM views.{table} l WHERE l.notice = :notice "
        f"AND (l.{at}, l.position) > (t.{at}, t.position))) = :value"
    )


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

    def value(self, name: str) -> Any:  # noqa: ANN401 - as its relation's hints say
        """Return the value of a field."""
        return self.computed[name] if name in self.computed else getattr(self.row, name)

    def place(self, order: Sequence[str]) -> list[Any]:
        """Return the values of these fields, which place the row in their order."""
        return [self.value(name) for name in order]


def named(sql: str) -> str:
    """Return SQL for psycopg: `:name` becomes a named parameter, `:today` an expression."""
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%").replace(":today", f"({TODAY})"))


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
    rows += relation.laterals_of(sorts)
    if is_after:
        places = range(len(sorts) + len(relation.order))
        where.append(relation.after(sorts, [f":after_{n}" for n in places]))
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
