"""The notice: the legal instrument, its clauses and areas, and all that hangs on it at one position.

Imports strawberry, `ledger` and `projections`.
"""

from datetime import datetime
from typing import Annotated, cast

import strawberry

from ledger.domain.areas.notice import Modality, NoticeKind, Obligor, Outcome
from projections.query.reader import AsOf as Moment
from projections.query.relation import RowQuery
from projections.views import notice
from schema.context import Context, Standpoint
from schema.derive.connection import USUAL, After, Connection, First
from schema.derive.declaration import ID, TYPES, Filter, RowObject, entry, many, shown, value, whole
from schema.derive.node import Node, resolved
from schema.derive.resolvers import enter, made, rows
from schema.errors import BAD_USER_INPUT, problem
from schema.types import proofs
from schema.types.board import Board
from schema.types.entries import Entry, EntryFilter, base64, entry_page
from schema.types.enums import AreaEnd, NoticeStatus
from schema.types.partners import Adviser, Escalation, Partners
from schema.types.people import People, Records
from schema.types.plan import Plan


@shown(
    notice.CLAUSE,
    filters={
        "obligor": Filter(Obligor, "Who owes what it asks."),
        "modality": Filter(Modality, "How strongly it asks."),
    },
)
class Clause(RowObject):
    """A clause of the notice, and the obligation that it carries, with the parameters that hold now."""

    number = value("Its number, such as 5b.")
    obligor = value("Who owes what it asks.", Obligor)
    modality = value("How strongly it asks.", Modality)
    rule = value("The kind of rule by which compliance is judged.")
    parameters = value("The rule's parameters, as interpreted and revised.")
    text = value("What it asks, in the project's own words; null once it was erased.")
    under = value("The clause by whose power it was added later.")
    position = value("The position of the entry that registered it.")
    entry = entry("position", "The entry that registered it.")
    compliance = whole("Compliance", "Its obligation's status.", by="number", key="number")
    interpretations = whole(
        "Interpretation", "What its open words were decided to mean.", by="number", key="number"
    )
    revisions = whole("Revision", "How the issuer revised what it asks.", by="number", key="number")


@shown(notice.AREA, node="area", filters={"open": Filter(bool, "Whether it is still open.")})
class Area(RowObject, Node):
    """An area for priority action."""

    area = value("Its id in the notice, such as 1a.", ID)
    title = value("Its title; null once it was erased.")
    ended = value("How it ended; null: it is open.", AreaEnd)
    ended_on = value("On which day.")
    ended_position = value("The position of the entry that ended it.")
    reason = value("Why it was closed; null once it was erased.")
    successor = value("The notice under which it goes on.", ID)
    successor_area = value("Its id there.", ID)
    position = value("The position of the entry that registered it.")
    entry = entry("position", "The entry that registered it.")
    objectives = many("Objective", "The objectives that serve it.", by="area", key="area")
    findings = whole("Finding", "The findings that concern it.", by="area", key="area")
    reports = whole("AreaReport", "What the adviser's reports say of it.", by="area", key="area")


@shown(notice.INTERPRETATION)
class Interpretation(RowObject):
    """A recorded decision on a word that the notice leaves open."""

    interpretation = value("Its id.", ID)
    number = value("The clause.")
    word = value("The word.")
    meaning = value("What it means; null once it was erased.")
    adopted_by = value("Who adopted it.")
    adopted_at = value("When.")
    parameters = value("The parameters of the clause's rule that follow from it.")
    position = value("The position of the entry that recorded it.")
    entry = entry("position", "The entry that recorded it.")


@shown(notice.REVISION)
class Revision(RowObject):
    """The issuer's revision of what a clause asks."""

    number = value("The clause.")
    revised_on = value("On which day.")
    reason = value("Why; null once it was erased.")
    parameters = value("The parameters of the clause's rule that it sets.")
    position = value("The position of the entry that recorded it.")
    entry = entry("position", "The entry that recorded it.")


@strawberry.type(description="The notice's ledger, a Merkle tree (RFC 6962), at the position that was read.")
class Ledger:
    """The tree."""

    at: strawberry.Private[Standpoint]
    size: int = strawberry.field(description="How many entries it has.")
    root_hash: str = strawberry.field(description="Its root, in base64.")

    @resolved("Its signed checkpoint: C2SP tlog-checkpoint, which outside tools verify.")
    async def checkpoint(self) -> str | None:
        """A signed note."""
        return (await proofs.checkpoint(self.at)).note


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


