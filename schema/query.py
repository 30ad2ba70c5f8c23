"""Root fields of queries. Authorisation happens here and where a view is entered, never at leaves.

Imports strawberry, `ledger` and `projections`.
"""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from projections.query.reader import AsOf
from schema.context import Context, may
from schema.derive.connection import (
    USUAL,
    After,
    Connection,
    First,
    PageRequest,
    check_first,
    connection,
    decode_cursor,
)
from schema.derive.node import Node, parse_id, resolver
from schema.derive.resolvers import node_of
from schema.errors import BAD_USER_INPUT, no_notice, problem
from schema.types.enums import NoticeKind, NoticeStatus, Role
from schema.types.notice import AsOfInput, Notice, notice_at, notice_of

NoticeArgument = Annotated[
    strawberry.ID, strawberry.argument(description="The notice's id, such as tameside-2022.")
]
On = Annotated[
    datetime | None,
    strawberry.argument(
        description="Effective instant at which rules are judged, past or future; now if omitted."
    ),
]


@strawberry.input(description="Conditions on the notices; all of them must hold.")
class NoticesFilter:
    """Conditions on notices."""

    council: strawberry.ID | None = strawberry.field(default=None, description="Council, by its ONS code.")
    kind: NoticeKind | None = strawberry.field(default=None, description="Legal instrument.")
    status: NoticeStatus | None = strawberry.field(default=None, description="Status of the notice.")

    def holds(self, notice: Notice) -> bool:
        """Return true if a notice meets the conditions."""
        return all(
            required is None or required == getattr(notice, name)
            for name, required in (("council", self.council), ("kind", self.kind), ("status", self.status))
        )


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
        return await notice_at(info.context, id, as_of=as_of, on=on, at_least=at_least)

    @resolver("Notices that the viewer may read, by id. Each is read at its own position.")
    async def notices(
        self,
        info: Info[Context, None],
        on: On = None,
        filter: Annotated[  # noqa: A002 - as everywhere
            NoticesFilter | None,
            strawberry.argument(description="Conditions on the notices; all notices if omitted."),
        ] = None,
        first: First = USUAL,
        after: After = None,
    ) -> Connection[Notice]:
        """Return a page of notices."""
        context = info.context
        limit, (start,) = check_first(first), decode_cursor("notices", after, str) or ("",)
        readable = [
            notice
            for notice in sorted(set(await context.viewer.allowed()))
            if may(await context.viewer.roles(notice), "notice")
        ]
        matching: dict[str, Notice] = {}
        for notice in readable:
            if notice <= start:
                continue
            read = await notice_at(context, notice, on=on)
            if filter is None or filter.holds(read):
                matching[notice] = read
            if len(matching) > limit:
                break

        async def count() -> int:
            if filter is None:
                return len(readable)
            return sum([filter.holds(await notice_at(context, notice, on=on)) for notice in readable])

        context.budget.spend(len(matching))
        return connection(
            "notices",
            PageRequest(limit, after),
            list(matching),
            lambda notice: [notice],
            lambda notice: matching[notice],
            count,
        )

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
        if parsed is None:
            raise no_notice()
        as_of = None if parsed.position is None else AsOf(position=parsed.position)
        at = await info.context.standpoint(parsed.notice, as_of=as_of, on=parsed.on)
        if not parsed.kind:
            return await notice_of(at)
        node: Node | None = await node_of(at, parsed.kind, parsed.key)
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
