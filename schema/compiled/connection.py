"""Pages of lists, as answer trees. Imports graphql-core."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from msgspec import Struct

from projections.query.tree import Cursor, EndCursor, HasMore, Node, ObjectNode, PageRows, TotalCount
from schema.compiled.arguments import Arguments, CursorPart
from schema.compiled.selection import Selection, constant, object_of, python_name
from schema.derive.connection import Bound, PageSize, neighbours

Member = Callable[[GraphQLField, list[FieldDetails]], Node]
"""Builder of the tree of one selected field."""
Walk = Callable[[GraphQLObjectType, list[FieldDetails], Member], ObjectNode]
"""Builder of an object's tree from the trees of its selected fields."""
Make = Callable[[GraphQLField, list[FieldDetails]], ObjectNode]
"""Builder of the tree of a field's object, or of each item of its list."""


class PageBounds(Struct, frozen=True, eq=False):
    """The size and the cursors of a page, from the page's arguments."""

    size: PageSize
    cursors: Mapping[Bound, tuple[CursorPart, ...]]
    """Parameters for the values of the place that a cursor names, by the cursor's argument."""
    of_list: str
    is_below: bool

    @classmethod
    def of(
        cls,
        selection: Selection,
        arguments: Arguments,
        of_list: str,
        hints: tuple[Any, ...],
        *,
        is_below: bool = False,
    ) -> "PageBounds":
        """Return the size and the cursors of a page of the list `of_list`.

        Raises:
            GraphQLError: The size is wrong, or a cursor is not a cursor of this list.
        """
        size = PageSize.of(arguments.value("first"), arguments.value("last"))
        cursors: dict[Bound, tuple[CursorPart, ...]] = {}
        bounds: tuple[Bound, Bound] = ("after", "before")
        for bound in bounds:
            sent = arguments.argument(bound)
            if sent is not None:
                parts = range(len(hints))
                cursors[bound] = tuple(CursorPart(sent, of_list, hints, n, bound, is_below) for n in parts)
                selection.check(cursors[bound])
        return cls(size, cursors, of_list, is_below)

    @property
    def listing(self) -> dict[str, Any]:
        """Members of a `Listing` that limit its rows to the page, by name."""
        keys = [
            CursorPart(parts[0].cursor, self.of_list, parts[0].hints, None, bound, is_below=True)
            for bound, parts in self.cursors.items()
            if self.is_below
        ]
        return {
            "first": self.size.most,
            "is_backward": self.size.is_backward,
            "after": self.cursors.get("after", ()),
            "before": self.cursors.get("before", ()),
            "cursor_keys": tuple(keys),
            "cursors": self.of_list,
        }

    @property
    def page_info(self) -> Mapping[str, Node]:
        """Trees of the members of PageInfo, by Python name."""
        following, preceding = neighbours(
            self.size, is_after="after" in self.cursors, is_before="before" in self.cursors, has_more=HasMore()
        )
        return {
            "has_next_page": constant(following) if isinstance(following, bool) else following,
            "has_previous_page": constant(preceding) if isinstance(preceding, bool) else preceding,
            "start_cursor": EndCursor(last=False),
            "end_cursor": EndCursor(last=True),
        }


def page_of(
    walk: Walk,
    field: GraphQLField,
    details: list[FieldDetails],
    make: Make,
    groups: Member,
    bounds: PageBounds,
) -> ObjectNode:
    """Return the tree of a page; `make` builds the trees of its rows, and `groups` the trees of their groups."""

    def member(below: GraphQLField, each: list[FieldDetails]) -> Node:
        match python_name(below):
            case "nodes":
                return PageRows(make(below, each))
            case "edges":
                return PageRows(walk(object_of(below), each, partial(_of_edge, make)))
            case "total_count":
                return TotalCount()
            case "groups":
                return groups(below, each)
        return walk(object_of(below), each, lambda info, _: bounds.page_info[python_name(info)])

    return walk(object_of(field), details, member)


def _of_edge(make: Make, field: GraphQLField, details: list[FieldDetails]) -> Node:
    return Cursor() if python_name(field) == "cursor" else make(field, details)
