"""Take rows in the order of their positions, each time up to a chosen position."""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

BEYOND = 2**63
"""Position after every possible position, including the ends of tiles."""
_Row = TypeVar("_Row")


class Lookahead(Generic[_Row]):
    """Rows in the order of their positions, one of them read ahead."""

    def __init__(self, rows: Iterable[_Row], position_of: Callable[[_Row], int]) -> None:
        self._position_of = position_of
        self.refill(rows)

    def refill(self, rows: Iterable[_Row]) -> None:
        """Continue with further rows. The earlier rows must be exhausted."""
        self._rows = iter(rows)
        self._next = next(self._rows, None)

    @property
    def exhausted(self) -> bool:
        """True if no row is left."""
        return self._next is None

    @property
    def position(self) -> int:
        """Position of the next row; BEYOND if no row is left."""
        return self._position_of(self._next) if self._next is not None else BEYOND

    def up_to(self, position: int) -> Iterator[_Row]:
        """Yield the rows up to a position, and continue after them at the next call."""
        while (row := self._next) is not None and self._position_of(row) <= position:
            yield row
            self._next = next(self._rows, None)
