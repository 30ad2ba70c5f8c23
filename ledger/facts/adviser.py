"""The adviser whom the Department appoints (clause 3): who advised when, with no undeclared gap."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.errors import Refusal
from ledger.facts.fact import Fact, When, Who

if TYPE_CHECKING:
    from ledger.entry import Entry
    from ledger.facts.state import State

FACTS: tuple[type[Fact], ...] = ()


class AdviserState(Struct):
    """What the rules need to know."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    yield from ()


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
