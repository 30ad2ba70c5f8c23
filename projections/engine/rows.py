"""Versioned rows in memory: a fold writes them, and a store saves them in one go.

A row of a view holds over a range of positions. A fold gets, puts and drops rows by key. `commit` then closes the
versions that changed, at the entry's position, and opens new versions. No I/O.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from ledger.domain.corrections import REPLACEMENT
from ledger.domain.entry import Entry
from projections.engine.columns import Column, columns_of
from projections.engine.narrative import NarrativeRef

Part = str | int | date | datetime
Key = tuple[Part, ...]
R = TypeVar("R", bound=Struct)
M = TypeVar("M")


class Table(Struct, Generic[R], frozen=True):
    """A table of a view; `projections.engine.columns` lists the field types that its rows may have."""

    name: str
    row: type[R]
    key: tuple[str, ...]
    """Fields that identify a row within its notice: str, int, date or datetime."""
    in_memory: bool = True
    """False for a table to which the fold only adds rows; stored rows then leave memory."""
    lookups: tuple[tuple[str, ...], ...] = ()
    """Column lists for further indexes, in addition to the key."""
    by_position: bool = True
    """True if queries find the table's rows by the positions at which they held, as each row has many versions.

    False if queries find the rows by key or lookup. Rows of tables outside memory are never found by position.
    """

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns in the order of the row's fields."""
        return columns_of(self.row)

    def key_of(self, row: R) -> Key:
        """Return the row's key."""
        return _key_getter(self.key)(row)


@cache
def _key_getter(key: tuple[str, ...]) -> Callable[[Struct], Key]:
    """Return a function that returns the named fields of a row as a tuple."""
    get_key: Callable[[Struct], Any] = attrgetter(*key)
    return get_key if len(key) > 1 else lambda row: (get_key(row),)


class Version(Struct, frozen=True, gc=False):
    """A row, and the position since which it holds."""

    since: int
    row: Any


class Changes(Struct):
    """Unsaved changes to one table."""

    added: dict[tuple[Key, int], tuple[Any, int | None]] = {}
    """Key and first position of a row → the row, and its closing position. None means that the row holds."""
    closed: list[tuple[Key, int, int]] = []
    """Key, first position and closing position of each stored row to be closed."""


