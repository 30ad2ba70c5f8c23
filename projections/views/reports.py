"""Reports to boards and by their chairs: their completeness, their claims and the evidence for them."""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.reports import (
    BoardReportSubmitted,
    ChairReportDelivered,
    RecommendationOutcome,
    ReportRecommendationDecided,
)
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import WITHIN, Computed, of_table
from projections.views.fields import BoardName, RecordedPosition
from projections.views.word_lists import Completeness, ReportPart

PARTS = ("DATA", "ANALYSIS", "RECOMMENDATIONS", "IMPACT_EVIDENCE")


def parts_of(report: BoardReportSubmitted) -> list[str]:
    """Return the parts that a report to the board has, out of the four parts in `PARTS`."""
    has = (report.data, report.analysis, report.recommendations, report.impact_evidence)
    return [part for part, there in zip(PARTS, has, strict=True) if there]


class ChairReport(Struct, frozen=True):
    """A report of the chair on a period."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    position: int
    delivered_at: Annotated[datetime, Meta(description="Instant at which it was delivered.")]
    first: Annotated[date, Meta(description="First day of its period.")]
    last: Annotated[date, Meta(description="Last day of its period.")]
    board: BoardName


class ObjectiveReport(Struct, frozen=True):
    """The chair's report on an objective."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    objective: Annotated[str, ID, Meta(description="Id of the objective.")]
    position: RecordedPosition
    text: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]


class BoardReport(Struct, frozen=True):
    """A report to a board, with the required parts that it has and that it lacks."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    position: int
    submitted_at: Annotated[datetime, Meta(description="Instant at which it was submitted.")]
    meeting: Annotated[str, ID, Meta(description="Id of the meeting to which it was submitted.")]
    parts: Annotated[list[str], words(ReportPart), Meta(description="Parts that it has.")]
    missing: Annotated[list[str], words(ReportPart), Meta(description="Parts that it lacks.")]
    data: Annotated[list[str], ID, Meta(description="Ids of the evidence that it presents.")]
    analysis: Annotated[NarrativeRef | None, Meta(description="Analysis; null if it has none, or if erased.")]
    objectives: Annotated[list[str], ID, Meta(description="Ids of the objectives that it concerns.")]
    board: BoardName


class Claim(Struct, frozen=True):
    """A report's claim of a change for children, and the evidence for it."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    number: Annotated[int, Meta(description="Number within the report, from 1.")]
    position: int
    claim: Annotated[NarrativeRef, Meta(description="Narrative; null if erased.")]
    evidence: Annotated[list[str], ID, Meta(description="Ids of its evidence.")]


class ReportRecommendation(Struct, frozen=True):
    """A report's recommendation to the board, and the board's decision on it."""

    report: Annotated[str, ID, Meta(description="Id of the report.")]
    recommendation: Annotated[str, ID, Meta(description="Id of the recommendation.")]
    position: int
    text: Annotated[NarrativeRef, Meta(description="Recommendation; null if erased.")]
    outcome: Annotated[
        str | None, words(RecommendationOutcome), Meta(description="Outcome; null if the board has not decided.")
    ] = None
    decided_position: Annotated[
        int | None, Meta(description="Position of the entry that records the outcome.")
    ] = None
    reason: Annotated[NarrativeRef | None, Meta(description="Reason; null if erased.")] = None
    decision: Annotated[str | None, ID, Meta(description="Id of the board's decision on it.")] = None


CHAIR_REPORTS = Table("chair_reports", ChairReport, ("report",), in_memory=False)
OBJECTIVE_REPORTS = Table("objective_reports", ObjectiveReport, ("report", "objective"), in_memory=False)
BOARD_REPORTS = Table("board_reports", BoardReport, ("report",), in_memory=False)
CLAIMS = Table("claims", Claim, ("report", "number"), in_memory=False)
REPORT_RECOMMENDATIONS = Table("report_recommendations", ReportRecommendation, ("report", "recommendation"))


VIEW = View("reports", 2, (CHAIR_REPORTS, OBJECTIVE_REPORTS, BOARD_REPORTS, CLAIMS, REPORT_RECOMMENDATIONS))
VIEW.changes(
    ReportRecommendationDecided, REPORT_RECOMMENDATIONS, "outcome", "decided_position", "reason", "decision"
)


@VIEW.on(ChairReportDelivered)
def _chair_report_delivered(rows: Rows, entry: Entry, fact: ChairReportDelivered) -> None:
    put_from_fact(rows, CHAIR_REPORTS, entry)
    for index, view in enumerate(fact.objectives):
        text = rows.narrative(f"objectives[{index}].text")
        rows.put(OBJECTIVE_REPORTS, ObjectiveReport(fact.report, view.objective, entry.position, text))


@VIEW.on(BoardReportSubmitted)
def _submit(rows: Rows, entry: Entry, fact: BoardReportSubmitted) -> None:
    parts = parts_of(fact)
    put_from_fact(rows, BOARD_REPORTS, entry, parts=parts, missing=[part for part in PARTS if part not in parts])
    for index, claim in enumerate(fact.impact_evidence):
        text = rows.narrative(f"impactEvidence[{index}].claim")
        rows.put(CLAIMS, Claim(fact.report, index + 1, entry.position, text, list(claim.evidence)))
    for index, recommendation in enumerate(fact.recommendations):
        text = rows.narrative(f"recommendations[{index}].text")
        rows.put(
            REPORT_RECOMMENDATIONS,
            ReportRecommendation(fact.report, recommendation.recommendation, entry.position, text),
        )


CHAIR_REPORT = of_table("reports", CHAIR_REPORTS, conditions=WITHIN, order=("delivered_at", "position"))
OBJECTIVE_REPORT = of_table("reports", OBJECTIVE_REPORTS, order=("position", "objective"))
BOARD_REPORT = of_table(
    "reports",
    BOARD_REPORTS,
    computed={
        "completeness": Computed(
            Annotated[
                str, words(Completeness), Meta(description="Completeness of its parts; MISSING if it has none.")
            ],
            "CASE WHEN t.parts = '{}' THEN 'MISSING' WHEN t.missing <> '{}' THEN 'PARTIAL' ELSE 'COMPLETE' END",
        )
    },
    conditions={
        "objective": ":value = ANY (t.objectives)",
    },
)
CLAIM = of_table(
    "reports",
    CLAIMS,
    computed={
        "basis": Computed(
            Annotated[str, ID, Meta(description="Id in the list of `bases`: report#number.")],
            "t.report || '#' || t.number",
        )
    },
    conditions={"evidence": ":value = ANY (t.evidence)"},
    order=("position", "number"),
)
REPORT_RECOMMENDATION = of_table(
    "reports",
    REPORT_RECOMMENDATIONS,
    conditions={"undecided": "(coalesce(t.outcome, 'DEFERRED') = 'DEFERRED') = :value"},
    order=("position", "recommendation"),
)
