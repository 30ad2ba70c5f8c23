"""Reports (clauses 5b, 5c and 12): the chair's, the board's and the adviser's."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.board import DecisionId
from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.notice import AreaId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.areas.reviews import ObjectiveView
from ledger.domain.chronology import in_order, not_to_come
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact, Id, Narrative, Period, Position, When, Who, WordList, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ReportId = Annotated[str, reference("report", "A report of the chair, to the board, or of the adviser.")]


class ChairReportDelivered(Fact, frozen=True, kw_only=True):
    """The chair reported on a period, objective by objective."""

    act: ClassVar[str] = "deliverChairReport"
    clause: ClassVar[str] = "5b"
    about: ClassVar[str] = "report"
    begins: ClassVar[bool] = True

    report: ReportId
    period: Period
    objectives: Annotated[list[ObjectiveView], Meta(min_length=1, description="Objective by objective.")]


class Claim(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What is said to have changed for children, and what shows it; activity is not impact."""

    claim: Narrative
    evidence: Annotated[list[EvidenceId], Meta(min_length=1, description="What shows it.")]


class ReportRecommendation(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What a report recommends to the board."""

    recommendation: Annotated[Id, Meta(description="Its id within the report.")]
    text: Narrative


class BoardReportSubmitted(Fact, frozen=True, kw_only=True):
    """A report went to the board; complete with data, analysis, recommendations and evidence of impact."""

    act: ClassVar[str] = "submitBoardReport"
    clause: ClassVar[str] = "5c"
    about: ClassVar[str] = "report"
    begins: ClassVar[bool] = True

    report: ReportId
    meeting: Annotated[str, reference("meeting", "The meeting that it is for.", known=False)]
    data: Annotated[list[EvidenceId], Meta(description="The data that it sets out.")] = field(default_factory=list)
    analysis: Narrative | None = None
    recommendations: Annotated[list[ReportRecommendation], Meta(description="What it recommends.")] = field(
        default_factory=list
    )
    impact_evidence: Annotated[list[Claim], Meta(description="What changed for children.")] = field(
        default_factory=list
    )
    objectives: Annotated[list[ObjectiveId], Meta(description="The objectives that it is about.")] = field(
        default_factory=list
    )


class RecommendationOutcome(WordList):
    """What the board did with a recommendation."""

    ACCEPTED = "ACCEPTED"
    """The board follows it."""
    REJECTED = "REJECTED"
    """The board does not follow it."""
    DEFERRED = "DEFERRED"
    """The board put it off."""


class ReportRecommendationDecided(Fact, frozen=True, kw_only=True):
    """The board accepted, rejected or put off what a report had recommended."""

    act: ClassVar[str] = "decideReportRecommendation"
    clause: ClassVar[str] = "5c"
    about: ClassVar[str] = "report"

    report: ReportId
    recommendation: Annotated[Id, Meta(description="Its id within the report.")]
    outcome: RecommendationOutcome
    reason: Narrative
    decision: Annotated[DecisionId | None, Meta(description="The decision that carries it.")] = None


class AreaJudgement(WordList):
    """How the adviser sees an area."""

    PROGRESS = "PROGRESS"
    """The adviser sees progress."""
    CONCERN = "CONCERN"
    """The adviser is concerned."""


class AreaReport(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What the adviser reports of one area."""

    area: AreaId
    judgement: AreaJudgement
    text: Narrative


class Requirement(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What the adviser reports of one requirement of the notice."""

    number: Annotated[Id, Meta(description="The clause.")]
    text: Narrative


class AdviserReportIssued(Fact, frozen=True, kw_only=True):
    """The adviser reported to ministers; pinned to a position, so that its figures can be had again."""

    act: ClassVar[str] = "issueAdviserReport"
    clause: ClassVar[str] = "12"
    about: ClassVar[str] = "report"
    begins: ClassVar[bool] = True
    outlives: ClassVar[bool] = True

    report: ReportId
    period: Period
    per_area: Annotated[list[AreaReport], Meta(min_length=1, description="Area by area.")]
    requirements: Annotated[list[Requirement], Meta(description="Requirement by requirement.")] = field(
        default_factory=list
    )
    other: Narrative | None = None
    query: Annotated[Narrative | None, Meta(description="The GraphQL query that its figures came from.")] = None
    position: Annotated[Position, Meta(description="The position at which its figures were read.")]


FACTS = (ChairReportDelivered, BoardReportSubmitted, ReportRecommendationDecided, AdviserReportIssued)


class ReportsState(Struct):
    """What the rules need to know: report → its recommendations → the entry that decided each, else 0."""

    recommended: dict[str, dict[str, int]] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case ChairReportDelivered():
            yield from in_order(fact.period.first, fact.period.last, "data.period.last")
        case BoardReportSubmitted():
            named = [item.recommendation for item in fact.recommendations]
            yield from _twice(named, "data.recommendations", "recommendation")
        case ReportRecommendationDecided():
            yield from _admit_outcome(state.reports.recommended.get(fact.report, {}), fact)
        case AdviserReportIssued():
            yield from in_order(fact.period.first, fact.period.last, "data.period.last")
            yield from not_to_come(fact.period.last, when.occurred_at, state.notice.zone, "data.period.last")
            if state.notice.issued_on is not None and fact.period.last < state.notice.issued_on:
                message = f"the notice was issued on {state.notice.issued_on}; report of a period from then on"
                yield Refusal("OUT_OF_RANGE", message, "data.period.last")
            yield from _twice([item.area for item in fact.per_area], "data.perArea", "area")
            for index, item in enumerate(fact.requirements):
                if item.number not in state.notice.clauses:
                    message = f"the notice has no clause {item.number}"
                    yield Refusal("NOT_FOUND", message, f"data.requirements[{index}].number")
            if fact.position > state.position:
                message = f"the last entry is {state.position}; a report rests on what was recorded"
                yield Refusal("OUT_OF_RANGE", message, "data.position")


def _twice(named: list[str], path: str, key: str) -> Iterator[Refusal]:
    for index, name in enumerate(named):
        if name in named[:index]:
            yield Refusal("TWICE", f"{name} stands here twice", f"{path}[{index}].{key}")


def _admit_outcome(recommended: dict[str, int], fact: ReportRecommendationDecided) -> Iterator[Refusal]:
    decided = recommended.get(fact.recommendation)
    if decided is None:
        message = f"report {fact.report} has no recommendation {fact.recommendation}"
        yield Refusal("NOT_FOUND", message, "data.recommendation")
    elif decided:
        message = f"the board decided on {fact.recommendation} already, in entry {decided}"
        yield Refusal("ALREADY_RECORDED", message, "data.recommendation")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, recommended = entry.fact, state.reports.recommended
    match fact:
        case BoardReportSubmitted():
            recommended[fact.report] = {item.recommendation: 0 for item in fact.recommendations}
        case ReportRecommendationDecided() if fact.outcome is not RecommendationOutcome.DEFERRED:
            recommended[fact.report][fact.recommendation] = entry.position
