"""What may be asked at the root. Authorisation happens here and where a view is entered, never on leaves.

Imports strawberry, `ledger` and `projections`.
"""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry.types import Info

from schema.context import Context, may
from schema.derive.connection import USUAL, After, Connection, First, checked, connection, place_after
from schema.derive.node import Node, resolved
from schema.derive.resolvers import node_of
from schema.errors import BAD_USER_INPUT, no_notice, problem
from schema.types.enums import NoticeKind, NoticeStatus, Role
from schema.types.notice import AsOfInput, Notice, notice_at

NoticeArgument = Annotated[
    strawberry.ID, strawberry.argument(description="The notice's id, such as tameside-2022.")
]
On = Annotated[
    datetime | None,
    strawberry.argument(description="The instant at which rules are judged, past or to come; now, if left out."),
]


@strawberry.input(description="Which notices are asked for; all that is named must hold.")
class NoticesFilter:
    """A filter of notices."""

    council: strawberry.ID | None = strawberry.field(default=None, description="The council's ONS code.")
    kind: NoticeKind | None = strawberry.field(default=None, description="The legal instrument.")
    status: NoticeStatus | None = strawberry.field(default=None, description="Whether it binds.")

    def holds(self, notice: Notice) -> bool:
        """Whether a notice is asked for."""
        return all(
            asked is None or asked == getattr(notice, name)
            for name, asked in (("council", self.council), ("kind", self.kind), ("status", self.status))
        )


@strawberry.type(description="The roles that the viewer holds in a notice now.")
class Part:
    """A part in a notice."""

    notice: strawberry.ID = strawberry.field(description="The notice.")
    roles: list[Role] = strawberry.field(description="The roles.")


@strawberry.type(description="Who asks.")
class Me:
    """The viewer."""

    actor: str = strawberry.field(description="Their id, which stands on the entries that they record.")
    parts: list[Part] = strawberry.field(description="The notices in which they have a part, by id.")


@strawberry.type(description="What may be asked.")
class Query:
    """The root of queries."""

    @resolved("A notice as it stands, or as it had been recorded at an earlier point.")
    async def notice(
        self,
        info: Info[Context, None],
        id: NoticeArgument,  # noqa: A002 - the name that the interface promises
        as_of: Annotated[
            AsOfInput | None, strawberry.argument(description="As it had been recorded then; now, if left out.")
        ] = None,
        on: On = None,
        at_least: Annotated[
            int | None,
            strawberry.argument(
                description="Wait, a few seconds at most, until the views have seen this position."
            ),
        ] = None,
    ) -> Notice | None:
        """NOT_FOUND where the viewer has no part."""
        if at_least is not None and at_least < 1:
            raise problem(BAD_USER_INPUT, f"atLeast is {at_least}; entries are numbered from 1")
        return await notice_at(info.context, id, as_of=as_of, on=on, at_least=at_least)

    @resolved("The notices that the viewer may read, by id. Each is read at a position of its own.")
    async def notices(
        self,
        info: Info[Context, None],
        on: On = None,
        filter: Annotated[  # noqa: A002 - as everywhere
            NoticesFilter | None, strawberry.argument(description="Which of them; all, if left out.")
        ] = None,
        first: First = USUAL,
        after: After = None,
    ) -> Connection[Notice]:
        """A page of them."""
        context = info.context
        limit, (start,) = checked(first), place_after("notices", after, str) or ("",)
        readable = [
            notice
            for notice in sorted(set(await context.viewer.allowed()))
            if notice > start and may(await context.viewer.roles(notice), "notice")
        ]
        found: dict[str, Notice] = {}
        for notice in readable:
            read = await notice_at(context, notice, on=on)
            if filter is None or filter.holds(read):
                found[notice] = read
            if len(found) > limit:
                break
        context.budget.spend(len(found))
        return connection(
            "notices", list(found), limit, after, lambda notice: [notice], lambda notice: found[notice]
        )

    @resolved("Whatever has this id, as it stands now.")
    async def node(
        self,
        info: Info[Context, None],
        id: Annotated[  # noqa: A002 - Relay's name
            strawberry.ID, strawberry.argument(description="An id that an answer gave.")
        ],
    ) -> Node | None:
        """NOT_FOUND where there is none, or the viewer has no part."""
        notice, _, rest = id.partition("/")
        if not rest:
            return await notice_at(info.context, notice)
        found: Node | None = await node_of(await info.context.standpoint(notice), *rest.partition("/")[::2])
        if found is None:
            raise no_notice()
        return found

    @resolved("Who asks, and the roles that they hold.")
    async def me(self, info: Info[Context, None]) -> Me:
        """The viewer."""
        viewer = info.context.viewer
        parts = [
            Part(notice=strawberry.ID(notice), roles=list(await viewer.roles(notice)))
            for notice in sorted(set(await viewer.allowed()))
        ]
        return Me(actor=viewer.credential.actor, parts=parts)
