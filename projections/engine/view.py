"""Views: their tables and the handlers that fold facts into them. Imports no database.

A fold is pure: it reads and writes rows, looks at one entry, and knows no clock. Its rows hold all its state, so
folding can resume from stored rows. A view with more state in memory sets `remembers`; the engine then folds its
entries again before it resumes.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from projections.engine.fact_rows import check_sources, put_from_fact
from projections.engine.rows import Rows, Table

F = TypeVar("F", bound=Fact)
Handler = Callable[[Rows, Entry, F], None]
"""Function that folds an entry with one kind of fact into the rows."""


def _put(table: Table[Any], rows: Rows, entry: Entry, _fact: Fact) -> None:
    """Put the row of an entry's fact. Other processes find this function by its name."""
    put_from_fact(rows, table, entry)


class View(Struct, frozen=True, eq=False):
    """A view: tables derived from some of a notice's entries.

    `VIEW.on(Fact)` declares the handler of a fact. An exception in a handler stops this view at that entry, and no
    other view.
    """

    name: str
    """Name in the role matrix."""
    version: int
    """Version of the fold; raise it when the same entries would give other rows. The view is then rebuilt."""
    tables: tuple[Table[Any], ...]
    remembers: bool = False
    """True if the fold keeps state outside its rows, in `Rows.memory`."""
    handlers: dict[type[Fact], Handler[Any]] = {}
    """Fact → its handler."""

    @property
    def facts(self) -> AbstractSet[type[Fact]]:
        """Facts that the view reads."""
        return self.handlers.keys()

    def on(self, fact: type[F]) -> Callable[[Handler[F]], Handler[F]]:
        """Return a decorator that declares the handler of a fact."""
        if fact in self.handlers:
            raise TypeError(f"the view {self.name} already has a handler of {fact.__name__}")

        def declare(handler: Handler[F]) -> Handler[F]:
            self.handlers[fact] = handler
            return handler

        return declare

    def puts(self, fact: type[Fact], table: Table[Any]) -> None:
        """Declare that each fact of a type puts a row whose fields follow from it.

        Raises:
            TypeError: A required field of the row does not follow from the fact.
        """
        check_sources(table.row, fact)
        self.on(fact)(partial(_put, table))

    def fold(self, rows: Rows, entry: Entry) -> None:
        """Fold one entry into the rows."""
        self.handlers[type(entry.fact)](rows, entry, entry.fact)
