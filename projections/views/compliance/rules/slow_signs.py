"""Signs that objectives make slow progress, as the judge of slow objectives remembers them."""

from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime

from msgspec import Struct, field, structs


class Sign(Struct, frozen=True, gc=False):
    """A sign that an objective makes slow progress, from an instant on."""

    since: datetime
    position: int
    """Position of the entry that shows the sign."""
    words: str
    """Predicate of the objective, such as `is rated RED for activity`."""
    from_: datetime
    """Instant from which a highlight of the objective counts."""
    ended: datetime | None = None
    end_position: int | None = None
    """Position of the entry that ended the sign; None while the sign holds."""

    def past(self, ended: datetime, position: int) -> "Sign":
        """Return the sign as it was until an instant, when an entry ended it."""
        words = f"was{self.words[2:]}" if self.words.startswith("is ") else self.words
        return structs.replace(self, words=words, ended=ended, end_position=position)


def by_entry(sign: Sign) -> tuple[datetime, int]:
    """Return the key that sorts the signs of an objective, earliest first."""
    return sign.since, sign.position


Ratings = tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]
"""Up to three latest ratings for ACTIVITY and for IMPACT, oldest first."""


class TrackedObjective(Struct, frozen=True):
    """An open objective. It is replaced and never changed, so that copies of the judge share it."""

    due: date
    position: int
    """Position of the entry that set the due date."""
    dated: datetime
    """Instant at which the due date was set."""
    highlights: Sequence[tuple[datetime, int]] = ()
    """Instants and entries of the objective's highlights to the board, in order."""
    ratings: Ratings = (("ACTIVITY", ()), ("IMPACT", ()))
    signs: Mapping[str, Sign] = field(default_factory=dict)
    """Kind of sign → the sign of slow progress that the ratings show."""
    past: Mapping[str, Sign] = field(default_factory=dict)
    """Kind of sign → the earliest ended sign for which the board met without a highlight."""
    open: Mapping[str, datetime] = field(default_factory=dict)
    """Action that is neither completed nor dropped → the instant from which it is open."""
    done: AbstractSet[str] = frozenset()
    """Completed actions. An objective whose actions were all dropped is not finished."""
    closed: tuple[datetime, int] | None = None
    """Instant and entry of the latest completion or drop of an action."""

    def highlight(self, since: datetime) -> tuple[datetime, int] | None:
        """Return the instant and entry of the first highlight from an instant on, or None without a highlight."""
        if not self.highlights:
            return None
        index = bisect_left(self.highlights, (since, 0))
        return self.highlights[index] if index < len(self.highlights) else None


class TrackedSign(Struct, frozen=True, gc=False):
    """A sign of slow progress, and the state of its highlight to the board."""

    sign: Sign
    is_missed: bool
    """True if the board met while the sign held, and no highlight has followed."""
    is_highlighted: bool
    is_open: bool
    """True if the objective's earliest current sign still needs a highlight before the next meeting."""


SlowObjective = tuple[bool, datetime, str, Sign]
"""Slow objective: True if its sign ended, the instant at which the sign began, the objective's id, the sign."""


def _slow(name: str, sign: Sign) -> SlowObjective:
    """Return an objective with its sign as a tuple that sorts current signs first, then earlier signs first."""
    return sign.ended is not None, sign.since, name, sign


class TrackedSigns(Struct):
    """Deciding signs of the slow objectives, and the objectives by the state of their highlights."""

    signs: dict[str, TrackedSign] = field(default_factory=dict)
    """Objective → its deciding sign."""
    missed: list[SlowObjective] = field(default_factory=list)
    """Objectives whose deciding sign is missed, in order."""
    unhighlighted: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    """Objectives that still need a highlight before the next meeting."""

    def put(self, name: str, tracked: TrackedSign | None) -> bool:
        """Set the sign of an objective; None removes the sign. Return True if the sign changed."""
        before = self.signs.get(name)
        if before == tracked:
            return False
        if before is not None:
            del self.signs[name]
            self.unhighlighted.discard(name)
            self.open.discard(name)
            if before.is_missed:
                del self.missed[bisect_left(self.missed, _slow(name, before.sign)[:3])]
        if tracked is not None:
            self.signs[name] = tracked
            if not tracked.is_highlighted:
                self.unhighlighted.add(name)
            if tracked.is_open:
                self.open.add(name)
            if tracked.is_missed:
                insort(self.missed, _slow(name, tracked.sign))
        return True

    def all(self) -> list[SlowObjective]:
        """Return every objective with a sign, in order."""
        return sorted(_slow(name, tracked.sign) for name, tracked in self.signs.items())

    def first_unhighlighted(self) -> SlowObjective | None:
        """Return the first slow objective without a highlight, or None if all are highlighted."""
        return min((_slow(name, self.signs[name].sign) for name in self.unhighlighted), default=None)
