"""Rows that follow from a fact. Each required field of a row comes from the fact or its entry, or is stated.

Pure.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar

from msgspec import NODEFAULT, Struct, structs, to_builtins

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact, Narrative, WordList
from ledger.domain.fields import hints_of, unwrap
from projections.engine.rows import Rows, Table

R = TypeVar("R", bound=Struct)
Source = Callable[[Rows, Entry], Any]
"""Function that returns the value of a row's field."""
FieldSources = tuple[tuple[str, Source], ...]
"""Pairs of a row's field and the source of its value."""
_OF_ENTRY: dict[str, Source] = {
    "position": lambda _rows, entry: entry.position,
    "actor": lambda _rows, entry: entry.actor,
    "by": lambda _rows, entry: entry.actor,
    "role": lambda _rows, entry: entry.actor_role,
    "recorded_at": lambda _rows, entry: entry.recorded_at,
}


class OfFact(Struct, frozen=True):
    """A field of the fact that supplies the value of a row's field with another name."""

    name: str


class OfEntry(Struct, frozen=True):
    """A field of the entry that supplies the value of a row's field with another name."""

    name: str


RECORDED_AT = OfEntry("recorded_at")
Stated = tuple[tuple[str, object], ...]
"""Pairs of a row's field and its stated source: an `OfFact`, an `OfEntry` or a constant."""


def put_from_fact(rows: Rows, table: Table[R], entry: Entry, **values: object) -> R:
    """Put the row that follows from an entry's fact into a table, and return the row.

    `values` are fields that do not follow from the fact. Each other required field takes the fact's field of the
    same name. A word of a closed list becomes a string. A list is copied. A narrative becomes a reference.
    `position` always comes from the entry. If the fact has no field of the name, `first` and `last` come from the
    fact's period. `actor`, `by`, `role` and `recorded_at` then come from the entry. Any other instant is then the
    time of the fact. A prefix may name the act: `closed_reason` takes `reason`. A field with a default keeps the
    default.

    Raises:
        TypeError: A required field has no source.
    """
    for name, source in required_sources(table.row, type(entry.fact), frozenset(values)):
        values[name] = source(rows, entry)
    row = table.row(**values)
    rows.put(table, row)
    return row


@cache
def required_sources(row: type[Struct], fact: type[Fact], excluded: frozenset[str]) -> FieldSources:
    """Return the source of each field of a row that has no default and is not excluded.

    Raises:
        TypeError: A field has no source.
    """
    required = (
        field.name
        for field in structs.fields(row)
        if field.default is NODEFAULT and field.default_factory is NODEFAULT and field.name not in excluded
    )
    return sources(row, fact, tuple(required))


@cache
def sources(row: type[Struct], fact: type[Fact], names: tuple[str, ...], stated: Stated = ()) -> FieldSources:
    """Return the source of each field in `names`, from the fact or its entry, and of each field in `stated`.

    Raises:
        TypeError: A field has no source.
        KeyError: The row has no field of a name in `names`.
        ValueError: The fact has no field that an `OfFact` in `stated` names.
    """
    hints = hints_of(row)
    named = [(name, _source(name, hints[name], row, fact)) for name in names]
    return (*named, *((name, _stated_source(value, fact)) for name, value in stated))


def _stated_source(value: object, fact: type[Fact]) -> Source:
    match value:
        case OfFact(name):
            return _of_fact(name, fact)
        case OfEntry(name):
            take = attrgetter(name)
            return lambda _rows, entry: take(entry)
    return lambda _rows, _entry: value


def _source(name: str, hint: object, row: type[Struct], fact: type[Fact]) -> Source:
    if name == "position":  # a fact's own position is that of another entry
        return _OF_ENTRY[name]
    if name in fact.__struct_fields__:
        return _of_fact(name, fact)
    if name in ("first", "last") and "period" in fact.__struct_fields__:
        take = attrgetter(name)
        return lambda _rows, entry: None if (period := entry.fact.period) is None else take(period)  # type: ignore[attr-defined]
    if name in _OF_ENTRY:
        return _OF_ENTRY[name]
    if unwrap(hint).type is datetime:
        return lambda _rows, entry: entry.occurred_at
    if "_" in name:
        return _source(name.partition("_")[2], hint, row, fact)
    raise TypeError(f"{fact.__name__} has no value for {row.__name__}.{name}; state it")


def _of_fact(name: str, fact: type[Fact]) -> Source:
    """Return the source that takes a field of the fact."""
    take = attrgetter(name)
    key = fact.__struct_encode_fields__[fact.__struct_fields__.index(name)]
    field = unwrap(hints_of(fact)[name])
    if field.type is Narrative:
        return lambda rows, entry: rows.optional_narrative(take(entry.fact), key)
    if field.origin is list and unwrap(field.arguments[0]).type is Narrative:
        return lambda rows, entry: rows.narratives(key, take(entry.fact))
    return lambda _rows, entry: _plain(take(entry.fact))


def _plain(value: Any) -> Any:  # noqa: ANN401 - the values of fields
    """Return a fact's value in the form in which a row stores it."""
    if isinstance(value, WordList):
        return value.value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return to_builtins(value) if isinstance(value, Struct) else value