@shown(notice.VIEW_STATE)
class ViewState(RowObject):
    """A view of the notice, and how far it is folded now."""

    view = value("Its name, as roles have it.")
    version = value("The version of its code; with another, it is rebuilt.")
    reached = value("The position that it has reached, whatever is asked as of.")
    failed_at = value("The entry at which its fold stopped; null: it goes on.")
    failure = value("Why it stopped there; null: it goes on.")


@shown(notice.NOTICE)
class Notice(RowObject, Node):
    """An improvement notice or a statutory direction, as recorded up to one position."""

    council = value("The council, by its ONS code.")
    kind = value("The legal instrument.", NoticeKind)
    status = value("Whether it binds.", NoticeStatus)
    issuer = value("Who issued it.")
    issued_on = value("The day of its issue.")
    issued_at = value("When its issue was recorded.")
    target_date = value("By when the plan's actions are to be delivered, as revised; null: no clause says so.")
    zone = value("The IANA time zone in which its days are counted.")
    predecessor = value("The notice that it follows.", ID)
    successor = value("The notice that follows it.", ID)
    title = value("Its title; null once it was erased.")
    trigger = value("What led to it; null once it was erased.")
    outcome = value("How it ended; null: it is live.", Outcome)
    closed_on = value("The day on which it was closed.")
    closed_position = value("The position of the entry that closed it.")
    closing_reason = value("Why it was closed; null once it was erased.")
    pack_digest = value("SHA-256 of the notice pack from which it was recorded, in base64.")
    clauses = whole("Clause", "Its clauses, in the order in which they were registered.")
    areas = whole("Area", "Its areas for priority action, in the order in which they were registered.")
    interpretations = whole("Interpretation", "What its open words were decided to mean, in order.")
    revisions = whole("Revision", "The issuer's revisions, clause by clause.")
    compliance = many("Compliance", "The status of each obligation that asks something by `on`, by clause.")
    falling_due = many("Prospect", "What changes after `on` if nothing more is recorded, in order of time.")
    evidence = many("Evidence", "The register of evidence, in order of submission.")
    bases = many("Basis", "What rests on which evidence, in order of recording.")
    measures = many("Measure", "Its measures with their charts.")
    access = many("Access", "The requests for access and the grants, in order of asking.")
    uses = many("Use", "The uses of grants and those refused, in order.")
    checklist = many("Checklist", "How far the access of clauses 9a to 9d came, by review and clause.")
    reviews = many("Review", "The reviews of the council's progress, by the day set for them.")
    diagnostics = many("Diagnostic", "The diagnostics, in the order in which they were required.")
    recommendations = many("Recommendation", "The recommendations made to the council, in order.")
    adviser_reports = many("AdviserReport", "The adviser's reports to ministers, in order of issue.")
    views = many("Gathering", "The views of staff, and of children and young people, in order of gathering.")
    considerations = many("Consideration", "What was made of those views, in order.")
    view_states = whole("ViewState", "How far each view of the ledger is folded now.")
    timeline = many("Moment", "Its entries by what they are about, in order of recording.")

    @resolved("The improvement plan. FORBIDDEN to roles that do not read it.")
    def plan(self) -> Plan | None:
        """If the viewer may read it."""
        return cast(Plan, enter(self.at, "Plan"))

    @resolved("The improvement board. FORBIDDEN to roles that do not read it.")
    def board(self) -> Board | None:
        """If the viewer may read it."""
        return cast(Board, enter(self.at, "Board"))

    @resolved("The partners. FORBIDDEN to roles that do not read it.")
    def partners(self) -> Partners | None:
        """If the viewer may read it."""
        return cast(Partners, enter(self.at, "Partners"))

    @resolved("The adviser. FORBIDDEN to roles that do not read it.")
    def adviser(self) -> Adviser | None:
        """If the viewer may read it."""
        return cast(Adviser, enter(self.at, "Adviser"))

    @resolved("What led to intervention. FORBIDDEN to roles that do not read it.")
    def escalation(self) -> Escalation | None:
        """If the viewer may read it."""
        return cast(Escalation, enter(self.at, "Escalation"))

    @resolved("Who takes part. FORBIDDEN to roles that do not read it.")
    def people(self) -> People | None:
        """If the viewer may read it."""
        return cast(People, enter(self.at, "People"))

    @resolved("Record-keeping itself. FORBIDDEN to roles that do not read it.")
    def records(self) -> Records | None:
        """If the viewer may read it."""
        return cast(Records, enter(self.at, "Records"))

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
        return Ledger(at=self.at, size=self.at.position, root_hash=base64(self.at.root_hash))

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
    ((found,),) = await rows(at, TYPES["Notice"], RowQuery(first=1))
    made_of: Notice = made("Notice", at, found)
    return made_of
