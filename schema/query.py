"""Root fields of queries, as the GraphQL schema declares them.

`schema.compiled` reads the fields' values, and checks the viewer's rights for each notice and each view. Imports
strawberry.
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET

from schema.derive.connection import PAGE_ARGUMENTS
from schema.derive.groups import connection_of
from schema.derive.members import unresolved
from schema.derive.node import Node
from schema.derive.object_types import filter_of
from schema.derive.order import order_argument
from schema.types.enums import Role
from schema.types.notice import AsOfInput, Notice

NoticeArgument = Annotated[
    strawberry.ID, strawberry.argument(description="The notice's id, such as tameside-2022.")
]
On = Annotated[
    datetime | None,
    strawberry.argument(
        description="Effective instant at which rules are judged, past or future; now if omitted."
    ),
]

_AsOf = Annotated[AsOfInput | None, strawberry.argument(description="As-of point; the latest entry if omitted.")]
_AtLeast = Annotated[
    int | None,
    strawberry.argument(
        description="Position that the views must have reached; the query waits a few seconds at most."
    ),
]
_NodeId = Annotated[strawberry.ID, strawberry.argument(description="Global id from an earlier answer.")]
NoticeConnection: Any = connection_of("Notice")
NoticeFilter: Any = filter_of("Notice")
NoticeFilterArgument: Any = Annotated[
    NoticeFilter | None,
    strawberry.argument(description="Conditions on the notices; all notices if omitted."),
]
NoticeOrderArgument: Any = order_argument("Notice")


@strawberry.type(description="The viewer's current roles in a notice.")
class Part:
    """The viewer's roles in one notice."""

    notice: strawberry.ID = strawberry.field(description="Id of the notice.")
    roles: list[Role] = strawberry.field(description="Roles in the notice.")


@strawberry.type(description="The person or system that sends the query.")
class Me:
    """The person or system that sends the query."""

    actor: str = strawberry.field(description="The viewer's actor id, which the entries that they record contain.")
    parts: list[Part] = strawberry.field(description="Notices in which the viewer has a role, by id.")


@strawberry.type(description="Root of all queries.")
class Query:
    """Root of queries; `schema.compiled.roots` reads its fields."""

    notice: Notice | None = unresolved(
        "A notice as recorded now, or as recorded up to an earlier point.",
        {"id": (NoticeArgument, UNSET), "as_of": (_AsOf, None), "on": (On, None), "at_least": (_AtLeast, None)},
    )
    notices: NoticeConnection = unresolved(
        "Notices that the viewer may read, by id. Each is read at its own position.",
        {
            "on": (On, None),
            "filter": (NoticeFilterArgument, None),
            "order_by": (NoticeOrderArgument, None),
            **PAGE_ARGUMENTS,
        },
    )
    node: Node | None = unresolved(
        "The object with this global id, at the standpoint that the id names; as recorded now if it names none.",
        {"id": (_NodeId, UNSET)},
    )
    me: Me = unresolved("The viewer and their roles.", {})
