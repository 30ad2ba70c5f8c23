"""Rows that follow from a fact: each required field of the row has a source in the fact or in its entry. Pure."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, get_type_hints

from msgspec import NODEFAULT, Struct, structs, to_builtins

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact, Narrative, WordList
from ledger.domain.fields import unwrap
from projections.engine.rows import Rows, Table

R = TypeVar("R", bound=Struct)
Source = Callable[[Rows, Entry], Any]
"""Function that returns the value of a row's field."""
_OF_ENTRY: dict[str, Source] = {
    "position": lambda _rows, entry: entry.position,
    "actor": lambda _rows, entry: entry.actor,
    "recorded_at": lambda _rows, entry: entry.recorded_at,
}


def put_from_fact(rows: Rows, table: Table[R], entry: Entry, **values: object) -> R:
    """Put the row of an entry's fact, and return it.

    `values` are fields that do not follow from the fact. Each other required field takes the fact's field of its
    name. A word becomes its value, a list a copy, and a narrative a reference. `first` and `last` come from the
    period. `position`, `actor` and `recorded_at` come from the entry. Any other instant is that of the fact.
    Fields with a default keep it.

    Raises:
        TypeError: A field has no source.
    """
    for name, source in _sources(table.row, type(entry.fact), frozenset(values)):
        values[name] = source(rows, entry)
    row = table.row(**values)
    rows.put(table, row)
    return row


def check_sources(row: type[Struct], fact: type[Fact]) -> None:
    """Check that each required field of a row follows from a fact.

    Raises:
        TypeError: A field has no source.
    """
    _sources(row, fact, frozenset())


@cache
def _sources(row: type[Struct], fact: type[Fact], stated: frozenset[str]) -> tuple[tuple[str, Source], ...]:
    """Return the source of each required field that is not stated."""
    hints = get_type_hints(row)
    required = (
        field.name
        for field in structs.fields(row)
        if field.default is NODEFAULT and field.default_factory is NODEFAULT and field.name not in stated
    )
    return tuple((name, _source(name, hints[name], row, fact)) for name in required)


def _source(name: str, hint: object, row: type[Struct], fact: type[Fact]) -> Source:
    if name == "position":  # a fact's own position is that of another entry
        return _OF_ENTRY[name]
    fields = dict(zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True))
    if name in fields:
        return _of_fact(name, fields[name], fact)
    if name in ("first", "last") and "period" in fields:
        take = attrgetter(name)
        return lambda _rows, entry: None if (period := entry.fact.period) is None else take(period)  # type: ignore[attr-defined]
    if name in _OF_ENTRY:
        return _OF_ENTRY[name]
    if unwrap(hint).type is datetime:
        return lambda _rows, entry: entry.occurred_at
    raise TypeError(f"{fact.__name__} has no value for {row.__name__}.{name}; state it")


def _of_fact(name: str, key: str, fact: type[Fact]) -> Source:
    """Return the source that takes a field of the fact, whose JSON name is `key`."""
    take = attrgetter(name)
    field = unwrap(get_type_hints(fact, include_extras=True)[name])
    if field.type is Narrative:
        return lambda rows, entry: rows.optional_narrative(take(entry.fact), key)
    if field.origin is list and unwrap(field.arguments[0]).type is Narrative:
        return lambda rows, entry: rows.narratives(key, take(entry.fact))
    return lambda _rows, entry: _plain(take(entry.fact))


def _plain(value: Any) -> Any:  # noqa: ANN401 - the values of fields
    """Return a value as a row holds it."""
    if isinstance(value, WordList):
        return value.value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return to_builtins(value) if isinstance(value, Struct) else value
