"""Pages of lists, evaluated in Python: the measure of those that the database cuts."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from projections.query.relation import Sort
from schema.derive.connection import PageSize, cursor, decode_cursor

T = TypeVar("T")


class Page(Struct, frozen=True, eq=False):
    """A page of a list."""

    nodes: list[Any]
    cursors: list[str]
    has_next: bool
    has_previous: bool
    total: int
    groups: Callable[[Any], Any]


class Ordered(Struct, frozen=True, eq=False):
    """All items of a list in their order, each with its place."""

    of: str
    """Name of the list in its cursors."""
    items: Sequence[Any]
    places: Sequence[Sequence[Any]]
    hints: tuple[Any, ...]
    """Types of a place's values."""
    sorts: Sequence[Sort]
    is_reversed: bool = False

    def page(self, arguments: Mapping[str, Any], groups: Callable[[Any], Any]) -> Page:
        """Return the page that the arguments name, by Relay's rules."""
        size = PageSize.of(arguments.get("first"), arguments.get("last"))
        after = decode_cursor(self.of, arguments.get("after"), *self.hints)
        before = decode_cursor(self.of, arguments.get("before"), *self.hints, bound="before")
        inside = [
            number
            for number, place in enumerate(self.places)
            if (after is None or self._follows(place, after)) and (before is None or self._follows(before, place))
        ]
        chosen = inside[-size.most :] if size.is_backward else inside[: size.most]
        is_cut = len(chosen) < len(inside)
        return Page(
            [self.items[number] for number in chosen],
            [cursor(self.of, list(self.places[number])) for number in chosen],
            before is not None or (is_cut and not size.is_backward),
            after is not None or (is_cut and size.is_backward),
            len(self.items),
            groups,
        )

    def _follows(self, one: Sequence[Any], other: Sequence[Any]) -> bool:
        """Return True if one place comes after another."""
        for sort, mine, theirs in zip(self.sorts, one, other, strict=False):
            if mine != theirs:
                if mine is None or theirs is None:
                    return mine is None
                return bool(mine < theirs) if sort.descending else bool(mine > theirs)
        mine, theirs = list(one[len(self.sorts) :]), list(other[len(self.sorts) :])
        return mine < theirs if self.is_reversed else mine > theirs


def in_order(rows: Sequence[T], sorts: Sequence[Sort], value: Callable[[T, Sort], Any]) -> list[T]:
    """Return rows ordered by sorts; null comes last, and ties keep their order."""
    ordered = list(rows)
    for sort in reversed(sorts):
        with_value = [row for row in ordered if value(row, sort) is not None]
        without = [row for row in ordered if value(row, sort) is None]
        with_value.sort(key=lambda row: value(row, sort), reverse=sort.descending)
        ordered = with_value + without
    return ordered


FIELDS: Mapping[str, Callable[..., Any]] = {
    "nodes": lambda page, _: page.nodes,
    "edges": lambda page, _: [
        {"node": node, "cursor": at} for node, at in zip(page.nodes, page.cursors, strict=True)
    ],
    "page_info": lambda page, _: {
        "has_next_page": page.has_next,
        "has_previous_page": page.has_previous,
        "start_cursor": page.cursors[0] if page.cursors else None,
        "end_cursor": page.cursors[-1] if page.cursors else None,
    },
    "total_count": lambda page, _: page.total,
    "groups": lambda page, _, by=None: page.groups(by or ()),
}
"""Fields of a page."""
