"""The notice: the legal instrument, its clauses and areas, and all its lists at one position.

Imports strawberry and the views.
"""

from datetime import datetime
from typing import Annotated

import strawberry

from projections.views import notice
from schema.derive.connection import PAGE_ARGUMENTS
from schema.derive.declaration import (
    ID,
    Filter,
    RowObject,
    entry,
    many,
    member,
    object_type,
    of_row,
    row_type,
    sections,
    short_list,
)
from schema.derive.groups import connection_of
from schema.derive.node import Node
from schema.derive.order import order_argument
from schema.types.entries import EntryFilter


@object_type(notice.CLAUSE, filters=of_row("obligor", "modality"))
class Clause(RowObject):
    """Clause of the notice. Its fields include its obligation and the current parameters of its rule."""

    entry = entry("position", "Entry that registered it.")
    compliance = short_list("Compliance", "Status of its obligation.", by="number")
    interpretations = short_list("Interpretation", "Interpretations of its open terms.", by="number")
    revisions = short_list("Revision", "The issuer's revisions of its requirement.", by="number")


@object_type(notice.AREA, node="area", filters={"open": Filter(bool, "True if it is open.")})
class Area(RowObject, Node):
    """Area for priority action."""

    entry = entry("position", "Entry that registered it.")
    objectives = many("Objective", "Objectives that serve it.", by="area")
    decisions = many("Decision", "Decisions of the board that relate to it.", by="relates_to", key="area")
    findings = short_list("Finding", "Findings that concern it.", by="area")
    reports = short_list("AreaReport", "Sections of the adviser's reports on it.", by="area")
    reviews = short_list("ReviewArea", "The reviewers' judgements of it.", by="area")


@object_type(notice.INTERPRETATION)
class Interpretation(RowObject):
    """Recorded decision on a term that the notice leaves open."""

    entry = entry("position", "Entry that recorded it.")


@object_type(notice.REVISION)
class Revision(RowObject):
    """The issuer's revision of a clause's requirement."""

    entry = entry("position", "Entry that recorded it.")


@object_type(notice.PARALLEL_LINK)
class ParallelLink(RowObject):
    """Link from this notice to another notice in force in parallel."""

    entry = entry("position", "Entry that recorded it.")


@strawberry.type(description="The notice's ledger, a Merkle tree (RFC 6962), at the position read.")
class Ledger:
    """A notice's ledger as a Merkle tree, at the position read."""

    size: int = strawberry.field(description="Number of entries.")
    root_hash: str = strawberry.field(description="Root hash, in base64.")

    checkpoint: str | None = strawberry.field(
        description="Signed checkpoint (C2SP tlog-checkpoint) for verification by other tools."
    )


@strawberry.type(
    description="Point at which the answer is read. It has a position, a recording time and an effective instant."
)
class AsOf:
    """Position and instants of the answer."""

    position: int = strawberry.field(description="Position of the last entry considered.")
    recorded_at: datetime = strawberry.field(description="Instant at which that entry was recorded.")
    on: datetime = strawberry.field(description="Effective instant at which rules were judged.")


@strawberry.input(one_of=True, description="As-of point: one position or one instant.")
class AsOfInput:
    """As-of point of a query: a position, or an instant of recording."""

    position: int | None = strawberry.field(
        default=strawberry.UNSET, description="Position of the last entry to consider."
    )
    known_at: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Latest instant of recording to consider."
    )


_ENTRY_CONDITIONS = Annotated[
    EntryFilter | None, strawberry.argument(description="Conditions on the entries; all entries if omitted.")
]
_ENTRY_ORDER = order_argument("Entry")
_NEWEST_FIRST = Annotated[bool | None, strawberry.argument(description="True to begin with the newest entry.")]


row_type(notice.VIEW_STATE)


@object_type(
    notice.NOTICE,
    filters={
        **of_row("council", "kind", "status"),
        "parallel_to": Filter(ID, "Id of a notice that it names as in force in parallel."),
    },
)
class Notice(RowObject, Node):
    """Improvement notice or statutory direction, as recorded up to one position."""

    notice = member(
        ID, "The notice's own id, without a standpoint: the argument of `notice` and of subscriptions."
    )
    sections = sections()
    entries = member(
        connection_of("Entry"),
        "Entries, in order; withheld from roles that do not read them.",
        filter=(_ENTRY_CONDITIONS, None),
        order_by=(_ENTRY_ORDER, None),
        **PAGE_ARGUMENTS,
        newest_first=(_NEWEST_FIRST, False),
    )
    ledger = member(Ledger, "Ledger at the position read.")
    as_of = member(AsOf, "Position, recording time and effective instant at which the answer is read.")
    clauses = short_list("Clause", "Clauses, in order of registration.")
    areas = short_list("Area", "Areas for priority action, in order of registration.")
    interpretations = short_list("Interpretation", "Interpretations of open terms, in order.")
    revisions = short_list("Revision", "The issuer's revisions, clause by clause.")
    parallel_links = short_list("ParallelLink", "Links to notices in force in parallel, in order of recording.")
    compliance = many("Compliance", "Status of each obligation in effect at `on`, by clause.")
    falling_due = many("Forecast", "Predicted changes of status after `on`, in order of time.")
    evidence = many("Evidence", "Register of evidence, in order of submission.")
    bases = many("Basis", "Reliances on evidence, in order of recording.")
    measures = many("Measure", "Measures with their charts.")
    access = many("Access", "Requests for access and grants, in order of request.")
    uses = many("Use", "Uses of grants, and refused attempts, in order.")
    checklist = many("Checklist", "Progress of access, by review or diagnostic, and by clause.")
    reviews = many("Review", "Reviews of the council's progress, by scheduled date.")
    diagnostics = many("Diagnostic", "Diagnostics, in order of requirement.")
    recommendations = many("Recommendation", "Recommendations to the council, in order.")
    adviser_reports = many("AdviserReport", "Reports of the adviser to ministers, in order of issue.")
    views = many("Gathering", "Views of staff and of children, in order of gathering.")
    considerations = many("Consideration", "Considerations of those views, in order.")
    view_states = short_list("ViewState", "Progress of each view of the ledger.")
    timeline = many("Moment", "Entries by subject, in order of recording.")
