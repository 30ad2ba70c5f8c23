"""Groups of a list's rows, with their figures, in SQL.

Keys and figures are computed from the values that the reader sees. A hidden count is null, as in the list itself.
So no total and no difference of totals contains it. Days are days in the notice's zone. A working day is
a weekday that is not a bank holiday in England.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, get_origin

from msgspec import Struct

from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.query.relation import Relation

MOST_GROUPS = 1_000
"""Maximum number of groups of a list."""
Unit = Literal["DAY", "MONTH", "QUARTER", "YEAR"]
"""Length of the periods by which rows are grouped."""
_FORMATS: Mapping[Unit, str] = {"DAY": "YYYY-MM-DD", "MONTH": "YYYY-MM", "QUARTER": 'YYYY"-Q"Q', "YEAR": "YYYY"}
_MONDAY = "date '1900-01-01'"
Figure = Literal["count", "min", "max", "sum", "mean"]
_FIGURES: Mapping[Figure, str] = {
    "count": "count({0})",
    "min": "min({0})",
    "max": "max({0})",
    "sum": "sum(({0})::numeric)::float8",
    "mean": "sum(({0})::numeric)::float8 / count({0})",
}


class GroupKey(Struct, frozen=True):
    """A field by whose values rows are grouped. A row whose value is a list is in the group of each item."""

    name: str
    unit: Unit | None = None
    """Length of the periods by which days or instants are grouped; None for other fields."""


class Number(Struct, frozen=True):
    """The number in a field; true counts as 1."""

    name: str


class Day(Struct, frozen=True):
    """The day in a field."""

    name: str


class Duration(Struct, frozen=True):
    """Number of days from one field's day to another field's day; negative if the second day is earlier."""

    start: str
    end: str
    working: bool = False
    """True to count working days only; the first day is day 0."""


Quantity = Number | Day | Duration


def is_day(relation: Relation[Any], name: str) -> bool:
    """Return True if a field contains a day or an instant."""
    return unwrap(relation.hints[name]).column_type in (date, datetime)


def is_number(relation: Relation[Any], name: str) -> bool:
    """Return True if a field contains a number or a truth value."""
    return unwrap(relation.hints[name]).column_type in (int, float, bool)


def is_group_key(relation: Relation[Any], name: str) -> bool:
    """Return True if rows can be grouped by a field; narratives and JSON cannot be keys."""
    kind = unwrap(relation.hints[name]).column_type
    return kind not in (NarrativeRef, dict, list[NarrativeRef])


class FigureOf(Struct, frozen=True):
    """A figure, such as the mean, of a quantity over a group's rows."""

    figure: Figure
    quantity: Quantity


def group_rows(relation: Relation[Any], rows: str, keys: Sequence[GroupKey], figures: Sequence[FigureOf]) -> str:
    """Return the query of groups of rows: columns for keys as text (`k1` …), size (`n`) and figures (`f1` …).

    Args:
        relation: The relation of the rows.
        rows: The FROM item of the rows.
        keys: Keys of the groups; without keys, all rows are one group.
        figures: Figures of each group.
    """
    values = [_key_value(relation, key) for key in keys]
    names = [key.name for key in keys] + [name for each in figures for name in quantity_names(each.quantity)]
    columns = [
        f"{_key_text(key, value)} AS k{n}" for n, (key, (value, _)) in enumerate(zip(keys, values, strict=True), 1)
    ]
    columns.append("count(*) AS n")
    columns += [f"{_figure_sql(relation, each)} AS f{n}" for n, each in enumerate(figures, 1)]
    source = rows + relation.laterals_of(names) + "".join(f" {item}" for _, item in values if item)
    sql = f"SELECT {', '.join(columns)} FROM {source}"
    if not keys:
        return sql
    terms = ", ".join(value for value, _ in values)
    return f"{sql} GROUP BY {terms} ORDER BY {terms} LIMIT {MOST_GROUPS + 1}"


def quantity_names(of: Quantity) -> tuple[str, ...]:
    """Return the names of the fields of a quantity."""
    return (of.start, of.end) if isinstance(of, Duration) else (of.name,)


def _figure_sql(relation: Relation[Any], of: FigureOf) -> str:
    return _FIGURES[of.figure].format(_quantity_sql(relation, of.quantity))


def _key_value(relation: Relation[Any], key: GroupKey) -> tuple[str, str]:
    """Return the SQL of a key's value for one row, and the join that the value needs (may be empty)."""
    if is_day(relation, key.name):
        return f"date_trunc('{(key.unit or 'DAY').lower()}', {_day_sql(relation, key.name)})::date", ""
    if get_origin(unwrap(relation.hints[key.name]).column_type) is list:
        alias = f'"item of {key.name}"'
        item = f"LEFT JOIN LATERAL unnest({relation.expression(key.name)}) {alias}(item) ON TRUE"
        return f"{alias}.item", item
    return relation.expression(key.name), ""


def _key_text(key: GroupKey, value: str) -> str:
    """Return the SQL of a key's value as text."""
    return f"({value})::text" if key.unit is None else f"to_char({value}, '{_FORMATS[key.unit]}')"


def _day_sql(relation: Relation[Any], name: str) -> str:
    """Return the SQL of the day in a field."""
    expression = relation.expression(name)
    if unwrap(relation.hints[name]).column_type is datetime:
        return f"({expression} AT TIME ZONE {relation.zone})::date"
    return expression


def _quantity_sql(relation: Relation[Any], of: Quantity) -> str:
    """Return the SQL of a quantity of one row."""
    match of:
        case Number(name):
            cast = "::integer" if unwrap(relation.hints[name]).column_type is bool else ""
            return f"{relation.expression(name)}{cast}"
        case Day(name):
            return _day_sql(relation, name)
        case Duration(start, end, working=False):
            return f"({_day_sql(relation, end)} - {_day_sql(relation, start)})"
        case Duration(start, end):
            return f"({_working(_day_sql(relation, end))} - {_working(_day_sql(relation, start))})"


def _working(value: str) -> str:
    """Return the SQL of the number of working days from a Monday long ago to a day."""
    weeks = f"(({value} - {_MONDAY}) / 7)"
    weekdays = f"(5 * {weeks} + least(({value} - {_MONDAY}) % 7 + 1, 5))"
    return f"({weekdays} - width_bucket({value}, :bank_holidays))::integer"
