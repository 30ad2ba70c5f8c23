"""Refusals and errors of the ledger. Imports nothing of the project.

A refusal is data: a code, a sentence and the path of a field. Partner systems receive it, forms show it and
mutations return it. Exceptions carry refusals or one sentence.
"""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct


class Refusal(Struct, frozen=True):
    """The reason why a fact was not recorded; nothing of it is stored, and it uses up no key."""

    code: Annotated[str, Meta(description="A stable code for programs, such as NOT_FOUND.")]
    message: Annotated[str, Meta(description="One sentence for people: the problem, its place and the remedy.")]
    path: Annotated[
        str, Meta(description="The field concerned, such as data.due; empty if the whole fact is concerned.")
    ] = ""


class LedgerError(Exception):
    """Failure of an operation of the ledger; the message names the problem, its place and the remedy."""


class Refused(LedgerError):
    """Error for a refused fact or request; `refusals` holds the reasons."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(f"{r.path}: {r.message}" if r.path else r.message for r in self.refusals))

    @classmethod
    def because(cls, code: str, message: str, path: str = "") -> "Refused":
        """Return the exception for a single refusal."""
        return cls((Refusal(code, message, path),))


class Busy(LedgerError):
    """Error for a fact or request that was not accepted because there are too many. Retry in a moment."""


class Unavailable(LedgerError):
    """Error while the database, or something else that is needed, is unavailable.

    Facts with a receipt are safe; retrying other facts is safe.
    """


class WorkerLost(Unavailable):
    """Error while the cluster's worker for a notice is unreachable. Other notices still work; retrying is safe."""


class Stopped(Unavailable):
    """Error while recording has stopped until an operator acts; the message names the remedy."""


class ClockWrong(Stopped):
    """Error for a clock that is wrong by more than a bound, so the time of recording cannot be trusted."""


class RolledBack(Stopped):
    """Error for a database that lost recorded or signed entries of a notice; the message names the remedy."""


class Damaged(LedgerError):
    """Error for stored data that is damaged, missing or contradicts itself; run `ledger verify` to find it."""
