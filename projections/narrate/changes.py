"""Changes of a notice's values, entry by entry. Pure.

A value belongs to an aspect of a subject, such as the due date of an objective. A fact's sentence declares the
values that hold from then on. A correction removes the values of the corrected entry, and adds those of its
replacement.
"""

from bisect import insort
from collections.abc import Iterable, Mapping

from msgspec import Struct

Aspect = tuple[str, str]
"""A subject and one of its aspects: ("objective O1", "due")."""


class Change(Struct, frozen=True):
    """A change of one value, by an entry or between two positions."""

    of: str
    """Subject whose value changed."""
    aspect: str
    before: str | None
    """Value before the change; None if the aspect had no value."""
    after: str | None


class Values(Struct):
    """Values that hold after some entries of a history."""

    by_aspect: dict[Aspect, list[tuple[int, str]]] = {}
    """Aspect → each position that set a value of the aspect, and the value; the last value holds."""
    by_position: dict[int, set[Aspect]] = {}
    """Position → the aspects whose values the position's entry set."""

    def current(self) -> dict[Aspect, str]:
        """Return the current value of each aspect that has a value."""
        return {aspect: values[-1][1] for aspect, values in self.by_aspect.items() if values}

    def value(self, aspect: Aspect) -> str | None:
        """Return the current value of an aspect, or None if it has no value."""
        values = self.by_aspect.get(aspect)
        return values[-1][1] if values else None

    def put(self, position: int, aspect: Aspect, value: str) -> None:
        """Set a value as of a position; values of later positions continue to hold."""
        insort(self.by_aspect.setdefault(aspect, []), (position, value))
        self.by_position.setdefault(position, set()).add(aspect)

    def aspects_of(self, position: int) -> Iterable[Aspect]:
        """Return the aspects whose values the entry at a position set."""
        return self.by_position.get(position, ())

    def remove(self, position: int) -> None:
        """Remove the values that the entry at a position set."""
        for aspect in self.by_position.pop(position, ()):
            self.by_aspect[aspect] = [value for value in self.by_aspect[aspect] if value[0] != position]


def difference(
    before: Mapping[Aspect, str] | Mapping[Aspect, str | None],
    after: Mapping[Aspect, str] | Mapping[Aspect, str | None],
) -> list[Change]:
    """Return the changes between two sets of values."""
    aspects: Iterable[Aspect] = dict.fromkeys([*before, *after])
    return [
        Change(*aspect, before.get(aspect), after.get(aspect))
        for aspect in aspects
        if (before.get(aspect) or "") != (after.get(aspect) or "")
    ]
