"""What the ledger says when it will not do a thing. Imports nothing of the project.

A refusal is data (a code, a sentence, the path of the field), because it is answered to partner systems,
shown on forms and returned by mutations; the exceptions carry refusals or one sentence.
"""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct


class Refusal(Struct, frozen=True):
    """Why a fact was not recorded: nothing of it is in the ledger, and its key was not used up."""

    code: Annotated[str, Meta(description="A stable word for programs, such as NOT_FOUND.")]
    message: Annotated[str, Meta(description="One sentence for people: what, where, and the mend.")]
    path: Annotated[str, Meta(description="The field concerned, such as data.due; empty for the whole.")] = ""


class LedgerError(Exception):
    """The ledger could not do what was asked; the message says what, where and the mend."""


class Refused(LedgerError):
    """A fact was refused; `refusals` holds every reason, in the order of the fields."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__("; ".join(f"{r.path}: {r.message}" if r.path else r.message for r in self.refusals))

    @classmethod
    def because(cls, code: str, message: str, path: str = "") -> "Refused":
        """A refusal for one reason."""
        return cls((Refusal(code, message, path),))


class Busy(LedgerError):
    """Too many facts are waiting to be recorded; nothing of this one was kept: send it again in a moment."""


class Unavailable(LedgerError):
    """The database cannot be reached; what was answered with a receipt is safe, the rest may be sent again."""


class Damaged(LedgerError):
    """The stored record contradicts itself; run `ledger verify`, which names the entry."""
