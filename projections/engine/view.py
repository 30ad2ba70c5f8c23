"""What a view is: its tables and its fold, declared in one module with its queries. Imports no database.

A fold is pure: it reads and writes the rows given, looks at one entry, and knows no clock. All that it remembers
is in its rows, so that folding can go on from what is stored; unless it says that it remembers more, and is then
told of its facts again before it goes on.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from projections.engine.rows import Rows, Table

Fold = Callable[[Rows, Entry], None]


class View(Struct, frozen=True):
    """One view."""

    name: str
    """Its name in the role matrix."""
    version: int
    """Raised whenever the same entries would give other rows: the view is then rebuilt."""
    tables: tuple[Table[Any], ...]
    facts: frozenset[type[Fact]]
    """The facts that the fold is given."""
    fold: Fold
    """Folds one entry into the rows; whatever it raises stops this view at that entry, and no other."""
    remembers: bool = False
    """Whether the fold remembers more than its rows hold: `Rows.remembered`."""
