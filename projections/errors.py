"""Errors of reading and rebuilding views.

Each reading error has a `code`, a stable word for programs.
"""

from typing import ClassVar

from ledger.domain.errors import LedgerError


class ReadingError(LedgerError):
    """Base of the errors in reading a notice."""

    code: ClassVar[str]


class UnknownNotice(ReadingError):
    """No notice with the requested id is recorded."""

    code = "NOT_FOUND"


class NotRecordedYet(ReadingError):
    """Nothing had been recorded at the requested position, or by the requested instant."""

    code = "NOT_RECORDED_YET"


class NotCaughtUp(ReadingError):
    """The views did not reach the requested position in time; ask again."""

    code = "NOT_CAUGHT_UP"


class ViewStopped(ReadingError):
    """The fold of a view stopped before the requested position; the other views continue."""

    code = "VIEW_STOPPED"

    def __init__(self, notice: str, view: str, position: int) -> None:
        super().__init__(
            f"the view {view} of {notice} stopped after position {position}, see `viewStates`; "
            "ask as of that position, or leave the view out"
        )


class TooSlow(ReadingError):
    """A query took longer than a snapshot allows."""

    code = "LIMIT_EXCEEDED"


class TooMany(ReadingError):
    """The lists of an answer have more rows than the limit allows."""

    code = "LIMIT_EXCEEDED"


class InvalidText(ReadingError):
    """An argument contains NUL or a lone surrogate, so no string in the database can match it."""

    code = "BAD_USER_INPUT"


class Inexact(LedgerError):
    """The database cannot write an answer in the client's types. The caller has to check each value."""
