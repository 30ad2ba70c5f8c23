"""Views: their tables and the fold that fills them. Imports no database.

A fold is pure: it reads and writes rows, looks at one entry, and knows no clock. Its rows hold all its state, so
folding can resume from stored rows. A view with more state in memory sets `remembers`; the engine then folds its
entries again before it resumes.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from projections.engine.rows import Rows, Table

Fold = Callable[[Rows, Entry], None]


class View(Struct, frozen=True):
    """A view: tables derived from some of a notice's entries."""

    name: str
    """Name in the role matrix."""
    version: int
    """Version of the fold; raise it when the same entries would give other rows. The view is then rebuilt."""
    tables: tuple[Table[Any], ...]
    facts: frozenset[type[Fact]]
    """Facts that the fold receives."""
    fold: Fold
    """Function that folds one entry into the rows. An exception stops this view at that entry, and no other
    view.
    """
    remembers: bool = False
    """True if the fold keeps state outside its rows, in `Rows.memory`."""
