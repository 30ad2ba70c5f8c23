"""Views: their tables and the handlers that fold facts into them. The module runs no SQL.

A fold is pure: it reads and writes rows, looks at one entry, and knows no clock. The rows of most views hold all
state, so folding can resume from stored rows. A view with more state in memory sets `remembers`. The engine then
folds the view's entries again before folding resumes.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from projections.engine.fact_rows import Stated, put_from_fact, required_sources, sources
from projections.engine.rows import Rows, Table

F = TypeVar("F", bound=Fact)
R = TypeVar("R", bound=Struct)
Handler = Callable[[Rows, Entry, F], None]
"""Function that folds an entry with one kind of fact into the rows."""


def _put(table: Table[R], stated: Stated, rows: Rows, entry: Entry, fact: Fact) -> None:
    """Put the row that follows from an entry's fact. Child processes import this function by its name."""
    declared = sources(table.row, type(fact), (), stated)
    put_from_fact(rows, table, entry, **{name: source(rows, entry) for name, source in declared})


def _change(table: Table[R], names: tuple[str, ...], stated: Stated, rows: Rows, entry: Entry, fact: Fact) -> None:
    """Change the row that an entry's fact names. Child processes import this function by its name."""
    declared = sources(table.row, type(fact), names, stated)
    key = (getattr(fact, part) for part in table.key)
    rows.change(table, *key, **{name: source(rows, entry) for name, source in declared})


class View(Struct, frozen=True, eq=False):
    """A view: tables derived from some of a notice's entries.

    `VIEW.on(Fact)` declares the handler of a fact. An exception in a handler stops this view at that entry, and no
    other view.
    """

    name: str
    """Name of the view, as in the role matrix."""
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
        """Return a decorator that declares the handler of a fact.

        Raises:
            TypeError: The view already has a handler of the fact.
        """
        if fact in self.handlers:
            raise TypeError(f"the view {self.name} already has a handler of {fact.__name__}")

        def declare(handler: Handler[F]) -> Handler[F]:
            self.handlers[fact] = handler
            return handler

        return declare

    def puts(self, fact: type[Fact], table: Table[R], **stated: object) -> None:
        """Declare that each fact of a type puts a row, whose required fields follow from the fact or are stated.

        Raises:
            TypeError: A required field of the row does not follow from the fact, or the fact has a handler.
        """
        required_sources(table.row, fact, frozenset(stated))
        self.on(fact)(partial(_put, table, tuple(stated.items())))

    def changes(self, fact: type[Fact], table: Table[R], *names: str, **stated: object) -> None:
        """Declare that each fact of a type changes fields of the row that it names.

        The fields in `names` take their values from the fact or its entry, those in `stated` the stated values.

        Raises:
            TypeError: A field does not follow from the fact, the fact does not name the row, or it has a handler.
            KeyError: The row has no field of a name in `names`.
            ValueError: The fact has no field that an `OfFact` in `stated` names.
        """
        if not set(table.key) <= set(fact.__struct_fields__):
            raise TypeError(f"{fact.__name__} does not name a row of {table.name}; declare a function with `on`")
        sources(table.row, fact, names, tuple(stated.items()))
        self.on(fact)(partial(_change, table, names, tuple(stated.items())))

    def fold(self, rows: Rows, entry: Entry) -> None:
        """Fold one entry into the rows."""
        self.handlers[type(entry.fact)](rows, entry, entry.fact)
