"""Versioned rows in memory: what a fold writes to, and what is then stored in one go.

A row of a view holds over a range of positions. A fold gets, puts and drops rows by key while an entry is
folded; `commit` then closes the versions that changed at the entry's position and opens the new ones. No I/O.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct, field

from ledger.domain.corrections import REPLACEMENT
from ledger.domain.entry import Entry
from projections.engine.columns import Column, columns_of
from projections.engine.narrative import NarrativeRef

Part = str | int | date | datetime
Key = tuple[Part, ...]
R = TypeVar("R", bound=Struct)
M = TypeVar("M")


class Table(Struct, Generic[R], frozen=True):
    """A table of a view; `projections.engine.columns` says what fields its rows may have."""

    name: str
    row: type[R]
    key: tuple[str, ...]
    """The fields (str, int, date or datetime) that tell a row from the others of its notice."""
    recalled: bool = True
    """False: the fold only ever adds rows, so that none are kept in memory once they are stored."""
    lookups: tuple[tuple[str, ...], ...] = ()
    """Further columns by which its rows are found, beside the key."""
    by_position: bool = True
    """Whether its rows, of many versions each, are found by the positions at which they held.

    Else by key or lookup, as are those of a table to which the fold only ever adds rows.
    """

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in the order of the row's fields."""
        return columns_of(self.row)

    def key_of(self, row: R) -> Key:
        """The row's key."""
        return _keyer(self.key)(row)


@cache
def _keyer(key: tuple[str, ...]) -> Callable[[Struct], Key]:
    """What takes the fields named from a row."""
    take: Callable[[Struct], Any] = attrgetter(*key)
    return take if len(key) > 1 else lambda row: (take(row),)


class Version(Struct, frozen=True, gc=False):
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
        self._added: list[tuple[str, Key, Any]] = []
        self._changes = {name: Changes() for name in self._tables}
        self._position = 0
        self._text_prefix = ""
        self._text_position = 0
        self.memory: Any = None
        """What the fold remembers beside its rows; None: nothing yet."""

    # --- for folds

    def remembered(self, memory: type[M]) -> M:
        """What the fold remembers beside its rows, begun empty."""
        if self.memory is None:
            self.memory = memory()
        found: M = self.memory
        return found

    def get(self, table: Table[R], *key: Part) -> R | None:
        """The row of that key as it stands; None when there is none."""
        if not table.recalled:
            raise TypeError(f"the rows of {table.name} are not kept in memory; declare it recalled")
        version = self._open[table.name].get(key)
        return None if version is None else version.row

    def all(self, table: Table[R]) -> list[R]:
        """The rows as they stand, in no order that a fold may rely on."""
        if not table.recalled:
            raise TypeError(f"the rows of {table.name} are not kept in memory; declare it recalled")
        return [version.row for version in self._open[table.name].values()]

    def put(self, table: Table[R], row: R) -> None:
        """Makes this the row of its key from here on."""
        self._set(table.name, table.key_of(row), Version(self._position, row))

    def add(self, table: Table[R], row: R) -> None:
        """Makes this the row of its key, which is a new one, in a table that is not recalled."""
        self._added.append((table.name, table.key_of(row), row))

    def drop(self, table: Table[R], *key: Part) -> None:
        """Ends the row of that key here."""
        self._set(table.name, key, None)

    def change(self, table: Table[R], *key: Part, **changes: object) -> R:
        """Makes the row of that key another in these fields; raises LookupError when there is none."""
        row = msgspec.structs.replace(self.known(table, *key), **changes)
        self.put(table, row)
        return row

    def known(self, table: Table[R], *key: Part) -> R:
        """The row of that key as it stands; raises LookupError when there is none."""
        row = self.get(table, *key)
        if row is None:
            raise LookupError(f"{table.name} has no row {', '.join(map(str, key))}")
        return row

    def text(self, path: str) -> NarrativeRef:
        """The narrative at `path` of the fact being folded, also when it is a correction's."""
        return NarrativeRef(position=self._text_position, path=self._text_prefix + path)

    def text_if(self, present: object, path: str) -> NarrativeRef | None:
        """The narrative at `path`, which the fact may leave out."""
        return None if present is None else self.text(path)

    def texts(self, path: str, items: Sequence[object]) -> list[NarrativeRef]:
        """The narratives of the list at `path`."""
        return [self.text(f"{path}[{index}]") for index, _ in enumerate(items)]

    # --- for whoever folds

    def begin(self, entry: Entry, corrected_by: int | None = None) -> None:
        """Prepares for folding an entry, or what the correction at `corrected_by` put in its place."""
        self._position = entry.position
        if corrected_by is None:
            self._text_position, self._text_prefix = entry.position, ""
        else:
            self._text_position, self._text_prefix = corrected_by, REPLACEMENT

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
        for name, key, row in self._added:
            self._open[name][key] = Version(position, row)
            self._changes[name].added[key, position] = (row, None)
        self._added.clear()

    def revert(self) -> None:
        """Forgets what was put and dropped since the last commit."""
        for (name, key), before in self._before.items():
            self._restore(name, key, before)
        self._before.clear()
        self._added.clear()

    def recall(self, other: "Rows") -> None:
        """Remembers what another fold of the same entries remembers."""
        self.memory = other.memory

    def become(self, other: "Rows") -> None:
        """Puts and drops whatever differs from another fold's rows; all open rows must be in memory."""
        self.recall(other)
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
