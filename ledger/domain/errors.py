"""Refusals and errors of the ledger. Imports nothing of the project.

A refusal is data: a code, a sentence and the path of a field. Partner systems receive it, forms show it and
mutations return it. Exceptions carry refusals or one sentence.
"""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct


class Refusal(Struct, frozen=True):
    """The reason why a fact was not recorded; nothing of the fact is stored and its key is still unused."""

    code: Annotated[str, Meta(description="A stable code for programs, such as NOT_FOUND.")]
    message: Annotated[str, Meta(description="One sentence for people: the problem, its place and the remedy.")]
    path: Annotated[
        str, Meta(description="The field concerned, such as data.due; empty if the whole fact is concerned.")
    ] = ""


class LedgerError(Exception):
    """An operation of the ledger failed; the message names the problem, its place and the remedy."""


class Refused(LedgerError):
    """A fact was refused; `refusals` holds every reason, in the order of the fields."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(f"{r.path}: {r.message}" if r.path else r.message for r in self.refusals))

    @classmethod
    def because(cls, code: str, message: str, path: str = "") -> "Refused":
        """Return the exception for a single refusal."""
        return cls((Refusal(code, message, path),))


class Busy(LedgerError):
    """Too many facts are waiting to be recorded; this one was not accepted. Retry in a moment."""


class Unavailable(LedgerError):
    """The database is unreachable. Facts with a receipt are safe; retrying the others is safe."""


class WorkerLost(Unavailable):
    """The worker of a cluster that has the notice is unreachable. The other notices go on; retrying is safe."""


class Stopped(Unavailable):
    """Recording has stopped until an operator acts; the message names the remedy."""


class ClockWrong(Stopped):
    """A clock is wrong by more than a bound, so the time of recording cannot be trusted."""


class RolledBack(Stopped):
    """The database lost entries of a notice that were recorded or signed; the message names the remedy."""


class Damaged(LedgerError):
    """The stored record contradicts itself; run `ledger verify`, which names the entry."""
