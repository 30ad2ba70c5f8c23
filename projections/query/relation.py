"""Relations: rows of a view's table, or of a query over views, with computed fields.

One declaration names the source of the rows, the SQL of each field, the conditions and the order. Every query is
built from it.

In a relation's SQL, `t` is the row. A query supplies `:notice`, `:position`, `:on`, `:today` and `:redacted`.
`:on` is the instant at which rules are judged, `:today` its day in the notice's zone. `:redacted` is
true if the reader sees small counts suppressed. In a condition, `:value` is the argument.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

from ledger.domain.fields import hints_of, unwrap
from projections.engine.meaning import Meaning, meaning_of
from projections.engine.rows import Table

PAGE = 1_001
"""Maximum number of rows per list: a page of 1,000 rows, and a row to show that further rows exist."""
R = TypeVar("R", bound=Struct)
_NAMED = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")
ZONE = "(SELECT n.zone FROM views.notices n WHERE n.notice = :notice)"
TODAY = f"(:on AT TIME ZONE {ZONE})::date"
IN_POST = "t.first <= :today AND (t.last IS NULL OR t.last >= :today)"
"""SQL condition: today is within a term in a post, which includes its first and last days."""


WITHIN = {
    "period_from": "t.last >= :value",
    "period_to": "t.first <= :value",
}
"""Conditions on a period: it ends on or after a day, or begins on or before a day."""


_OPERATORS: Mapping[Any, tuple[str, ...]] = {
    date: (">=", "<"),
    datetime: (">=", "<"),
    str: ("=",),
    list[str]: ("&&",),
}
"""Operators of the conditions that follow from the type of a field; `=` and `&&` take a list of values."""
EMPTY = "empty"
"""Operator of the condition that a field has no value, or that its list is empty."""


class Computed(Struct, frozen=True):
    """A field that is computed when it is read."""

    hint: Any
    """Python type of the field."""
    sql: str
    lateral: str = ""
    """Lateral item of FROM that the SQL refers to, if any."""


def flag(description: str, sql: str) -> Computed:
    """Return a computed field that is true or false."""
    return Computed(Annotated[bool, Meta(description=description)], sql)


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
    """Rows of one type, with their fields, conditions and order."""

    view: str
    """Name of the rows' view in the role matrix."""
    row: type[R]
    """Type of the rows."""
    source: str
    """Table, or a query in brackets, with `notice` and the columns of the row's fields."""
    computed: Mapping[str, Computed] = {}
    """Computed fields by name. A computed field replaces the row's field of the same name."""
    conditions: Mapping[str, str] = {}
    """Condition → SQL on `t` and `:value`. A field's name is also a condition: the field equals `:value`."""
    positions: Mapping[str, str] = {}
    """Condition → query of the distinct positions of the rows that meet the condition.

    With this query, PostgreSQL reads only as many rows as the answer needs.
    """
    unseen: Mapping[str, str] = {}
    """View → flag of a row. A reader without that view sees only rows with the flag in lists and by id.

    Such a reader also sees each row that another row names, because they know its id.
    """
    order: tuple[str, ...] = ("position",)
    """Fields of the order, unique together and never null; a cursor holds their values."""
    zone: str = ZONE
    """SQL of the time zone in which instants are grouped by day."""

    @cached_property
    def hints(self) -> dict[str, Any]:
        """Field → Python type."""
        own = hints_of(self.row)
        return own | {name: computed.hint for name, computed in self.computed.items()}

    @cached_property
    def meanings(self) -> dict[str, Meaning]:
        """Meanings of the fields; a computed field without a description has the replaced field's meaning."""
        own = hints_of(self.row)
        meanings = {name: meaning_of(hint) for name, hint in own.items()}
        for name, computed in self.computed.items():
            meaning = meaning_of(computed.hint)
            meanings[name] = meanings.get(name, meaning) if meaning.description is None else meaning
        return meanings

    @cached_property
    def derived(self) -> dict[str, tuple[str, str]]:
        """Conditions that follow from the types of fields: name → field, and operator.

        A field with a day or an instant has the limits of a range, whose end is exclusive. A field with an id, a
        code or a word has a list of values. So has a field with a list of these: one item has to be among the
        values. Each of these fields that is optional or a list also has a flag for its absence.
        """
        conditions: dict[str, tuple[str, str]] = {}
        for name, hint in self.hints.items():
            field = unwrap(hint)
            operators = _OPERATORS.get(field.column_type, ())
            if operators and (field.optional or field.origin is list):
                operators = (*operators, EMPTY)
            conditions |= {derived_name(name, operator, self.hints): (name, operator) for operator in operators}
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
            if operator == EMPTY:
                is_list = unwrap(self.hints[of]).origin is list
                return f"({'cardinality' if is_list else 'num_nonnulls'}({self.expression(of)}) = 0) = :value"
            return f"{self.expression(of)} {operator} {'ANY (:value)' if operator == '=' else ':value'}"
        return f"{self.expression(name)} = :value"

    def test(self, name: str) -> str:
        """Return the SQL of a condition as a test of one row.

        Raises:
            KeyError: No condition or field has this name.
        """
        if name in self.positions:
            return f"t.position IN ({self.positions[name]})"
        return self.condition(name)

    def order_by(self, sorts: Sequence[Sort] = (), *, is_reversed: bool = False, is_backward: bool = False) -> str:
        """Return the SQL of ORDER BY: the sorts, then the relation's own order.

        Args:
            sorts: The sorts that precede the relation's own order.
            is_reversed: True if the relation's own order is reversed.
            is_backward: True to begin with the last row, where null comes first.
        """
        nulls = "FIRST" if is_backward else "LAST"
        directions = ["DESC" if sort.descending != is_backward else "ASC" for sort in sorts]
        terms = [
            f"{self.expression(sort.name)} {direction} NULLS {nulls}"
            for sort, direction in zip(sorts, directions, strict=True)
        ]
        own = " DESC" if is_reversed != is_backward else ""
        return ", ".join([*terms, *(f't."{name}"{own}' for name in self.order)])

    def beyond(
        self, sorts: Sequence[Sort], values: Sequence[str], *, is_reversed: bool = False, is_before: bool = False
    ) -> str:
        """Return the SQL of a test: the row comes after a place in the order, or before the place.

        Args:
            sorts: The sorts that precede the relation's own order.
            values: SQL of the place: the value of each sort, then of each field of the order.
            is_reversed: True if the relation's own order is reversed.
            is_before: True for the rows before the place.
        """
        own = ", ".join(f't."{name}"' for name in self.order)
        test = f"({own}) {'>' if is_reversed == is_before else '<'} ({', '.join(values[len(sorts) :])})"
        for sort, value in reversed(list(zip(sorts, values, strict=False))):
            field, operator = self.expression(sort.name), ">" if sort.descending == is_before else "<"
            missing, present = (value, field) if is_before else (field, value)
            beyond = f"{field} {operator} {value} OR ({missing} IS NULL AND {present} IS NOT NULL)"
            test = f"({beyond} OR ({field} IS NOT DISTINCT FROM {value} AND {test}))"
        return test

    def laterals_of(self, fields: Iterable[str]) -> str:
        """Return the joins that the SQL of these fields needs."""
        computed = [self.computed[name] for name in fields if name in self.computed]
        return "".join(f" CROSS JOIN LATERAL {item}" for item in laterals(computed))

    def fields_of(self, conditions: Iterable[str]) -> list[str]:
        """Return the fields whose SQL these conditions contain."""
        names = [self.derived[name][0] if name in self.derived else name for name in conditions]
        return [name for name in names if name not in self.conditions]

    def place_hints(self, sorts: Sequence[Sort] = ()) -> tuple[Any, ...]:
        """Return the types of the values of a place in the order: of the sorts, then of the order's fields."""
        return (*(self.hints[sort.name] | None for sort in sorts), *(self.hints[name] for name in self.order))

    def rows(self, conditions: Iterable[tuple[str, str]]) -> tuple[str, list[str]]:
        """Return the FROM item of the rows `t` and the tests of WHERE.

        Args:
            conditions: Pairs of a condition and the SQL of its value.

        Raises:
            KeyError: No condition or field has such a name.
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


def derived_name(field: str, operator: str, fields: Container[str]) -> str:
    """Return the name of the condition that follows from the type of a field.

    An instant keeps its suffix if a day has the same stem: `issued_at_from` for `issued_at` next to `issued_on`.
    """
    if operator == EMPTY:
        return f"{field}_empty"
    if operator in _OPERATORS[str] + _OPERATORS[list[str]]:
        return f"{field}_in"
    stem = field.removesuffix("_at").removesuffix("_on")
    stem = field if field.endswith("_at") and f"{stem}_on" in fields else stem
    stem = {"from": "start", "until": "end"}.get(stem, stem)
    return f"{stem}_{'from' if operator == '>=' else 'until'}"


def of_table(view: str, table: Table[R], **rest: Any) -> Relation[R]:  # noqa: ANN401 - as Relation has them
    """Return the relation of a table's rows."""
    return Relation(view, table.row, f"views.{table.name}", **rest)


