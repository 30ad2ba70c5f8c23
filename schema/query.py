"""Root fields of queries. Authorisation happens here and where a view is entered, never at leaves.

Imports strawberry, `ledger` and `projections`.
"""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry.types import Info

from schema.compiled.national import read_notices
from schema.compiled.sources import read_node, read_notice
from schema.context import Context, Standpoint, may
from schema.derive.connection import After, Before, First, Last
from schema.derive.groups import connection_of
from schema.derive.node import Node, parse_id, resolver
from schema.derive.object_types import filter_of
from schema.derive.order import order_argument
from schema.errors import BAD_USER_INPUT, no_notice, problem
from schema.types.enums import Role
from schema.types.notice import AsOfInput, Notice, reader_as_of

NoticeArgument = Annotated[
    strawberry.ID, strawberry.argument(description="The notice's id, such as tameside-2022.")
]
On = Annotated[
    datetime | None,
    strawberry.argument(
        description="Effective instant at which rules are judged, past or future; now if omitted."
    ),
]

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


@strawberry.type(description="The viewer.")
class Me:
    """The viewer."""

    actor: str = strawberry.field(description="The viewer's actor id, which the entries that they record contain.")
    parts: list[Part] = strawberry.field(description="Notices in which the viewer has a role, by id.")


@strawberry.type(description="Root of all queries.")
class Query:
    """Root of queries."""

    @resolver("A notice as recorded now, or as recorded up to an earlier point.")
    async def notice(
        self,
        info: Info[Context, None],
        id: NoticeArgument,  # noqa: A002 - the name that the interface promises
        as_of: Annotated[
            AsOfInput | None, strawberry.argument(description="As-of point; the latest entry if omitted.")
        ] = None,
        on: On = None,
        at_least: Annotated[
            int | None,
            strawberry.argument(
                description="Position that the views must have reached; the query waits a few seconds at most."
            ),
        ] = None,
    ) -> Notice | None:
        """Return the notice, or raise NOT_FOUND if the viewer has no role in it."""
        if at_least is not None and at_least < 1:
            raise problem(BAD_USER_INPUT, f"atLeast is {at_least}; entries are numbered from 1")
        return await read_notice(info, Standpoint(id, reader_as_of(as_of), at_least, on))

    @resolver("Notices that the viewer may read, by id. Each is read at its own position.")
    async def notices(  # noqa: PLR0913, PLR0917 - the arguments of every list
        self,
        info: Info[Context, None],
        on: On = None,
        filter: NoticeFilterArgument = None,  # noqa: A002, ARG002 - as everywhere; the compiler reads it
        order_by: NoticeOrderArgument = None,  # noqa: ARG002 - the compiler reads these too
        first: First = None,  # noqa: ARG002
        after: After = None,  # noqa: ARG002
        last: Last = None,  # noqa: ARG002
        before: Before = None,  # noqa: ARG002
    ) -> NoticeConnection:
        """Return a page of notices."""
        viewer = info.context.viewer
        readable = [
            Standpoint(notice, on=on)
            for notice in sorted(set(await viewer.allowed()))
            if may(await viewer.roles(notice), "notice")
        ]
        return await read_notices(info, readable)

    @resolver(
        "The object with this global id, at the standpoint that the id names; as recorded now if it names none."
    )
    async def node(
        self,
        info: Info[Context, None],
        id: Annotated[  # noqa: A002 - Relay's name
            strawberry.ID, strawberry.argument(description="Global id from an earlier answer.")
        ],
    ) -> Node | None:
        """Return the object, or raise NOT_FOUND if it is missing or inaccessible."""
        parsed = parse_id(id)
        node = None if parsed is None else await read_node(info, parsed)
        if node is None:
            raise no_notice()
        return node

    @resolver("The viewer and their roles.")
    async def me(self, info: Info[Context, None]) -> Me:
        """Return the viewer."""
        viewer = info.context.viewer
        parts = [
            Part(notice=strawberry.ID(notice), roles=list(await viewer.roles(notice)))
            for notice in sorted(set(await viewer.allowed()))
        ]
        return Me(actor=viewer.credential.actor, parts=parts)
