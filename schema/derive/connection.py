"""Relay connections on keysets: opaque cursors, pages of at most LARGEST rows.

A cursor names its list and its row's place there, with a checksum. A broken or foreign cursor is refused, and
never read as another place. Imports strawberry and graphql-core.
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
import strawberry
from graphql import GraphQLError
from msgspec import Struct

from schema.errors import BAD_USER_INPUT, problem

LARGEST = 1_000
USUAL = 50


Place = list[Any]
"""A row's place in its list: its values in the list's order."""
N = TypeVar("N")
T = TypeVar("T")
First = Annotated[
    int | None,
    strawberry.argument(
        description=f"Page size from the start, 1 to {LARGEST}; {USUAL} without `first` and `last`."
    ),
]
Last = Annotated[
    int | None,
    strawberry.argument(description=f"Page size from the end, 1 to {LARGEST}; items keep their order."),
]
After = Annotated[
    str | None, strawberry.argument(description="Start after this cursor: the `endCursor` of the page before.")
]
Before = Annotated[
    str | None, strawberry.argument(description="End before this cursor: the `startCursor` of the page after.")
]
Bound = Literal["after", "before"]
"""Name of an argument that contains a cursor."""
PAGE_ARGUMENTS: Mapping[str, tuple[Any, None]] = {
    "first": (First, None),
    "after": (After, None),
    "last": (Last, None),
    "before": (Before, None),
}
"""Type and default of each argument of a page, by Python name."""


@strawberry.type(description="A page's place in its list.")
class PageInfo:
    """Relay's PageInfo: the cursors of a page, and the presence of items before and after it."""

    has_next_page: bool = strawberry.field(description="True if more items follow this page.")
    has_previous_page: bool = strawberry.field(description="True if more items precede this page.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the page's first item, to pass as `before` for the page before."
    )
    end_cursor: str | None = strawberry.field(description="Cursor to pass as `after` for the next page.")


@strawberry.type(description="An item of a list, with its cursor.")
class Edge(Generic[N]):
    """Relay's Edge: an item of a list with its cursor."""

    node: N = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="The item's place in the list, opaque.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    """Relay's Connection: a page of a list."""

    edges: list[Edge[N]] = strawberry.field(description="Items with their cursors, in the list's order.")
    nodes: list[N] = strawberry.field(description="Items without their cursors.")
    page_info: PageInfo = strawberry.field(description="The page's place in the list.")
    total_count: int = strawberry.field(description="Number of items on all pages that meet the conditions.")


class PageSize(Struct, frozen=True):
    """Maximum number of items of a page, and the end of the list at which the page begins."""

    most: int
    is_backward: bool

    @classmethod
    def of(cls, first: int | None, last: int | None) -> "PageSize":
        """Return the size that the arguments name; the usual size if both are null.

        Raises:
            GraphQLError: BAD_USER_INPUT, for a number out of range, or for both arguments at once.
        """
        if first is not None and last is not None:
            raise problem(BAD_USER_INPUT, "first and last are both set; send one of them")
        if last is not None:
            return cls(_within_range("last", last, "before"), is_backward=True)
        return cls(USUAL if first is None else _within_range("first", first, "after"), is_backward=False)


def _within_range(name: str, number: int, cursor_argument: Bound) -> int:
    if not 1 <= number <= LARGEST:
        message = f"{name} is {number}; use 1 to {LARGEST}, and `{cursor_argument}` for further pages"
        raise problem(BAD_USER_INPUT, message)
    return number


def neighbours(size: PageSize, *, is_after: bool, is_before: bool, has_more: T) -> tuple[T | bool, T | bool]:
    """Return whether items follow a page, and whether items precede it.

    Args:
        size: Size of the page.
        is_after: True if the page begins after a cursor.
        is_before: True if the page ends before a cursor.
        has_more: Value that is true if the size leaves out items within the cursors.
    """
    if size.is_backward:
        return is_before, is_after or has_more
    return is_before or has_more, is_after


def _check(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def cursor(of: str, place: Place) -> str:
    """Return the cursor of the row at a place in the list `of`."""
    text = f"{of}#{msgspec.json.encode(place).decode()}"
    return urlsafe_b64encode(f"{_check(text)}#{text}".encode()).decode().rstrip("=")


def decode_cursor(
    of: str,
    sent: str | None,
    *hints: Any,  # noqa: ANN401 - types of any kind
    bound: Bound = "after",
) -> Place | None:
    """Return the place that a cursor names in its list; None without a cursor.

    Args:
        of: Name of the list.
        sent: The cursor; None without a cursor.
        hints: Types of the values of the place.
        bound: Name of the argument that contains the cursor.

    Raises:
        GraphQLError: BAD_USER_INPUT, for a text that is not a cursor of the list in its present order.
    """
    if sent is None:
        return None
    try:
        text = urlsafe_b64decode(sent + "=" * (-len(sent) % 4)).decode()
        place = list(msgspec.json.decode(text.partition(f"#{of}#")[2], type=tuple[hints]))  # type: ignore[valid-type]
    except ValueError:
        place = []
    if cursor(of, place) != sent:
        order = _other_order(of, sent)
        if order is not None:
            message = f"{bound} is a cursor of the order {order}; send the same orderBy with it"
            raise problem(BAD_USER_INPUT, message)
        raise foreign_cursor(bound)
    return place


def foreign_cursor(*bounds: Bound) -> GraphQLError:
    """Return the error for a text that is not a cursor of the list."""
    names = " or ".join(bounds)
    message = f"{names} is not a cursor of this list; send the endCursor or startCursor of one of its pages"
    return problem(BAD_USER_INPUT, message)


def key_of_cursor(of: str, sent: str) -> str | None:
    """Return the row's key from a cursor of the list `of` below that row; None for any other text."""
    try:
        text = urlsafe_b64decode(sent + "=" * (-len(sent) % 4)).decode()
    except ValueError:
        return None
    name, mark, _ = text.partition("#")[2].partition("#[")
    return name[len(of) + 1 :] if mark and name.startswith(f"{of}/") else None


_ORDER = re.compile(r"^([^#(/]+)(?:\(([^)]*)\))?/")
"""Beginning of a list's name: its place in the schema, and its order."""


def _other_order(of: str, sent: str) -> str | None:
    """Return the order of a cursor that belongs to this list in another order; None for any other text."""
    try:
        check, list_of, place = urlsafe_b64decode(sent + "=" * (-len(sent) % 4)).decode().split("#", 2)
    except ValueError:
        return None
    own, other = _ORDER.match(of), _ORDER.match(list_of)
    if check != _check(f"{list_of}#{place}") or own is None or other is None or own[1] != other[1]:
        return None
    return None if own[2] == other[2] else other[2] or "of the list itself"
