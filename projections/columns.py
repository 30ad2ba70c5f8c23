"""How the fields of a view's rows are stored: each in a column, a narrative in two that say where it stands.

A row is a Struct of str, int, float, bool, date, datetime, dict, Text, list[str], list[int] and list[Text] fields.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from ledger import arrays
from projections.texts import Text

R = TypeVar("R", bound=Struct)
_encode = msgspec.json.encode


class Column(Struct, frozen=True):
    """A column of a view's table."""

    name: str
    type: str
    """Its PostgreSQL type."""
    wire: str
    """The type by which binary COPY is told to send what `dump` returns."""
    dump: Callable[[Any], Any] | None = None
    """What COPY sends in place of the value; None: the value itself."""


class Field(Struct, frozen=True):
    """A field of a row, in one column or in the two of a narrative's place."""

    name: str
    columns: tuple[Column, ...]
    split: Callable[[Any], Sequence[Any]] | None = None
    """The field's value → those of its columns; None: it has one, which holds it as it is."""
    join: Callable[..., Any] | None = None
    """The values of its columns and, when read, bodies and erasing entries → the field's value."""


_PLAIN: dict[Any, tuple[str, str, Callable[[Any], Any] | None]] = {
    str: ("text", "text", None),
    int: ("bigint", "int8", None),
    float: ("double precision", "float8", None),
    bool: ("boolean", "bool", None),
    date: ("date", "date", None),
    datetime: ("timestamptz", "timestamptz", None),
    # The bytes of these are packed here; COPY sends a bytea as it is, whatever the column's type.
    list[str]: ("text[]", "bytea", lambda items: arrays.texts(items).wire),
    list[int]: ("integer[]", "bytea", lambda items: arrays.integers(items).wire),
    dict: ("jsonb", "bytea", lambda value: b"\x01" + _encode(value)),
}


def _bare(hint: object) -> object:
    while get_origin(hint) is Annotated:
        (hint, *_) = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
    return dict if get_origin(hint) is dict else hint


def _plain(name: str, hint: object) -> Column:
    kind, wire, dump = _PLAIN[hint]
    return Column(name, kind, wire, dump)


def _place(text: Text | None) -> Sequence[Any]:
    return (None, None) if text is None else (text.position, text.path)


def _text(
    position: int | None, path: str | None, body: str | None = None, erased_by: int | None = None
) -> Text | None:
    return None if position is None or path is None else Text(body, erased_by, position, path)


def _places(texts: list[Text]) -> Sequence[Any]:
    return (texts[0].position, [text.path for text in texts]) if texts else (0, [])


def _texts(
    position: int, paths: list[str], bodies: Sequence[str | None] = (), erased: Sequence[int | None] = ()
) -> list[Text]:
    if not bodies:
        return [Text(position=position, path=path) for path in paths]
    return [Text(body, by, position, path) for body, by, path in zip(bodies, erased, paths, strict=True)]


def _field(name: str, hint: object) -> Field:
    position = _plain(f"{name}_position", int)
    if hint is Text:
        return Field(name, (position, _plain(f"{name}_path", str)), _place, _text)
    if hint == list[Text]:
        return Field(name, (position, _plain(f"{name}_paths", list[str])), _places, _texts)
    return Field(name, (_plain(name, hint),))


@cache
def fields_of(row: type[Struct]) -> tuple[Field, ...]:
    """How the fields of a row are stored, in their order; raises KeyError for a field of no known type."""
    hints = get_type_hints(row, include_extras=True)
    return tuple(_field(name, _bare(hints[name])) for name in row.__struct_fields__)


@cache
def columns_of(row: type[Struct]) -> tuple[Column, ...]:
    """The columns of a row's fields."""
    return tuple(column for field in fields_of(row) for column in field.columns)


def values_of(row: Struct) -> list[Any]:
    """The values of a row's columns, not dumped yet."""
    values: list[Any] = []
    for field, value in zip(fields_of(type(row)), msgspec.structs.astuple(row), strict=True):
        if field.split is None:
            values.append(value)
        else:
            values += field.split(value)
    return values


def row_of(row: type[R], values: Sequence[Any]) -> R:
    """The row of the values of its columns."""
    taken: list[Any] = []
    at = 0
    for field in fields_of(row):
        end = at + len(field.columns)
        taken.append(values[at] if field.join is None else field.join(*values[at:end]))
        at = end
    return row(*taken)
