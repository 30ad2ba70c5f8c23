"""Columns for the fields of a view's rows.

A field of a narrative has two columns, for its position and its path. So has a field of a list of narratives, for
their position and paths. Any other field has one column. A row is a Struct. Its fields are str, int, float, bool,
date, datetime, dict, NarrativeRef, list[str], list[int] or list[NarrativeRef].
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ledger.domain.fields import hints_of, unwrap
from ledger.store import arrays
from projections.engine.narrative import NarrativeRef

R = TypeVar("R", bound=Struct)
_encode = msgspec.json.encode


Packer = Callable[[Any], bytes]
"""Function from a value to its field in binary COPY: four bytes of length, then PostgreSQL's binary form."""


class Column(Struct, frozen=True):
    """A column of a view's table."""

    name: str
    type: str
    """PostgreSQL type of the column."""
    pack: Packer


class Field(Struct, frozen=True):
    """A field of a row, stored in one column, or in two for narratives: position and paths."""

    name: str
    columns: tuple[Column, ...]
    split: Callable[[Any], Sequence[Any]] | None = None
    """Function from the field's value to its columns' values; None if one column holds the value as it is."""
    join: Callable[..., Any] | None = None
    """Function from the columns' values to the field's value; None if one column holds the value as it is."""


NULL = b"\xff\xff\xff\xff"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
_length = struct.Struct("!i").pack
_int8 = struct.Struct("!iq").pack
_float8 = struct.Struct("!id").pack
_int4 = struct.Struct("!ii").pack


@lru_cache(16_384)
def pack_text(value: str | None) -> bytes:
    """Return a string, or NULL for None, as a field of binary COPY; cached, because ids and codes repeat."""
    if value is None:
        return NULL
    body = value.encode()
    return _length(len(body)) + body


@lru_cache(16_384)
def _instant(value: datetime | None) -> bytes:
    return NULL if value is None else _int8(8, (value - _EPOCH) // _MICROSECOND)


def _sized(body: bytes) -> bytes:
    return _length(len(body)) + body


def _texts(items: Sequence[str]) -> bytes:
    return _sized(arrays.of_sized_texts([pack_text(item) for item in items]).wire) if items else _NO_TEXTS


_NO_TEXTS = _sized(arrays.texts(()).wire)


_PLAIN: dict[Any, tuple[str, Packer]] = {
    str: ("text", pack_text),
    int: ("bigint", lambda value: NULL if value is None else _int8(8, value)),
    float: ("double precision", lambda value: NULL if value is None else _float8(8, value)),
    bool: ("boolean", lambda value: NULL if value is None else b"\0\0\0\1\1" if value else b"\0\0\0\1\0"),
    date: ("date", lambda value: NULL if value is None else _int4(4, value.toordinal() - _EPOCH_DAY)),
    datetime: ("timestamptz", _instant),
    list[str]: ("text[]", _texts),
    list[int]: ("integer[]", lambda items: _sized(arrays.integers(items).wire)),
    dict: ("jsonb", lambda value: NULL if value is None else _sized(b"\x01" + _encode(value))),
}


def postgres_type(hint: object) -> str:
    """Return the PostgreSQL type of a column that stores values of a Python type.

    Raises:
        KeyError: No column can store values of this type.
    """
    return _PLAIN[hint][0]


def _plain(name: str, hint: object) -> Column:
    return Column(name, *_PLAIN[hint])


def _split_narrative(narrative: NarrativeRef | None) -> Sequence[Any]:
    return (None, None) if narrative is None else (narrative.position, narrative.path)


def _join_narrative(
    position: int | None, path: str | None, body: str | None = None, erased_by: int | None = None
) -> NarrativeRef | None:
    return None if position is None or path is None else NarrativeRef(body, erased_by, position, path)


def _split_narratives(narratives: list[NarrativeRef]) -> Sequence[Any]:
    return (narratives[0].position, [narrative.path for narrative in narratives]) if narratives else (0, [])


def _join_narratives(
    position: int, paths: list[str], bodies: Sequence[str | None] = (), erased: Sequence[int | None] = ()
) -> list[NarrativeRef]:
    if not bodies:
        return [NarrativeRef(position=position, path=path) for path in paths]
    return [NarrativeRef(body, by, position, path) for body, by, path in zip(bodies, erased, paths, strict=True)]


def _field(name: str, hint: object) -> Field:
    position = _plain(f"{name}_position", int)
    if hint is NarrativeRef:
        return Field(name, (position, _plain(f"{name}_path", str)), _split_narrative, _join_narrative)
    if hint == list[NarrativeRef]:
        return Field(name, (position, _plain(f"{name}_paths", list[str])), _split_narratives, _join_narratives)
    return Field(name, (_plain(name, hint),))


@cache
def fields_of(row: type[Struct]) -> tuple[Field, ...]:
    """Return the fields of a row type with their columns, in order.

    Raises:
        KeyError: The type of a field is not supported.
    """
    hints = hints_of(row)
    return tuple(_field(name, unwrap(hints[name]).column_type) for name in row.__struct_fields__)


@cache
def columns_of(row: type[Struct]) -> tuple[Column, ...]:
    """Return the columns of a row's fields."""
    return tuple(column for field in fields_of(row) for column in field.columns)


def values_of(row: Struct) -> list[Any]:
    """Return the values of a row's columns as Python objects."""
    values: list[Any] = []
    for field, value in zip(fields_of(type(row)), msgspec.structs.astuple(row), strict=True):
        if field.split is None:
            values.append(value)
        else:
            values += field.split(value)
    return values


@cache
def packers_of(row: type[Struct]) -> tuple[Packer, ...]:
    """Return a packer for each field of a row; a packer packs all columns of its field."""
    return tuple(_packer(field) for field in fields_of(row))


def _packer(field: Field) -> Packer:
    if field.split is None:
        return field.columns[0].pack
    split, (first, second) = field.split, (column.pack for column in field.columns)

    def pack(value: object) -> bytes:
        left, right = split(value)
        return first(left) + second(right)

    return pack


def row_of(row: type[R], values: Sequence[Any]) -> R:
    """Return the row with these column values."""
    fields: list[Any] = []
    at = 0
    for field in fields_of(row):
        end = at + len(field.columns)
        fields.append(values[at] if field.join is None else field.join(*values[at:end]))
        at = end
    return row(*fields)
