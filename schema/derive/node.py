"""Relay's Node interface and its global ids, and typed decorators for resolvers.

A global id names a thing in a notice: `tameside-2022/objective/O1`. If the query set `asOf` or `on`, the id names
the standpoint too: a client's cache keeps the states apart. An example is
`tameside-2022@690~2023-11-01T00:00:00Z/objective/O1`. Imports strawberry and graphql-core.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, cast

import strawberry
from graphql import GraphQLError
from msgspec import Struct

from schema.types.scalars import instant, instant_text

LAST_POSITION = 2**31 - 1
"""Largest position that GraphQL's Int and the database can name."""
F = TypeVar("F", bound=Callable[..., Any])


def resolver(description: str) -> Callable[[F], F]:
    """Declare that the decorated method resolves a field, as `strawberry.field` does, with its type preserved."""
    return cast(Callable[[F], F], strawberry.field(description=description))


def subscription(description: str) -> Callable[[F], F]:
    """Declare that the decorated generator resolves a subscription, with its type preserved."""
    return cast(Callable[[F], F], strawberry.subscription(description=description))


@strawberry.interface(description="An object that `node(id)` can load.")
class Node:
    """Relay's Node. Every global id begins with a notice's id."""

    id: strawberry.ID = strawberry.field(description="Global id: unique among all nodes.")


class GlobalId(Struct, frozen=True):
    """Parts of a global id."""

    notice: str
    kind: str = ""
    """Kind of the thing, such as objective; empty for the notice itself."""
    key: str = ""
    """Id of the thing in the notice; empty for a section and for the notice itself."""
    position: int | None = None
    """Position at which the thing is read; None if the query set no `asOf`."""
    on: datetime | None = None
    """Effective instant at which the thing is read; None if the query set no `on`."""

    @property
    def type_name(self) -> str:
        """Name of the thing's type."""
        return f"{self.kind[:1].upper()}{self.kind[1:]}" or "Notice"


def standpoint_id(notice: str, position: int | None, on: datetime | None) -> str:
    """Return a notice's global id at a standpoint; without `position` and `on`, the notice's plain id."""
    if position is None and on is None:
        return notice
    return f"{notice}@{'' if position is None else position}{'' if on is None else f'~{instant_text(on)}'}"


def kind_of(name: str) -> str:
    """Return the kind by which global ids name an object type."""
    return f"{name[:1].lower()}{name[1:]}"


def parse_id(text: str) -> GlobalId | None:
    """Return the parts of a global id; None for any other text."""
    standpoint, _, path = text.partition("/")
    kind, _, key = path.partition("/")
    notice, _, point = standpoint.partition("@")
    position, tilde, on = point.partition("~")
    try:
        parsed = GlobalId(notice, kind, key, int(position) if position else None, instant(on) if tilde else None)
    except (ValueError, GraphQLError):
        return None
    # another spelling of a number or an instant is not an id
    spelling = "/".join(filter(None, (standpoint_id(notice, parsed.position, parsed.on), kind, key)))
    is_in_range = parsed.position is None or 0 < parsed.position <= LAST_POSITION
    return parsed if text == spelling and is_in_range else None
