"""Versioned rows in memory: what a fold writes to, and what is then stored in one go.

A row of a view holds over a range of positions. A fold gets, puts and drops rows by key while an entry is
folded; `commit` then closes the versions that changed at the entry's position and opens the new ones. No I/O.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, field

from ledger import arrays
from ledger.entry import Entry

Key = tuple[str | int, ...]
TextAt = tuple[int, str]
"""Where a free text stands beside the entries: (position, path)."""
R = TypeVar("R", bound=Struct)


class Column(Struct, frozen=True):
    """A column of a view's table."""

    name: str
    type: str
    """Its PostgreSQL type."""
    wire: str
    """The type by which binary COPY is told to send what `dump` returns."""
    dump: Callable[[Any], Any] | None = None
    """What COPY sends in place of the value; None: the value itself."""


_encode = msgspec.json.encode
_TYPES: Mapping[Any, tuple[str, str, Callable[[Any], Any] | None]] = {
    str: ("text", "text", None),
    int: ("bigint", "int8", None),
    bool: ("boolean", "bool", None),
    date: ("date", "date", None),
    datetime: ("timestamptz", "timestamptz", None),
    # The bytes of these two are packed here; COPY sends a bytea as it is, whatever the column's type.
    list: ("text[]", "bytea", lambda items: arrays.texts(items).wire),
    dict: ("jsonb", "bytea", lambda value: b"\x01" + _encode(value)),
}


def _column(name: str, hint: object) -> Column:
    while get_origin(hint) is Annotated:
        (hint, *_) = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
    kind, wire, dump = _TYPES[get_origin(hint) or hint]
    return Column(name, kind, wire, dump)


class Table(Struct, Generic[R], frozen=True):
    """A table of a view: its rows are Structs of str, int, bool, date, datetime, list[str] or dict fields."""

    name: str
    row: type[R]
    key: tuple[str, ...]
    """The fields (str or int) that tell a row from the others of its notice."""
    recalled: bool = True
    """False: the fold only ever adds rows, so that none are kept in memory once they are stored."""

    @property
    def columns(self) -> list[Column]:
        """The columns in the order of the row's fields."""
        hints = get_type_hints(self.row, include_extras=True)
        return [_column(name, hints[name]) for name in self.row.__struct_fields__]

    def key_of(self, row: R) -> Key:
        """The row's key."""
        return tuple(getattr(row, name) for name in self.key)


class Version(Struct, frozen=True):
    """A row, and the position since which it holds."""

    since: int
    row: Any


class Changes(Struct):
    """What is to be stored of one table."""

    added: dict[tuple[Key, int], tuple[Any, int | None]] = field(default_factory=dict)
    """(key, since) → the row, and the position at which it was closed; None: it holds still."""
    closed: list[tuple[Key, int, int]] = field(default_factory=list)
    """Stored rows to be closed: (key, since, until)."""


class Rows:
    """The rows of one view for one notice, at the position of the last entry committed."""

    def __init__(self, tables: Iterable[Table[Any]]) -> None:
        self._tables = {table.name: table for table in tables}
        self._open: dict[str, dict[Key, Version]] = {name: {} for name in self._tables}
        self._before: dict[tuple[str, Key], Version | None] = {}
        self._changes = {name: Changes() for name in self._tables}
        self._position = 0
        self._text_prefix = ""
        self._text_position = 0

    # --- for folds

    def get(self, table: Table[R], *key: str | int) -> R | None:
        """The row of that key as it stands; None when there is none."""
        if not table.recalled:
            raise TypeError(f"the rows of {table.name} are not kept in memory; declare it recalled")
        version = self._open[table.name].get(key)
        return None if version is None else version.row

    def put(self, table: Table[R], row: R) -> None:
        """Makes this the row of its key from here on."""
        self._set(table.name, table.key_of(row), Version(self._position, row))

    def drop(self, table: Table[R], *key: str | int) -> None:
        """Ends the row of that key here."""
        self._set(table.name, key, None)

    def text(self, path: str) -> TextAt:
        """Where the narrative at `path` of the fact being folded stands, also when it is a correction's."""
        return self._text_position, self._text_prefix + path

    # --- for whoever folds

    def begin(self, entry: Entry, corrected_by: int | None = None) -> None:
        """Prepares for folding an entry, or what the correction at `corrected_by` put in its place."""
        self._position = entry.position
        if corrected_by is None:
            self._text_position, self._text_prefix = entry.position, ""
        else:
            self._text_position, self._text_prefix = corrected_by, "replacement.data."

    def commit(self, position: int) -> None:
        """Closes and opens versions for what changed since the last commit, at that position."""
        for (name, key), before in self._before.items():
            current, changes = self._open[name], self._changes[name]
            after = current.get(key)
            if before is not None and after is not None and before.row == after.row:
                current[key] = before
                continue
            if before is not None:
                self._close(changes, key, before, position)
            if after is not None:
                if after.since != position:
                    current[key] = Version(position, after.row)
                changes.added[key, position] = (after.row, None)
        self._before.clear()

    def revert(self) -> None:
        """Forgets what was put and dropped since the last commit."""
        for (name, key), before in self._before.items():
            self._restore(name, key, before)
        self._before.clear()

    def become(self, other: "Rows") -> None:
        """Puts and drops whatever differs from another fold's rows; all open rows must be in memory."""
        for name, wanted in other.versions().items():
            current = self._open[name]
            for key in current.keys() - wanted.keys():
                self._set(name, key, None)
            for key, version in wanted.items():
                held = current.get(key)
                if held is None or held.row != version.row:
                    self._set(name, key, version)

    def restore(self, table: Table[R], versions: Iterable[Version]) -> None:
        """Takes over the open versions of a table as they are stored."""
        self._open[table.name] = {table.key_of(version.row): version for version in versions}

    def take(self, *, settled: bool = False) -> dict[str, Changes]:
        """What is to be stored, by table; `settled` leaves out rows that may still be closed."""
        taken = {}
        for name, changes in self._changes.items():
            kept = Changes()
            if self._tables[name].recalled:
                if settled:
                    kept.added = {at: held for at, held in changes.added.items() if held[1] is None}
                    for at in kept.added:
                        del changes.added[at]
            else:
                self._open[name].clear()
            self._changes[name] = kept
            if changes.added or changes.closed:
                taken[name] = changes
        return taken

    def versions(self) -> Mapping[str, Mapping[Key, Version]]:
        """The versions that hold now, by table and key, as far as they are in memory."""
        return self._open

    def _set(self, name: str, key: Key, version: Version | None) -> None:
        current = self._open[name]
        self._before.setdefault((name, key), current.get(key))
        self._restore(name, key, version)

    def _restore(self, name: str, key: Key, version: Version | None) -> None:
        if version is None:
            self._open[name].pop(key, None)
        else:
            self._open[name][key] = version

    @staticmethod
    def _close(changes: Changes, key: Key, version: Version, position: int) -> None:
        pending = changes.added.get((key, version.since))
        if pending is None:
            changes.closed.append((key, version.since, position))
        else:
            changes.added[key, version.since] = (pending[0], position)
