"""Models of the answers to the report's queries; `make facts` writes them."""

from datetime import date, datetime
from typing import Any

from api.report.query_documents import ListPage, ListQuery, Query, QueryModel


class Grant(QueryModel, frozen=True, kw_only=True):
    """Granted access: its validity and its history."""

    live: bool
    revoked_at: datetime | None
    revoked_position: int | None
    provided: int
    used: int


class Access(QueryModel, frozen=True, kw_only=True):
    """Request for access, with the decision and the history of the grant."""

    request: str
    review: str | None
    diagnostic: str | None
    grantee: str
    kind: str
    requested_at: datetime
    requested_by: str
    from_at: datetime
    until_at: datetime
    decided: str | None
    decided_at: datetime | None
    decided_by: str | None
    decided_position: int | None
    refused_reason: str | None
    refused_reason_erased_by: int | None
    refused_uses: int
    position: int
    grant: Grant | None


class Rebaseline(QueryModel, frozen=True, kw_only=True):
    """Change of an action's due date, with its approver."""

    rebaselined_at: datetime
    due_before: date
    due_after: date
    reason: str | None
    reason_erased_by: int | None
    approver: str
    position: int


class Action(QueryModel, frozen=True, kw_only=True):
    """Action under an objective."""

    action: str
    objective: str
    title: str | None
    title_erased_by: int | None
    owner: str
    partner: str | None
    added_at: datetime
    due: date
    first_due: date
    slippage_days: int
    rebaselined: int
    overdue: bool
    late: bool
    completed_on: date | None
    position: int
    completed_position: int | None
    rebaselines: tuple[Rebaseline, ...]


class BoardReportFields(QueryModel, frozen=True, kw_only=True):
    """Report to a board."""

    report: str
    meeting: str
    submitted_at: datetime
    completeness: str
    missing: tuple[str, ...]
    position: int


class Obligation(QueryModel, frozen=True, kw_only=True):
    """Verdict on an obligation at the instant of `on`, from the entries up to the position read."""

    clause: str
    obligor: str
    modality: str
    status: str
    since: datetime
    since_position: int | None
    reason: str
    entries: tuple[int, ...]
    position: int


class Standing(QueryModel, frozen=True, kw_only=True):
    """Improvement notice or statutory direction, as recorded up to one position."""

    compliance: ListPage[Obligation]


class ComplianceAtTwoDates(QueryModel, frozen=True, kw_only=True):
    """Notices by their names in the query."""

    first: Standing
    second: Standing


class Option(QueryModel, frozen=True, kw_only=True):
    """Free text of an entry: stored apart from the entry, and bound to it by a salted SHA-256."""

    text: str | None
    erased_by: int | None


class CitedDocument(QueryModel, frozen=True, kw_only=True):
    """Document in the register of evidence."""

    title: str | None
    title_erased_by: int | None
    status: str
    judgement: str | None
    position: int


class Basis(QueryModel, frozen=True, kw_only=True):
    """Reliance of a statement on a document, with the document's status at the time of recording."""

    evidence: str
    status_then: str
    judgement_then: str | None
    superseded_by_then: str | None
    position: int
    documents: tuple[CitedDocument, ...]


class Decision(QueryModel, frozen=True, kw_only=True):
    """Decision of a board, with its evidence and its later history."""

    decision: str
    decided_at: datetime
    meeting: str
    title: str | None
    title_erased_by: int | None
    outcome: str | None
    outcome_erased_by: int | None
    rationale: str | None
    rationale_erased_by: int | None
    options: tuple[Option, ...]
    votes: Any
    relates_to: tuple[str, ...]
    rescinded_at: datetime | None
    rescinded_position: int | None
    replaced_by: str | None
    position: int
    rests_on: tuple[Basis, ...]


class DecisionsMeetingNode(QueryModel, frozen=True, kw_only=True):
    """Meeting of a board."""

    meeting: str
    held_at: datetime
    quorate: bool


class DecisionsRow(Decision, frozen=True, kw_only=True):
    """Decision of a board, with its evidence and its later history."""

    meeting_node: DecisionsMeetingNode | None


class DraftAreas(QueryModel, frozen=True, kw_only=True):
    """Area for priority action."""

    area: str
    ended: str | None
    ended_on: date | None


class DraftClauses(QueryModel, frozen=True, kw_only=True):
    """Clause of the notice."""

    number: str


class DraftRow(QueryModel, frozen=True, kw_only=True):
    """The adviser's report to ministers, pinned to a position of the ledger."""

    report: str
    first: date
    last: date


