"""Relay connections on keysets: opaque cursors, pages of at most LARGEST rows. Imports strawberry.

A cursor names its list and its row's key, with a check. A forged, broken or foreign cursor is refused.
It is never read as another place.
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import strawberry
from graphql import GraphQLError

from schema.errors import BAD_USER_INPUT, problem

LARGEST = 1_000
USUAL = 50


Place = list[Any]
"""A row's place in its list: its values in the list's order."""
N = TypeVar("N")
First = Annotated[int | None, strawberry.argument(description=f"Most items to return, from 1 to {LARGEST}.")]
After = Annotated[
    str | None, strawberry.argument(description="Start after this cursor: the `endCursor` of the page before.")
]


@strawberry.type(description="A page's place in its list.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="True if more items follow this page.")
    has_previous_page: bool = strawberry.field(description="True if the page was requested with a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of the page's first item.")
    end_cursor: str | None = strawberry.field(description="Cursor to pass as `after` for the next page.")


@strawberry.type(description="An item of a list, with its cursor.")
class Edge(Generic[N]):
    """Relay's Edge."""

    node: N = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="The item's place in the list, opaque.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    """Relay's Connection."""

    edges: list[Edge[N]] = strawberry.field(description="Items with their cursors, in the list's order.")
    nodes: list[N] = strawberry.field(description="Items without their cursors.")
    page_info: PageInfo = strawberry.field(description="The page's place in the list.")
    total_count: int = strawberry.field(description="Number of items on all pages that meet the conditions.")


def check_first(first: int | None) -> int:
    """Return `first`; the usual number for null.

    Raises:
        GraphQLError: BAD_USER_INPUT, if `first` is out of range.
    """
    if first is None:
        return USUAL
    if not 1 <= first <= LARGEST:
        raise problem(BAD_USER_INPUT, f"first is {first}; use 1 to {LARGEST}, and `after` for the next page")
    return first


def _check(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def cursor(of: str, place: Place) -> str:
    """Return the cursor of the row at a place in the list `of`."""
    text = f"{of}#{msgspec.json.encode(place).decode()}"
    return urlsafe_b64encode(f"{_check(text)}#{text}".encode()).decode().rstrip("=")


def decode_cursor(of: str, after: str | None, *hints: Any) -> Place | None:  # noqa: ANN401 - types of any kind
    """Return the place that a cursor of the list `of` names: one value of each type.

    Raises:
        GraphQLError: BAD_USER_INPUT, for any other text.
    """
    if after is None:
        return None
    try:
        text = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        place = list(msgspec.json.decode(text.partition(f"#{of}#")[2], type=tuple[hints]))  # type: ignore[valid-type]
    except ValueError:
        place = []
    if cursor(of, place) != after:
        order = _other_order(of, after)
        if order is not None:
            raise problem(BAD_USER_INPUT, f"after is a cursor of the order {order}; send the same orderBy with it")
        raise foreign_cursor()
    return place


def foreign_cursor() -> GraphQLError:
    """Return the error for a text that is not a cursor of the list."""
    return problem(BAD_USER_INPUT, "after is not a cursor of this list; send the endCursor of one of its pages")


def key_of_cursor(of: str, after: str) -> str | None:
    """Return the key in a cursor of the list `of` below a row; None for any other text."""
    try:
        text = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
    except ValueError:
        return None
    name, mark, _ = text.partition("#")[2].partition("#[")
    return name[len(of) + 1 :] if mark and name.startswith(f"{of}/") else None


_ORDER = re.compile(r"^([^#(/]+)(?:\(([^)]*)\))?/")
"""Beginning of a list's name: its place in the schema, and its order."""


def _other_order(of: str, after: str) -> str | None:
    """Return the order of a cursor of this list in another order; None for any other text."""
    try:
        check, list_of, place = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode().split("#", 2)
    except ValueError:
        return None
    ours, theirs = _ORDER.match(of), _ORDER.match(list_of)
    if check != _check(f"{list_of}#{place}") or ours is None or theirs is None or ours[1] != theirs[1]:
        return None
    return None if ours[2] == theirs[2] else theirs[2] or "of the list itself"
