"""A request to record facts, and the outcome of each of its facts."""

from collections.abc import Sequence

from msgspec import Struct

from ledger.append.receipt import Receipt, receipt
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.intake.parse import SubmittedFact
from ledger.store.entries import EntryRow


class AppendRequest(Struct, frozen=True):
    """Facts that one caller submits together."""

    notice: str
    credential: Credential
    items: Sequence[SubmittedFact]
    expected: int | None = None
    """Position after which the first fact must be recorded; None allows any."""
    strict: bool = False
    """True to record all facts or none."""

    @property
    def corrects(self) -> bool:
        """True when a fact of the request is a correction, which is checked against the whole history."""
        return any(isinstance(item.fact, EntryCorrected) for item in self.items)

    @property
    def alone(self) -> bool:
        """True when the request needs a transaction of its own."""
        return self.strict or self.corrects


class Placed(Struct, frozen=True, gc=False):
    """A fact that has a place in the batch which is being stored."""

    index: int
    """Index of the fact's row among the rows of the notice in this batch."""


class Repeated(Struct, frozen=True):
    """A fact with the key and the content of an earlier fact."""

    first: EntryRow | Placed
    """The earlier fact: stored before, or placed in this batch."""


class Doubtful(Struct, frozen=True):
    """A fact that the rules refuse, but whose key is not yet looked up: it may be a repetition."""

    refused: Refused


Outcome = Placed | Repeated | Refused | Doubtful
Answer = Receipt | Refused


def answer(outcome: Outcome, rows: Sequence[EntryRow]) -> Answer:
    """Return the receipt or refusal that answers an outcome, from the stored rows of the batch."""
    if isinstance(outcome, Placed):
        return receipt(rows[outcome.index])
    if isinstance(outcome, Repeated):
        first = outcome.first
        return receipt(rows[first.index] if isinstance(first, Placed) else first, duplicate=True)
    return outcome.refused if isinstance(outcome, Doubtful) else outcome
