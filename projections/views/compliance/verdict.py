"""The clause that is judged, the verdict, and the judge of a rule. Pure: no clock is read."""

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum, auto
from functools import lru_cache
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from msgspec import Struct, field, structs

from ledger.domain.areas.notice import Modality, Parameter
from ledger.domain.fact import Fact, WordList
from ledger.domain.rules.rule import Rule

DAY = timedelta(days=1)
WARNING_DAYS = 7
"""Days in a week of warning. A matter is at risk from one or more such weeks before its limit."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
R = TypeVar("R", bound=Rule)


class Status(WordList):
    """Status of a clause, which may impose an obligation, give a power or require nothing."""

    MET = "MET"
    """The obligation is met, and entries show it."""
    MET_LATE = "MET_LATE"
    """The obligation was met after its date, and entries show it."""
    AT_RISK = "AT_RISK"
    """The obligation is not met yet, and will not be met unless something changes."""
    NOT_MET = "NOT_MET"
    """The obligation is not met; for a SHOULD clause, it is not achieved."""
    NOT_DUE = "NOT_DUE"
    """The obligation is not due yet, or no longer applies."""
    NO_EVIDENCE = "NO_EVIDENCE"
    """No entry shows whether the obligation is met."""
    POWER_UNUSED = "POWER_UNUSED"
    """The clause gives a power, which is not in use."""
    POWER_USED = "POWER_USED"
    """The clause gives a power, which was used."""
    NOT_APPLICABLE = "NOT_APPLICABLE"
    """The clause introduces other clauses and carries no obligation."""

    @property
    def is_obligation(self) -> bool:
        """True if tallies of obligations count the status."""
        return self not in (Status.POWER_UNUSED, Status.POWER_USED, Status.NOT_APPLICABLE)


class Verdict(Struct, frozen=True, gc=False):
    """A clause's status at an instant, with its reason."""

    status: Status
    reason: str
    """One or more sentences, without narratives."""
    entries: tuple[int, ...] = ()
    """Positions of the entries that show the status, in order."""


def verdict(status: Status, reason: str, *entries: int | None) -> Verdict:
    """Return a verdict that rests on some entries, sorted and without duplicates or None."""
    if len(entries) == 1 and entries[0] is not None:
        return Verdict(status, reason, (entries[0],))
    positions: set[Any] = {*entries}
    positions.discard(None)
    return Verdict(status, reason, tuple(sorted(positions)))


class Occurrence(Struct, frozen=True, gc=False):
    """A recorded fact, the instant at which it happened, its entry and its recorder's role."""

    at: datetime
    position: int
    fact: Fact
    role: str = ""


@lru_cache(4_096)
def _day(at: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant. Cached, because many clauses ask for the day of an occurrence."""
    return at.astimezone(zone).date()


@lru_cache(4_096)
def _start(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day. Cached, because most entries leave the deadlines as they were."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


class JudgedClause(Struct):
    """A clause at an instant, with the time zone and the areas of its notice."""

    number: str
    modality: Modality
    kind: str
    """Name of the clause's rule."""
    parameters: Mapping[str, Parameter]
    position: int
    """Position of the entry that registered the clause."""
    since: datetime
    """Instant from which the clause holds."""
    zone: ZoneInfo
    areas: dict[str, int] = field(default_factory=dict)
    """Area → the entry that registered it."""
    ended_areas: set[str] = field(default_factory=set)
    faults: str = ""
    """Faults of the clause's rule and parameters; empty without faults. A clause with faults is not judged."""
    final: Verdict | None = None
    """Verdict that stays after the area or the notice was closed; None before the closure."""

    def day(self, at: datetime) -> date:
        """Return the calendar day of an instant in the notice's zone."""
        return _day(at, self.zone)

    def start(self, day: date) -> datetime:
        """Return the first instant of a day in the notice's zone."""
        return _start(day, self.zone)

    def after(self, day: date) -> datetime:
        """Return the first instant after a day in the notice's zone."""
        return self.start(day + DAY)

    def open_areas(self) -> list[str]:
        """Return the areas that have not ended."""
        return [area for area in self.areas if area not in self.ended_areas]


class LateEffect(Enum):
    """Effect on verdicts of an occurrence that happened before the latest occurrence."""

    ANY = auto()
    """Possible change of any verdict, or an unknown effect. The judge did not take the occurrence."""
    FROM_LATEST = auto()
    """Possible change of the verdicts from the latest occurrence on."""
    NONE = auto()
    """No change of any verdict, now or later, unless more is recorded."""


class Judge(Struct, Generic[R]):
    """The judge of one clause by one kind of rule.

    A judge takes the clause's occurrences in order of time, except those that `take_late` takes.
    """

    rule: R
    """The rule's parameters as interpreted and revised up to now."""

    def take(self, occurrence: Occurrence) -> bool | None:
        """Remember an occurrence. Return False if it changes no verdict, now or later, unless more is recorded."""

    def take_late(self, clause: JudgedClause, occurrence: Occurrence, latest: datetime) -> LateEffect:
        """Take an occurrence from before `latest` if it changes no verdict until then. Return its effect."""
        return LateEffect.ANY

    def judge(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict at an instant on the occurrences taken so far. The call changes no later verdict."""
        raise NotImplementedError

    def power(self, clause: JudgedClause, at: datetime) -> Verdict:
        """Return the verdict of a MAY clause: the power was used if the rule is met."""
        result = self.judge(clause, at)
        is_used = result.status in (Status.MET, Status.MET_LATE)
        return structs.replace(result, status=Status.POWER_USED if is_used else Status.POWER_UNUSED)

    def moments(self, clause: JudgedClause, at: datetime) -> Iterable[datetime]:
        """Return instants at which time alone may change the verdict, among them the first after `at`."""
        return ()


@lru_cache(4_096)
def in_words(day: date) -> str:
    """Return a day as people write it, such as 30 June 2023."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def days_in_words(days: int) -> str:
    """Return a number of days as people write it, such as 1 day or 12 days."""
    return f"{days} day{'' if days == 1 else 's'}"


def enumerate_names(names: Iterable[str]) -> str:
    """Return names as people list them: a, b and c."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def enumerate_some(names: Sequence[str], most: int = 5) -> str:
    """Return names as people list them, or the first `most` names and the number of the other names."""
    return enumerate_names([*names[:most], f"{len(names) - most} others"] if len(names) > most + 1 else names)


def word_in_text(word: str) -> str:
    """Return a word of a closed list as it reads in a sentence."""
    return word.replace("_", " ").lower().replace("multi agency", "multi-agency")


@lru_cache(4_096)
def months_after(day: date, months: int) -> date:
    """Return the same day so many months later (at most 1,200), or that month's last day (31 → 30)."""
    months = min(months, 1_200)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def warned(clause: JudgedClause, limit: date, weeks: int = 1) -> list[datetime]:
    """Return the instants at which a limit comes nearer than `weeks` weeks, and at which the limit has passed."""
    return [clause.after(limit - weeks * WARNING_DAYS * DAY), clause.after(limit)]


def is_near(today: date, limit: date, weeks: int = 1) -> bool:
    """Return True if a limit is fewer than `weeks` weeks away, or has passed."""
    return today > limit - weeks * WARNING_DAYS * DAY
