"""Why a view could not be read. Imports the ledger's base error only.

Each error has a `code`: a stable word for programs.
"""

from typing import ClassVar

from ledger.domain.errors import LedgerError


class ReadingError(LedgerError):
    """A notice could not be read as asked."""

    code: ClassVar[str]


class UnknownNotice(ReadingError):
    """There is no such notice."""

    code = "NOT_FOUND"


class NotRecordedYet(ReadingError):
    """Nothing had been recorded at the position or the instant asked for."""

    code = "NOT_RECORDED_YET"


class NotCaughtUp(ReadingError):
    """The views did not reach the position in the time given; ask again."""

    code = "NOT_CAUGHT_UP"


class ViewStopped(ReadingError):
    """The fold of a view stopped before the position that is read; the other views go on."""

    code = "VIEW_STOPPED"

    def __init__(self, notice: str, view: str, position: int) -> None:
        super().__init__(
            f"the view {view} of {notice} stopped after position {position}, which `viewStates` tells of; "
            "ask as of that position, or leave it out"
        )


class TooSlow(ReadingError):
    """A query took longer than a reading allows."""

    code = "LIMIT_EXCEEDED"


class Unfit(ReadingError):
    """What is asked for holds what no text can, so that nothing recorded is like it."""

    code = "BAD_USER_INPUT"


class Inexact(LedgerError):
    """An answer that the database put together would not say what is there; it has to be read field by field."""