QUERY = "(SELECT views.search_query(:value))"
"""SQL of a search for the words of an argument; null, which filters nothing, without words."""


def matches(written: str) -> str:
    """Return the SQL of a condition: the text of a subquery contains the words of the argument.

    `views.search_vector` reads 60,000 characters, so a longer text is searched in parts that overlap. What is
    beyond 260,000 characters is not searched, so that the time of a search has a bound.
    """
    return (
        f"({QUERY} IS NULL OR EXISTS (SELECT FROM ({written}) AS w(written), "
        "generate_series(0, least(greatest(char_length(w.written) - 10001, 0), 200000), 50000) AS s(start) "
        f"WHERE views.search_vector(substr(w.written, s.start + 1, 60000)) @@ {QUERY}))"
    )


def contains(name: str) -> str:
    """Return the SQL of a condition: the named narrative contains the words of the argument."""
    return matches(
        "SELECT n.body FROM ledger.narratives n WHERE n.notice = :notice "
        f'AND n.position = t."{name}_position" AND n.path = t."{name}_path"'
    )


def is_latest(table: str, at: str, of: str | None = None) -> str:
    """Return the SQL of a condition: no row of a table is later by the field `at` and the position.

    Args:
        table: Table of the rows.
        at: Field of the order in time.
        of: Field that a later row has to share; None: every row counts.
    """
    same = "" if of is None else f"AND l.{of} IS NOT DISTINCT FROM t.{of} "
    return (
        f"(NOT EXISTS (SELECT FROM views.{table} l WHERE l.notice = :notice {same}"
        f"AND (l.{at}, l.position) > (t.{at}, t.position))) = :value"
    )


def named(sql: str) -> str:
    """Return SQL for psycopg: `:name` becomes a named parameter, `:today` an expression."""
    return _NAMED.sub(r"%(\1)s", sql.replace("%", "%%").replace(":today", f"({TODAY})"))
