"""Relay connections on keysets: opaque cursors, pages of at most LARGEST rows. Imports strawberry.

A cursor names its list and its row's key, with a check. A forged, broken or foreign cursor is refused.
It is never read as another place.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
import strawberry

from schema.errors import BAD_USER_INPUT, problem

LARGEST = 1_000
USUAL = 50
Place = list[Any]
"""A row's place in its list: its values in the list's order."""
N = TypeVar("N")
R = TypeVar("R")
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
        raise problem(BAD_USER_INPUT, "after is not a cursor of this list; send the endCursor of one of its pages")
    return place


def connection(
    of: str,
    rows: Sequence[R],
    first: int,
    after: str | None,
    place: Callable[[R], Place],
    node: Callable[[R], N],
) -> Connection[N]:
    """Return the page of the first `first` rows. One more row in `rows` means that more follow."""
    page = rows[:first]
    nodes = [node(row) for row in page]
    cursors = [cursor(of, place(row)) for row in page]
    return Connection(
        edges=[Edge(node=item, cursor=at) for item, at in zip(nodes, cursors, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=len(rows) > first,
            has_previous_page=after is not None,
            start_cursor=cursors[0] if cursors else None,
            end_cursor=cursors[-1] if cursors else None,
        ),
    )
