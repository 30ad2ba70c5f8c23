"""Why a view could not be read. Imports the ledger's base error only.

Each error has a `code`: a stable word for programs.
"""

from typing import ClassVar

from ledger.errors import LedgerError


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
