"""Reports to the board and by its chair: complete or not, what they claim and on which evidence."""

from datetime import date, datetime

from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.reports import BoardReportSubmitted, ChairReportDelivered, ReportRecommendationDecided
from projections.position import Reading
from projections.rows import Rows, Table
from projections.texts import Text
from projections.view import View

PARTS = ("DATA", "ANALYSIS", "RECOMMENDATIONS", "IMPACT_EVIDENCE")


def parts_of(report: BoardReportSubmitted) -> list[str]:
    """Which of the four parts a report to the board has."""
    has = (report.data, report.analysis, report.recommendations, report.impact_evidence)
    return [part for part, there in zip(PARTS, has, strict=True) if there]


class ChairReport(Struct, frozen=True):
    """A report of the chair on a period."""

    report: str
    position: int
    delivered_at: datetime
    first: date
    last: date


class ObjectiveReport(Struct, frozen=True):
    """What the chair reported of an objective."""

    report: str
    objective: str
    position: int
    text: Text


class BoardReport(Struct, frozen=True):
    """A report to the board, and which of the four parts it has."""

    report: str
    position: int
    submitted_at: datetime
    meeting: str
    parts: list[str]
    """Of DATA, ANALYSIS, RECOMMENDATIONS and IMPACT_EVIDENCE."""
    missing: list[str]
    data: list[str]
    """The evidence that it sets out."""
    analysis: Text | None
    objectives: list[str]

    @property
    def completeness(self) -> str:
        """COMPLETE, PARTIAL, or MISSING where it has none of the parts."""
        return "MISSING" if not self.parts else "PARTIAL" if self.missing else "COMPLETE"


class Claim(Struct, frozen=True):
    """What a report says has changed for children, and the evidence for it."""

    report: str
    number: int
    """Its place in the report, from 1."""
    position: int
    claim: Text
    evidence: list[str]


class ReportRecommendation(Struct, frozen=True):
    """What a report asked the board for, and what the board did with it."""

    report: str
    recommendation: str
    position: int
    text: Text
    outcome: str | None = None
    """ACCEPTED, REJECTED or DEFERRED; None: the board has not decided."""
    decided_position: int | None = None
    reason: Text | None = None
    decision: str | None = None


CHAIR_REPORTS = Table("chair_reports", ChairReport, ("report",), recalled=False)
OBJECTIVE_REPORTS = Table("objective_reports", ObjectiveReport, ("report", "objective"), recalled=False)
BOARD_REPORTS = Table("board_reports", BoardReport, ("report",), recalled=False)
CLAIMS = Table("claims", Claim, ("report", "number"), recalled=False)
REPORT_RECOMMENDATIONS = Table("report_recommendations", ReportRecommendation, ("report", "recommendation"))


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the reports."""
    fact, position, at = entry.fact, entry.position, entry.occurred_at
    match fact:
        case ChairReportDelivered():
            rows.put(CHAIR_REPORTS, ChairReport(fact.report, position, at, fact.period.first, fact.period.last))
            for index, view in enumerate(fact.objectives):
                text = rows.text(f"objectives[{index}].text")
                rows.put(OBJECTIVE_REPORTS, ObjectiveReport(fact.report, view.objective, position, text))
        case BoardReportSubmitted():
            _submit(rows, entry, fact)
        case ReportRecommendationDecided():
            rows.change(
                REPORT_RECOMMENDATIONS,
                fact.report,
                fact.recommendation,
                outcome=fact.outcome.value,
                decided_position=position,
                reason=rows.text("reason"),
                decision=fact.decision,
            )


def _submit(rows: Rows, entry: Entry, fact: BoardReportSubmitted) -> None:
    parts = parts_of(fact)
    submitted = BoardReport(
        report=fact.report,
        position=entry.position,
        submitted_at=entry.occurred_at,
        meeting=fact.meeting,
        parts=parts,
        missing=[part for part in PARTS if part not in parts],
        data=list(fact.data),
        analysis=rows.text_if(fact.analysis, "analysis"),
        objectives=list(fact.objectives),
    )
    rows.put(BOARD_REPORTS, submitted)
    for index, claim in enumerate(fact.impact_evidence):
        text = rows.text(f"impactEvidence[{index}].claim")
        rows.put(CLAIMS, Claim(fact.report, index + 1, entry.position, text, list(claim.evidence)))
    for index, asked in enumerate(fact.recommendations):
        text = rows.text(f"recommendations[{index}].text")
        rows.put(
            REPORT_RECOMMENDATIONS,
            ReportRecommendation(fact.report, asked.recommendation, entry.position, text),
        )


VIEW = View(
    "reports",
    1,
    (CHAIR_REPORTS, OBJECTIVE_REPORTS, BOARD_REPORTS, CLAIMS, REPORT_RECOMMENDATIONS),
    frozenset({ChairReportDelivered, BoardReportSubmitted, ReportRecommendationDecided}),
    fold,
)


async def chair_reports(reading: Reading) -> list[ChairReport]:
    """The chair's reports in the order in which they were delivered."""
    return await reading.rows(CHAIR_REPORTS, order="t.delivered_at, t.position")


async def objective_reports(
    reading: Reading, *, report: str | None = None, objective: str | None = None
) -> list[ObjectiveReport]:
    """What the chair reported of objectives, in one report or of one objective over time."""
    return await reading.rows(
        OBJECTIVE_REPORTS,
        "(%s::text IS NULL OR t.report = %s) AND (%s::text IS NULL OR t.objective = %s)",
        (report, report, objective, objective),
        order="t.position, t.objective",
    )


async def board_reports(reading: Reading, *, meeting: str | None = None) -> list[BoardReport]:
    """The reports to the board, or those for a meeting, in order."""
    return await reading.rows(BOARD_REPORTS, "%s::text IS NULL OR t.meeting = %s", (meeting, meeting))


async def claims(reading: Reading, report: str | None = None) -> list[Claim]:
    """The claims of impact with their evidence, in order."""
    where = "%s::text IS NULL OR t.report = %s"
    return await reading.rows(CLAIMS, where, (report, report), order="t.position, t.number")


async def recommendations(
    reading: Reading, *, report: str | None = None, undecided: bool = False
) -> list[ReportRecommendation]:
    """What reports asked the board for; `undecided`: what it put off or has not decided on."""
    return await reading.rows(
        REPORT_RECOMMENDATIONS,
        "(%s::text IS NULL OR t.report = %s) AND (NOT %s OR coalesce(t.outcome, 'DEFERRED') = 'DEFERRED')",
        (report, report, undecided),
        order="t.position, t.recommendation",
    )
