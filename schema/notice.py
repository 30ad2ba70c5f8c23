"""The notice: the legal instrument, its clauses and areas, and all that hangs on it at one position.

Imports strawberry, `ledger` and `projections`.
"""

from datetime import date, datetime
from enum import Enum
from typing import Annotated

import strawberry

from projections import notice as view
from projections.reading import AsOf as Moment
from schema.context import Context, Standpoint
from schema.entries import Entry, EntryFilter, base64, entry_page
from schema.errors import BAD_USER_INPUT, problem
from schema.node import Node, resolved
from schema.pages import USUAL, After, Connection, First
from schema.plan import Plan
from schema.scalars import Json
from schema.words import Modality, NoticeKind, Obligor


@strawberry.enum(description="Whether the notice binds.")
class NoticeStatus(Enum):
    """The status of a notice."""

    LIVE = strawberry.enum_value("LIVE", description="It was issued, and nothing ended it.")


@strawberry.type(description="A clause of the notice, and the obligation that it carries.")
class Clause:
    """A clause."""

    number: str = strawberry.field(description="Its number, such as 5b.")
    obligor: Obligor = strawberry.field(description="Who owes what it asks.")
    modality: Modality = strawberry.field(description="How strongly it asks.")
    rule: str = strawberry.field(description="The kind of rule by which compliance is judged.")
    parameters: Json = strawberry.field(description="The rule's parameters.")
    text: str | None = strawberry.field(
        description="What it asks, in the project's own words; null once it was erased."
    )
    text_erased_by: int | None = strawberry.field(description="The position of the entry that erased the text.")
    position: int = strawberry.field(description="The position of the entry that registered it.")


@strawberry.type(description="An area for priority action.")
class Area:
    """An area."""

    area: strawberry.ID = strawberry.field(description="Its id in the notice, such as 1a.")
    title: str | None = strawberry.field(description="Its title; null once it was erased.")
    title_erased_by: int | None = strawberry.field(description="The position of the entry that erased the title.")
    position: int = strawberry.field(description="The position of the entry that registered it.")


@strawberry.type(description="The notice's ledger, a Merkle tree (RFC 6962), at the position that was read.")
class Ledger:
    """The tree."""

    size: int = strawberry.field(description="How many entries it has.")
    root_hash: str = strawberry.field(description="Its root, in base64.")


@strawberry.type(description="The point at which the notice was read.")
class AsOf:
    """Where and when."""

    position: int = strawberry.field(description="The last entry that was taken into account.")
    recorded_at: datetime = strawberry.field(description="When that entry was recorded.")
    on: datetime = strawberry.field(description="The instant at which rules were judged.")


@strawberry.input(one_of=True, description="As it had been recorded at a point; the latest, if left out.")
class AsOfInput:
    """An earlier position of a notice."""

    position: int | None = strawberry.field(
        default=strawberry.UNSET, description="As recorded up to the entry at this position."
    )
    known_at: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="As recorded by this instant."
    )


def moment(asked: AsOfInput | None) -> Moment | None:
    """The input, as readings have it; raises GraphQLError (BAD_USER_INPUT) for a position below 1."""
    if asked is None:
        return None
    if isinstance(asked.position, int):
        if asked.position < 1:
            raise problem(BAD_USER_INPUT, f"asOf.position is {asked.position}; entries are numbered from 1")
        return Moment(position=asked.position)
    return Moment(known_at=asked.known_at or None)


@strawberry.type(description="An improvement notice or a statutory direction, as recorded up to one position.")
class Notice(Node):
    """A notice at a position."""

    at: strawberry.Private[Standpoint]
    council: str = strawberry.field(description="The council, by its ONS code.")
    kind: NoticeKind = strawberry.field(description="The legal instrument.")
    status: NoticeStatus = strawberry.field(description="Whether it binds.")
    issuer: str = strawberry.field(description="Who issued it.")
    issued_on: date = strawberry.field(description="The day of its issue.")
    zone: str = strawberry.field(description="The IANA time zone in which its days are counted.")
    predecessor: strawberry.ID | None = strawberry.field(description="The notice that it follows.")
    title: str | None = strawberry.field(description="Its title; null once it was erased.")
    title_erased_by: int | None = strawberry.field(description="The position of the entry that erased the title.")
    trigger: str | None = strawberry.field(description="What led to it; null once it was erased.")
    trigger_erased_by: int | None = strawberry.field(
        description="The position of the entry that erased the trigger."
    )

    @resolved("Its clauses, in the order in which they were registered.")
    async def clauses(self) -> list[Clause]:
        """All of them."""
        rows = await self.at.ask(view.clauses)
        self.at.context.budget.spend(len(rows))
        return [_clause(row) for row in rows]

    @resolved("Its areas for priority action, in the order in which they were registered.")
    async def areas(self) -> list[Area]:
        """All of them."""
        rows = await self.at.ask(view.areas)
        self.at.context.budget.spend(len(rows))
        return [_area(row) for row in rows]

    @resolved("The improvement plan; FORBIDDEN to roles that do not read it.")
    def plan(self) -> Plan | None:
        """The plan, if the viewer may read it."""
        self.at.require("plan")
        return Plan(at=self.at)

    @resolved("Its entries, in order; withheld from roles that do not read them.")
    async def entries(
        self,
        filter: Annotated[  # noqa: A002 - the name that the interface promises
            EntryFilter | None, strawberry.argument(description="Which of them; all, if left out.")
        ] = None,
        first: First = USUAL,
        after: After = None,
    ) -> Connection[Entry]:
        """A page of them."""
        return await entry_page(self.at, filter, first, after)

    @resolved("Its ledger at the position that was read.")
    def ledger(self) -> Ledger:
        """The tree."""
        return Ledger(size=self.at.position, root_hash=base64(self.at.root_hash))

    @resolved("The point at which it was read.")
    def as_of(self) -> AsOf:
        """Where and when."""
        return AsOf(position=self.at.position, recorded_at=self.at.recorded_at, on=self.at.on)


async def notice_at(
    context: Context,
    notice: str,
    *,
    as_of: AsOfInput | None = None,
    on: datetime | None = None,
    at_least: int | None = None,
) -> Notice:
    """The notice as the viewer may see it; raises what `Context.standpoint` raises."""
    at = await context.standpoint(notice, as_of=moment(as_of), on=on, at_least=at_least)
    return _notice(await at.ask(view.read), at)


def _notice(row: view.Notice, at: Standpoint) -> Notice:
    return Notice(
        at=at,
        id=strawberry.ID(at.notice),
        council=row.council,
        kind=NoticeKind(row.kind),
        status=NoticeStatus.LIVE,
        issuer=row.issuer,
        issued_on=row.issued_on,
        zone=row.zone,
        predecessor=strawberry.ID(row.predecessor) if row.predecessor else None,
        title=row.title.body,
        title_erased_by=row.title.erased_by,
        trigger=row.trigger.body,
        trigger_erased_by=row.trigger.erased_by,
    )


def _clause(row: view.Clause) -> Clause:
    return Clause(
        number=row.number,
        obligor=Obligor(row.obligor),
        modality=Modality(row.modality),
        rule=row.rule,
        parameters=Json(row.parameters),
        text=row.text.body,
        text_erased_by=row.text.erased_by,
        position=row.position,
    )


def _area(row: view.Area) -> Area:
    return Area(
        area=strawberry.ID(row.area),
        title=row.title.body,
        title_erased_by=row.title.erased_by,
        position=row.position,
    )
