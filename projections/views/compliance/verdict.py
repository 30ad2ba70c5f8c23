"""What a rule is asked and what it answers. Pure: instants come in, no clock is read."""

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from ledger.domain.areas.notice import Modality, Parameter
from ledger.domain.fact import YEARS, Fact, WordList

DAY = timedelta(days=1)
LONGEST = 36_600
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Status(WordList):
    """Whether an obligation is met."""

    MET = "MET"
    """It is met, and entries show it."""
    AT_RISK = "AT_RISK"
    """It is not breached, and will be unless something happens."""
    NOT_MET = "NOT_MET"
    """It is breached."""
    NOT_DUE = "NOT_DUE"
    """Nothing is asked yet, or any more."""
    NO_EVIDENCE = "NO_EVIDENCE"
    """Nothing recorded shows that it is met, or that it is not."""


class Verdict(Struct, frozen=True, gc=False):
    """What a rule says of an obligation at an instant."""

    status: Status
    reason: str
    """A sentence without narratives: ids, days and counts only."""
    entries: tuple[int, ...] = ()
    """The entries that it rests on, in order."""


def verdict(status: Status, reason: str, *entries: int) -> Verdict:
    """A verdict that rests on these entries, in whatever order they are named."""
    return Verdict(status, reason, tuple(sorted(set(entries))))


class Occurrence(Struct, frozen=True, gc=False):
    """A recorded fact, when it happened, and the entry that holds it."""

    at: datetime
    position: int
    fact: Fact


class Closure(Struct, frozen=True, gc=False):
    """How an area ended."""

    position: int
    closed: bool
    """False: it was carried over to another notice."""
    day: date


class ClauseQuestion(Struct):
    """A clause's obligation as it stands at an instant, and the notice around it."""

    number: str
    modality: Modality
    parameters: dict[str, Parameter]
    position: int
    """The entry that registered the clause."""
    since: datetime
    """When the clause began to ask."""
    zone: ZoneInfo
    areas: dict[str, int] = field(default_factory=dict)
    """Area → the entry that registered it."""
    ended: dict[str, Closure] = field(default_factory=dict)
    """Areas that ended."""

    def day(self, at: datetime) -> date:
        """The calendar day of an instant in the notice's zone."""
        return at.astimezone(self.zone).date()

    def start(self, day: date) -> datetime:
        """The first instant of a day."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def after(self, day: date) -> datetime:
        """The first instant after a day: when it has passed."""
        return self.start(day + DAY)

    def number_of(self, name: str, otherwise: int) -> int:
        """A parameter that is a whole number, of days or of months: a hundred years of them at most."""
        value = self.parameters.get(name)
        return min(value, LONGEST) if isinstance(value, int) and not isinstance(value, bool) else otherwise

    def word(self, name: str) -> str | None:
        """A parameter that is a word."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else None

    def words(self, name: str) -> list[str]:
        """A parameter that is a list of words."""
        value = self.parameters.get(name)
        return value if isinstance(value, list) else []

    def date(self, name: str) -> date | None:
        """A parameter that is a day, of a year that people plan in."""
        try:
            day = date.fromisoformat(self.word(name) or "")
        except ValueError:
            return None
        return day if day.year in YEARS else None

    def open_areas(self) -> list[str]:
        """The areas that have not ended, or the one that the clause names."""
        named = self.word("area")
        return [area for area in self.areas if area not in self.ended and named in (None, area)]


class Rule(Struct):
    """A kind of rule, with what it remembers of a clause's happenings in order of time.

    As it stands here it judges nothing: it is the rule of a clause that names a kind the ledger does not know.
    """

    facts: ClassVar[frozenset[type[Fact]]] = frozenset()
    """The facts that it is told of."""

    def take(self, happening: Occurrence) -> bool | None:
        """Remembers what happened, in order of time; False: that changes nothing that it says, now or later."""

    def judge(self, asked: ClauseQuestion, at: datetime) -> Verdict:
        """What it says at an instant, given what had happened by then. Changes nothing."""
        return verdict(Status.NO_EVIDENCE, "No rule of the ledger judges this clause; people have to.")

    def moments(self, asked: ClauseQuestion, at: datetime) -> Iterable[datetime]:
        """Instants at which time alone may change what it says; the next one after `at` is among them."""
        return ()


def said(day: date) -> str:
    """A day as it is read aloud, such as 30 June 2023."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def listed(names: Iterable[str]) -> str:
    """Names as they are read aloud: a, b and c."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def months_after(day: date, months: int) -> date:
    """The same day so many calendar months later, or the last of its month where there is none (31 → 30).

    Months count up to a hundred years.
    """
    months = min(months, 1_200)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def latest(known: tuple[datetime, int] | None, happening: Occurrence) -> tuple[datetime, int]:
    """The later of a remembered (instant, entry) and a happening."""
    return max(known, (happening.at, happening.position)) if known else (happening.at, happening.position)
