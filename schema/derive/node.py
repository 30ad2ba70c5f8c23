"""What object types are made of: the interface of everything with an id, and fields that are worked out.

Imports strawberry.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[F], F]:
    """A field that the decorated method answers: `strawberry.field`, with a type that checkers can follow."""
    return cast(Callable[[F], F], strawberry.field(description=description))


def followed(description: str) -> Callable[[F], F]:
    """A subscription that the decorated generator answers, likewise."""
    return cast(Callable[[F], F], strawberry.subscription(description=description))


@strawberry.interface(description="Something that `node(id)` finds again.")
class Node:
    """Relay's Node: a notice's id is its own; everything in it has the notice's id in front."""

    id: strawberry.ID = strawberry.field(description="Its id, unique among all that `node` finds.")