class Rows:
    """Rows of one view for one notice, at the position of the last committed entry."""

    def __init__(self, tables: Iterable[Table[Any]]) -> None:
        self._tables = {table.name: table for table in tables}
        self._open: dict[str, dict[Key, Version]] = {name: {} for name in self._tables}
        self._before: dict[tuple[str, Key], Version | None] = {}
        self._added: list[tuple[str, Key, Any]] = []
        self._changes = {name: Changes() for name in self._tables}
        self._position = 0
        self._narrative_prefix = ""
        self._narrative_position = 0
        self._memory: Any = None
        """State of the fold outside its rows; None until the fold first uses it."""

    # --- for folds

    def memory(self, kind: type[M]) -> M:
        """Return the fold's state outside its rows; create it empty on the first call."""
        if self._memory is None:
            self._memory = kind()
        state: M = self._memory
        return state

    def get(self, table: Table[R], *key: Part) -> R | None:
        """Return the current row with this key, or None if no row has the key.

        Raises:
            TypeError: The table's rows are not in memory.
        """
        if not table.in_memory:
            raise TypeError(f"the rows of {table.name} are not in memory; declare it with in_memory=True")
        version = self._open[table.name].get(key)
        return None if version is None else version.row

    def all(self, table: Table[R]) -> list[R]:
        """Return all current rows of a table, in no particular order.

        Raises:
            TypeError: The table's rows are not in memory.
        """
        if not table.in_memory:
            raise TypeError(f"the rows of {table.name} are not in memory; declare it with in_memory=True")
        return [version.row for version in self._open[table.name].values()]

    def put(self, table: Table[R], row: R) -> None:
        """Set a row from the current entry on, in place of any row with the same key."""
        self._set(table.name, table.key_of(row), Version(self._position, row))

    def add(self, table: Table[R], row: R) -> None:
        """Add a row with a new key to a table outside memory."""
        self._added.append((table.name, table.key_of(row), row))

    def drop(self, table: Table[R], *key: Part) -> None:
        """End the row with this key at the current entry, if such a row exists."""
        if key in self._open[table.name]:
            self._set(table.name, key, None)

    def change(self, table: Table[R], *key: Part, **changes: object) -> R:
        """Replace fields of the row with this key, and return the new row.

        Raises:
            LookupError: No row has this key.
            TypeError: The table's rows are not in memory.
        """
        row = msgspec.structs.replace(self.require(table, *key), **changes)
        self.put(table, row)
        return row

    def require(self, table: Table[R], *key: Part) -> R:
        """Return the current row with this key.

        Raises:
            LookupError: No row has this key.
            TypeError: The table's rows are not in memory.
        """
        row = self.get(table, *key)
        if row is None:
            raise LookupError(f"{table.name} has no row {', '.join(map(str, key))}")
        return row

    def narrative(self, path: str) -> NarrativeRef:
        """Return a reference to the narrative at a path of the current fact, or of the fact's correction."""
        return NarrativeRef(position=self._narrative_position, path=self._narrative_prefix + path)

    def optional_narrative(self, value: object, path: str) -> NarrativeRef | None:
        """Return a reference to the narrative at a path, or None if the fact omits the narrative."""
        return None if value is None else self.narrative(path)

    def narratives(self, path: str, items: Sequence[object]) -> list[NarrativeRef]:
        """Return references to the narratives of the list at a path."""
        return [self.narrative(f"{path}[{index}]") for index, _ in enumerate(items)]

    # --- for the engine

    def begin(self, entry: Entry, corrected_by: int | None = None) -> None:
        """Prepare to fold an entry; `corrected_by` is the position of the correction that replaced its fact."""
        self._position = entry.position
        if corrected_by is None:
            self._narrative_position, self._narrative_prefix = entry.position, ""
        else:
            self._narrative_position, self._narrative_prefix = corrected_by, REPLACEMENT

    def commit(self, position: int) -> None:
        """Close and open versions of rows at a position, for all changes since the last commit."""
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
        for name, key, row in self._added:
            self._open[name][key] = Version(position, row)
            self._changes[name].added[key, position] = (row, None)
        self._added.clear()

    def revert(self) -> None:
        """Undo all changes since the last commit."""
        for (name, key), before in self._before.items():
            self._restore(name, key, before)
        self._before.clear()
        self._added.clear()

    def adopt_memory(self, other: "Rows") -> None:
        """Take over the state outside the rows from another fold of the same entries."""
        self._memory = other._memory  # noqa: SLF001 - of its own class

    def replace_with(self, other: "Rows") -> None:
        """Make these rows equal to the rows of another fold. All open rows must be in memory."""
        self.adopt_memory(other)
        for name, versions in other.versions().items():
            current = self._open[name]
            for key in current.keys() - versions.keys():
                self._set(name, key, None)
            for key, version in versions.items():
                previous = current.get(key)
                if previous is None or previous.row != version.row:
                    self._set(name, key, version)

    def restore(self, table: Table[R], versions: Iterable[Version]) -> None:
        """Set the open versions of a table's rows to these stored versions."""
        self._open[table.name] = {table.key_of(version.row): version for version in versions}

    def take_changes(self, *, settled: bool = False) -> dict[str, Changes]:
        """Return and clear the unsaved changes by table; `settled` keeps back rows that may still be closed."""
        taken = {}
        for name, changes in self._changes.items():
            held_back = Changes()
            if self._tables[name].in_memory:
                if settled:
                    held_back.added = {at: row for at, row in changes.added.items() if row[1] is None}
                    for at in held_back.added:
                        del changes.added[at]
            else:
                self._open[name].clear()
            self._changes[name] = held_back
            if changes.added or changes.closed:
                taken[name] = changes
        return taken

    def versions(self) -> Mapping[str, Mapping[Key, Version]]:
        """Return the current versions of the rows in memory, by table and key."""
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
