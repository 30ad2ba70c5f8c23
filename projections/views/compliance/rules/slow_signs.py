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
    """Entry that shows it as the words state it."""
    words: str
    """Predicate of the objective, such as `is rated RED for activity`."""
    from_: datetime
    """Instant from which a highlight of the objective counts."""
    ended: datetime | None = None
    end_position: int | None = None
    """Entry that ended it."""

    def past(self, ended: datetime, position: int) -> "Sign":
        """Return the sign as it was until an instant, at which an entry ended it."""
        words = f"was{self.words[2:]}" if self.words.startswith("is ") else self.words
        return structs.replace(self, words=words, ended=ended, end_position=position)


def by_entry(sign: Sign) -> tuple[datetime, int]:
    """Return the order of an objective's signs: the earliest first."""
    return sign.since, sign.position


Ratings = tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]
"""The latest three ratings for ACTIVITY and for IMPACT."""


class TrackedObjective(Struct, frozen=True):
    """An open objective. It is replaced and never changed, so that copies of the judge share it."""

    due: date
    position: int
    """Entry that set the date."""
    dated: datetime
    """Instant at which the date was set."""
    highlights: Sequence[tuple[datetime, int]] = ()
    """Instants and entries of its highlights to the board, in order."""
    ratings: Ratings = (("ACTIVITY", ()), ("IMPACT", ()))
    signs: Mapping[str, Sign] = field(default_factory=dict)
    """Signs of slow progress that its ratings show."""
    past: Mapping[str, Sign] = field(default_factory=dict)
    """Kind of sign → the earliest that the board met without, and that ended before a highlight."""
    open: Mapping[str, datetime] = field(default_factory=dict)
    """Actions that are neither completed nor dropped, and the instants from which they are open."""
    done: AbstractSet[str] = frozenset()
    """Completed actions; an objective whose actions were all dropped is not finished."""
    closed: tuple[datetime, int] | None = None
    """Instant and entry of the latest completion or drop of an action."""

    def highlight(self, since: datetime) -> tuple[datetime, int] | None:
        """Return the first highlight from an instant on."""
        if not self.highlights:
            return None
        index = bisect_left(self.highlights, (since, 0))
        return self.highlights[index] if index < len(self.highlights) else None


class TrackedSign(Struct, frozen=True, gc=False):
    """A sign of slow progress, and how the board was told."""

    sign: Sign
    is_missed: bool
    """True if the board met without the highlight."""
    is_highlighted: bool
    is_open: bool
    """True if the next meeting misses the earliest sign that holds, unless it is highlighted before."""


SlowObjective = tuple[bool, datetime, str, Sign]
"""True if the sign ended; the instant from which it holds; the objective's id; the sign."""


def _slow(name: str, sign: Sign) -> SlowObjective:
    """Return an objective in the order of signs: those that hold before those that ended, then the earliest."""
    return sign.ended is not None, sign.since, name, sign


class TrackedSigns(Struct):
    """The sign that decides for each objective with one, and the objectives by how the board was told."""

    signs: dict[str, TrackedSign] = field(default_factory=dict)
    """Objective → its sign."""
    missed: list[SlowObjective] = field(default_factory=list)
    """Objectives whose sign the board met without, in order."""
    unhighlighted: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    """Objectives that the next meeting misses, unless they are highlighted before."""

    def put(self, name: str, tracked: TrackedSign | None) -> bool:
        """Set the sign of an objective; None removes it. Return True if the sign changed."""
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
        """Return the first objective without a highlight; None: each one is highlighted."""
        return min((_slow(name, self.signs[name].sign) for name in self.unhighlighted), default=None)