class DraftFrame(QueryModel, frozen=True, kw_only=True):
    """Improvement notice or statutory direction, as recorded up to one position."""

    issued_on: date
    areas: tuple[DraftAreas, ...]
    clauses: tuple[DraftClauses, ...]
    adviser_reports: ListPage[DraftRow]


class Cited(QueryModel, frozen=True, kw_only=True):
    """One immutable record of one fact."""

    position: int
    leaf_hash: str
    withheld: bool
    type: str | None
    recorded_at: datetime | None
    occurred_at: datetime | None
    actor: str | None
    source: str | None
    corrected_by: int | None


class HeadAsOf(QueryModel, frozen=True, kw_only=True):
    """Point at which the answer is read."""

    position: int


class HeadNotice(QueryModel, frozen=True, kw_only=True):
    """Improvement notice or statutory direction, as recorded up to one position."""

    zone: str
    as_of: HeadAsOf


class ClaimFields(QueryModel, frozen=True, kw_only=True):
    """Claim of impact on children."""

    number: int
    claim: str | None
    claim_erased_by: int | None
    position: int


class ImpactDocuments(QueryModel, frozen=True, kw_only=True):
    """Document in the register of evidence."""

    evidence: str
    title: str | None
    status: str
    classification: str
    judgement: str | None
    submitted_at: datetime
    supports: tuple[str, ...]


class ImpactRow(ClaimFields, frozen=True, kw_only=True):
    """Claim of impact on children."""

    report: str
    basis: str
    rests_on: tuple[Basis, ...]
    documents: tuple[ImpactDocuments, ...]


class IssuedReportsRow(QueryModel, frozen=True, kw_only=True):
    """The adviser's report to ministers, pinned to a position of the ledger."""

    report: str
    position: int


class IssuedReportsNotice(QueryModel, frozen=True, kw_only=True):
    """Improvement notice or statutory direction, as recorded up to one position."""

    zone: str
    adviser_reports: ListPage[IssuedReportsRow]


class Notice(QueryModel, frozen=True, kw_only=True):
    """Improvement notice or statutory direction, as recorded up to one position."""

    id: str
    council: str | None
    body: str | None
    kind: str
    status: str
    title: str | None
    title_erased_by: int | None
    issuer: str
    issued_on: date
    target_date: date | None
    closed_on: date | None
    zone: str


class AreaFields(QueryModel, frozen=True, kw_only=True):
    """Area for priority action."""

    area: str
    title: str | None
    title_erased_by: int | None
    ended: str | None
    ended_on: date | None
    position: int


class NoticeClauses(QueryModel, frozen=True, kw_only=True):
    """Clause of the notice."""

    number: str
    text: str | None
    text_erased_by: int | None
    position: int


class NoticeLedger(QueryModel, frozen=True, kw_only=True):
    """The notice's ledger, a Merkle tree (RFC 6962), at the position read."""

    size: int
    root_hash: str


class NoticeAsOf(QueryModel, frozen=True, kw_only=True):
    """Point at which the answer is read."""

    position: int
    recorded_at: datetime
    on: datetime


class NoticeFigures(Notice, frozen=True, kw_only=True):
    """Improvement notice or statutory direction, as recorded up to one position."""

    areas: tuple[AreaFields, ...]
    clauses: tuple[NoticeClauses, ...]
    ledger: NoticeLedger
    as_of: NoticeAsOf


class SignalsEntry(QueryModel, frozen=True, kw_only=True):
    """One immutable record of one fact."""

    occurred_at: datetime | None


class SignalsSpc(QueryModel, frozen=True, kw_only=True):
    """XmR chart (statistical process control) of a measure's readings since the last reset of its baseline."""

    mean: float | None
    lower: float | None
    upper: float | None
    provisional: bool | None


class SignalsResets(QueryModel, frozen=True, kw_only=True):
    """Reset of a measure's baseline, with the first day from which the limits are computed."""

    first: date
    position: int


class SignalsTargets(QueryModel, frozen=True, kw_only=True):
    """Revision of a measure's target, with the first day of the new target."""

    first: date
    target: float
    position: int


class MeasureReading(QueryModel, frozen=True, kw_only=True):
    """A measure's reading for a period, as last stated, with numerator and denominator."""

    first: date
    last: date
    numerator: int | None
    denominator: int | None
    value: float | None
    signals: tuple[str, ...]
    suppressed: bool
    restated: int
    reason: str | None
    position: int
    restated_position: int | None


