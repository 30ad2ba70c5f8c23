"""Relay's Node interface, and typed decorators for resolvers. Imports strawberry."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolver(description: str) -> Callable[[F], F]:
    """Declare that the decorated method resolves a field: `strawberry.field`, with its type preserved."""
    return cast(Callable[[F], F], strawberry.field(description=description))


def subscription(description: str) -> Callable[[F], F]:
    """Declare that the decorated generator resolves a subscription, with its type preserved."""
    return cast(Callable[[F], F], strawberry.subscription(description=description))


@strawberry.interface(description="An object that `node(id)` can load.")
class Node:
    """Relay's Node. A notice's id is its own; the id of anything in it begins with the notice's id."""

    id: strawberry.ID = strawberry.field(description="Global id: unique among all nodes.")
