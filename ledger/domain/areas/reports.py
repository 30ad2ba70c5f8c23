"""Reports by the chair of a board, reports to a board, and reports by the adviser."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.board import BoardName, DecisionId, board_unnamed
from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.meetings import meeting_refusals
from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.areas.reviews import AreaJudgement, ObjectiveView
from ledger.domain.errors import Refusal
from ledger.domain.fact import (
    Fact,
    Id,
    Narrative,
    Period,
    Position,
    Sentence,
    Upcast,
    When,
    Who,
    WordList,
    reference,
)
from ledger.domain.shared_rules import board_refusals, duplicate_refusals, future_refusals, order_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ReportId = Annotated[str, reference("report", "A report of the chair, to the board, or of the adviser.")]


class ChairReportDelivered(Fact, frozen=True, kw_only=True):
    """The chair of a board reported on each objective for a period."""

    act: ClassVar[str] = "deliverChairReport"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The chair[ of the board {board}] reported on {period.first} to {period.last} ({report})",
        (("report {report}", "state", "delivered"),),
    )

    report: ReportId
    period: Period
    objectives: Annotated[list[ObjectiveView], Meta(min_length=1, description="The report on each objective.")]
    board: BoardName = None


class Claim(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A claimed change for children, with its evidence. Activity is not impact."""

    claim: Narrative
    evidence: Annotated[list[EvidenceId], Meta(min_length=1, description="The evidence for the change.")]


class ReportRecommendation(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """A recommendation of a report to the board."""

    recommendation: Annotated[Id, Meta(description="The recommendation's reference within the report, such as 1.")]
    text: Narrative


class BoardReportSubmitted(Fact, frozen=True, kw_only=True):
    """A report was submitted to a board; it may have data, analysis, recommendations and evidence of impact."""

    act: ClassVar[str] = "submitBoardReport"
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (board_unnamed,)
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Report {report} was submitted to the board[ {board}] for meeting {meeting}[, about {objectives}][. "
        "Analysis: {analysis}]",
        (("report {report}", "state", "submitted"),),
    )

    report: ReportId
    meeting: Annotated[str, reference("meeting", "The meeting that receives the report.", known=False)]
    data: Annotated[list[EvidenceId], Meta(description="The data that the report presents.")] = []
    analysis: Narrative | None = None
    recommendations: Annotated[
        list[ReportRecommendation], Meta(description="The recommendations of the report.")
    ] = []
    impact_evidence: Annotated[
        list[Claim], Meta(description="The changes for children that the report claims.")
    ] = []
    objectives: Annotated[list[ObjectiveId], Meta(description="The objectives that the report covers.")] = []
    board: BoardName = None


class RecommendationOutcome(WordList):
    """The board's answer to a recommendation."""

    ACCEPTED = "ACCEPTED"
    """The board accepts the recommendation."""
    REJECTED = "REJECTED"
    """The board rejects the recommendation."""
    DEFERRED = "DEFERRED"
    """The board postpones its answer."""


class ReportRecommendationDecided(Fact, frozen=True, kw_only=True):
    """The board accepted, rejected or deferred a recommendation of a report."""

    act: ClassVar[str] = "decideReportRecommendation"
    sentence: ClassVar[Sentence] = Sentence(
        "The board {outcome} recommendation {recommendation} of report {report}[, by decision {decision}]: "
        "{reason}",
        (("recommendation {recommendation} of report {report}", "state", "{outcome}"),),
        decision=True,
    )

    report: ReportId
    recommendation: Annotated[Id, Meta(description="The recommendation's reference within the report, such as 1.")]
    outcome: RecommendationOutcome
    reason: Narrative
    decision: Annotated[DecisionId | None, Meta(description="The board's decision that contains this answer.")] = (
        None
    )


class AreaReport(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The adviser's report on one area."""

    area: AreaId
    judgement: AreaJudgement
    text: Narrative


class Requirement(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """The adviser's report on one requirement of the notice."""

    number: Annotated[Id, Meta(description="The clause.")]
    text: Narrative


class AdviserReportIssued(Fact, frozen=True, kw_only=True):
    """The adviser reported to ministers; the report's figures can be reproduced at the position named."""

    act: ClassVar[str] = "issueAdviserReport"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The adviser reported on {period.first} to {period.last} ({report}) on {per_area.area}, as the ledger "
        "stood at entry {position}[. Other matters: {other}]",
        (("report {report}", "state", "issued"),),
    )

    report: ReportId
    period: Period
    per_area: Annotated[list[AreaReport], Meta(min_length=1, description="The report on each area.")]
    requirements: Annotated[list[Requirement], Meta(description="The report on each requirement.")] = []
    other: Narrative | None = None
    query: Annotated[Narrative | None, Meta(description="The GraphQL query for the report's figures.")] = None
    position: Annotated[Position, Meta(description="The position at which the report's figures were read.")]


class ReportsState(Struct):
    """Positions of entries that accepted or rejected a recommendation, by report and id; 0 before the answer."""

    recommended: dict[str, dict[str, int]] = {}


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case ChairReportDelivered():
            yield from board_refusals(state.board.boards, fact.board)
            yield from order_refusals(fact.period.first, fact.period.last, "data.period.last")
        case BoardReportSubmitted():
            yield from meeting_refusals(state, fact.meeting, fact.board)
            ids = [item.recommendation for item in fact.recommendations]
            yield from duplicate_refusals(ids, "data.recommendations", "recommendation")
        case ReportRecommendationDecided():
            yield from _admit_outcome(state.reports.recommended.get(fact.report, {}), fact)
        case AdviserReportIssued():
            yield from order_refusals(fact.period.first, fact.period.last, "data.period.last")
            yield from future_refusals(fact.period.last, when.occurred_at, state.notice.zone, "data.period.last")
            if state.notice.issued_on is not None and fact.period.last < state.notice.issued_on:
                message = f"the period ends before the notice's issue on {state.notice.issued_on}"
                yield Refusal("OUT_OF_RANGE", message, "data.period.last")
            yield from duplicate_refusals([item.area for item in fact.per_area], "data.perArea", "area")
            for index, item in enumerate(fact.requirements):
                if item.number not in state.notice.clauses:
                    message = f"no clause {item.number} in this notice"
                    yield Refusal("NOT_FOUND", message, f"data.requirements[{index}].number")
            if fact.position > state.position:
                message = f"the last entry is {state.position}; a report cannot rest on a later one"
                yield Refusal("OUT_OF_RANGE", message, "data.position")


def _admit_outcome(recommended: dict[str, int], fact: ReportRecommendationDecided) -> Iterator[Refusal]:
    decided = recommended.get(fact.recommendation)
    if decided is None:
        message = f"report {fact.report} has no recommendation {fact.recommendation}; check the id"
        yield Refusal("NOT_FOUND", message, "data.recommendation")
    elif decided:
        message = f"the board has already decided on {fact.recommendation}, in entry {decided}"
        yield Refusal("ALREADY_RECORDED", message, "data.recommendation")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, recommended = entry.fact, state.reports.recommended
    match fact:
        case BoardReportSubmitted():
            recommended[fact.report] = {item.recommendation: 0 for item in fact.recommendations}
            state.meetings.boards.setdefault(fact.meeting, fact.board)
        case ReportRecommendationDecided() if fact.outcome is not RecommendationOutcome.DEFERRED:
            recommended[fact.report][fact.recommendation] = entry.position