class MeasureFigures(QueryModel, frozen=True, kw_only=True):
    """Measure, with its XmR chart."""

    measure: str
    title: str | None
    title_erased_by: int | None
    unit: str
    direction: str
    target: float | None
    first_target: float | None
    baseline: float | None
    per: int | None
    part_of: str | None
    assurance: str | None
    reset_on: date | None
    suppressed: bool
    position: int
    entry: SignalsEntry | None
    spc: SignalsSpc | None
    resets: tuple[SignalsResets, ...]
    targets: tuple[SignalsTargets, ...]
    readings: ListPage[MeasureReading]


class Highlight(QueryModel, frozen=True, kw_only=True):
    """Report of an objective's slow progress to the board."""

    highlighted_at: datetime
    cause: str | None
    cause_erased_by: int | None
    remedy: str | None
    remedy_erased_by: int | None
    position: int


class SlowObjective(QueryModel, frozen=True, kw_only=True):
    """Objective of the improvement plan, with its latest ratings."""

    objective: str
    title: str | None
    title_erased_by: int | None
    areas: tuple[str, ...]
    owner: str
    due: date
    first_due: date
    slippage_days: int
    highlighted: bool
    activity_rating: str | None
    impact_rating: str | None
    progress_at: datetime | None
    position: int
    highlights: tuple[Highlight, ...]


class DueDateChange(QueryModel, frozen=True, kw_only=True):
    """Change of an objective's due date."""

    changed_at: datetime
    due_before: date
    position: int


class LatestProgress(QueryModel, frozen=True, kw_only=True):
    """Progress against an objective: the work done, and its impact."""

    occurred_at: datetime


class LatestActivity(QueryModel, frozen=True, kw_only=True):
    """Progress against an objective: the work done, and its impact."""

    activity_rating: str


class LatestImpact(QueryModel, frozen=True, kw_only=True):
    """Progress against an objective: the work done, and its impact."""

    impact_rating: str | None


class OverdueAction(QueryModel, frozen=True, kw_only=True):
    """Action under an objective."""

    action: str
    title: str | None
    owner: str
    due: date


class SlowObjectivesRow(SlowObjective, frozen=True, kw_only=True):
    """Objective of the improvement plan, with its latest ratings."""

    added_at: datetime
    closed_at: datetime | None
    due_date_changes: tuple[DueDateChange, ...]
    latest: ListPage[LatestProgress]
    rated: ListPage[LatestActivity]
    impact: ListPage[LatestImpact]
    actions: ListPage[OverdueAction]


class WordsAreas(QueryModel, frozen=True, kw_only=True):
    """Section of the adviser's report on an area."""

    area: str
    judgement: str
    text: str | None
    text_erased_by: int | None


class WordsRequirements(QueryModel, frozen=True, kw_only=True):
    """Section of the adviser's report on a requirement of the notice."""

    number: str
    text: str | None
    text_erased_by: int | None


class IssuedStatements(QueryModel, frozen=True, kw_only=True):
    """The adviser's report to ministers, pinned to a position of the ledger."""

    report: str
    adviser: str
    first: date
    last: date
    issued_at: datetime
    pinned: int
    position: int
    other: str | None
    other_erased_by: int | None
    areas: tuple[WordsAreas, ...]
    requirements: tuple[WordsRequirements, ...]


class WordsNotice(QueryModel, frozen=True, kw_only=True):
    """Improvement notice or statutory direction, as recorded up to one position."""

    adviser_reports: ListPage[IssuedStatements]


ACCESS = ListQuery("access", "access", Access)
ACTIONS = ListQuery("actions", "plan.actions", Action)
BOARD_REPORTS = ListQuery("board-reports", "board.reports", BoardReportFields)
COMPLIANCE = Query("compliance", ComplianceAtTwoDates)
DECISIONS = ListQuery("decisions", "board.decisions", DecisionsRow)
DRAFT = Query("draft", DraftFrame)
ENTRIES = ListQuery("entries", "entries", Cited)
HEAD = Query("head", HeadNotice)
IMPACT = ListQuery("impact", "board.claims", ImpactRow)
ISSUED = Query("issued", IssuedReportsNotice)
NOTICE = Query("notice", NoticeFigures)
SIGNALS = ListQuery("signals", "measures", MeasureFigures)
SLOW_OBJECTIVES = ListQuery("slow-objectives", "plan.objectives", SlowObjectivesRow)
WORDS = Query("words", WordsNotice)
