"""Contents of the adviser's report: rows as GraphQL returns them, assembled for one reader. Pure.

`None` replaces an erased narrative, and `…_erased_by` names the entry that erased it. `None` also replaces a
section that the reader has no access to.
"""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from api.charts import Series


class ReportRow(Struct, frozen=True, rename="camel", kw_only=True):
    """A row of an answer."""


class Notice(ReportRow, frozen=True, kw_only=True):
    """The report's notice."""

    id: str
    council: str
    """ONS code."""
    kind: str
    status: str
    title: str | None
    title_erased_by: int | None
    issuer: str
    issued_on: date
    target_date: date | None
    closed_on: date | None = None
    zone: str


class AreaSummary(ReportRow, frozen=True, kw_only=True):
    """An area for priority action, with the adviser's judgement and narrative."""

    area: str
    title: str | None
    title_erased_by: int | None
    ended: str | None
    ended_on: date | None
    position: int
    judgement: str | None = None
    """PROGRESS or CONCERN; None before the adviser has judged."""
    text: str | None = None
    text_erased_by: int | None = None


class Requirement(ReportRow, frozen=True, kw_only=True):
    """An obligation at the period's end, with the adviser's narrative."""

    clause: str
    asks: str | None
    """Text of the clause."""
    asks_erased_by: int | None
    obligor: str
    modality: str
    status: str
    status_before: str | None
    """Status when the period began; None if the obligation did not exist."""
    since: datetime
    since_position: int | None
    """None if a deadline passed."""
    reason: str
    entries: tuple[int, ...]
    position: int
    text: str | None = None
    text_erased_by: int | None = None


class Highlight(ReportRow, frozen=True, kw_only=True):
    """Slow progress reported to the board."""

    highlighted_at: datetime
    cause: str | None
    cause_erased_by: int | None
    remedy: str | None
    remedy_erased_by: int | None
    position: int


class SlowObjective(ReportRow, frozen=True, kw_only=True):
    """An objective open and past its due date when the period ended."""

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


class ProgressUpdate(ReportRow, frozen=True, kw_only=True):
    """Progress on an objective, or on one of its actions."""

    activity_rating: str
    impact_rating: str
    occurred_at: datetime
    action: str | None
    position: int


class ProgressUpdates(ReportRow, frozen=True, kw_only=True):
    """Progress on an objective up to the end of the period, the latest first."""

    nodes: tuple[ProgressUpdate, ...]


class ObjectiveRow(SlowObjective, frozen=True, kw_only=True):
    """An objective at the report's position, from which its state at the end of the period follows."""

    added_at: datetime
    closed_at: datetime | None
    progress: ProgressUpdates


class Rebaseline(ReportRow, frozen=True, kw_only=True):
    """Another due date for an action."""

    rebaselined_at: datetime
    due_before: date
    due_after: date
    reason: str | None
    reason_erased_by: int | None
    approver: str
    position: int


class Action(ReportRow, frozen=True, kw_only=True):
    """An action of the plan when the period ended."""

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

    @property
    def slipped(self) -> bool:
        """True if its due date was moved, or passed before completion."""
        return self.slippage_days > 0 or self.late


class CitedDocument(ReportRow, frozen=True, kw_only=True):
    """A document of the evidence register at the report's position."""

    title: str | None
    title_erased_by: int | None
    status: str
    judgement: str | None
    position: int


class Basis(ReportRow, frozen=True, kw_only=True):
    """A document behind a decision or claim, with its status when that was recorded."""

    evidence: str
    status_then: str
    judgement_then: str | None
    superseded_by_then: str | None
    position: int
    documents: tuple[CitedDocument, ...] = ()


class Option(ReportRow, frozen=True, kw_only=True):
    """An option of a decision."""

    text: str | None
    erased_by: int | None


class Decision(ReportRow, frozen=True, kw_only=True):
    """A decision of the board in the period."""

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
    votes: dict[str, int] | None
    relates_to: tuple[str, ...]
    rescinded_at: datetime | None
    rescinded_position: int | None
    replaced_by: str | None
    position: int
    rests_on: tuple[Basis, ...]


class Claim(ReportRow, frozen=True, kw_only=True):
    """A claim of impact in a report, and its evidence."""

    number: int
    claim: str | None
    claim_erased_by: int | None
    position: int
    rests_on: tuple[Basis, ...]


class BoardReport(ReportRow, frozen=True, kw_only=True):
    """A report to the board in the period."""

    report: str
    meeting: str
    submitted_at: datetime
    completeness: str
    missing: tuple[str, ...]
    position: int
    claims: tuple[Claim, ...]


class Grant(ReportRow, frozen=True, kw_only=True):
    """A grant of access."""

    live: bool
    """True if it was usable at the end of the period."""
    revoked_at: datetime | None
    revoked_position: int | None
    provided: int
    used: int


class Access(ReportRow, frozen=True, kw_only=True):
    """A request for access, made or open in the period."""

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
    """None if it was not granted."""


class Cited(ReportRow, frozen=True, kw_only=True):
    """An entry that the report cites."""

    position: int
    leaf_hash: str
    """RFC 6962 leaf hash in base64."""
    withheld: bool
    """True if the reader has no access to its content."""
    type: str | None
    recorded_at: datetime | None
    occurred_at: datetime | None
    actor: str | None
    source: str | None
    corrected_by: int | None


class Report(ReportRow, frozen=True, kw_only=True):
    """The whole report."""

    notice: Notice
    report: str | None
    """None before it is issued."""
    adviser: str | None
    issued_at: datetime | None
    issued_position: int | None
    """Entry that issued it, after `position`."""
    first: date
    last: date
    position: int
    """Last entry taken into account."""
    recorded_at: datetime
    """When that entry was recorded."""
    root_hash: str
    """Root hash of the tree up to that entry, in base64."""
    on: datetime
    """Effective instant: the end of the period."""
    areas: tuple[AreaSummary, ...]
    requirements: tuple[Requirement, ...] | None
    measures: tuple[Series, ...] | None
    slow: tuple[SlowObjective, ...] | None
    actions: tuple[Action, ...] | None
    decisions: tuple[Decision, ...] | None
    board_reports: tuple[BoardReport, ...] | None
    access: tuple[Access, ...] | None
    other: str | None = None
    other_erased_by: int | None = None
    entries: tuple[Cited, ...] = ()

    @property
    def suppressed(self) -> bool:
        """True if figures are hidden from this reader."""
        return any(point.hidden for series in self.measures or () for point in series.points)

    @property
    def invented(self) -> bool:
        """True if it cites entries of an invented history."""
        return any((entry.source or "").startswith("invented/") for entry in self.entries)


def cited(value: object) -> Iterator[int]:
    """Yield the positions in a part of a report."""
    if isinstance(value, tuple):
        for item in value:
            yield from cited(item)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            content = getattr(value, name)
            if isinstance(content, int) and (name == "position" or name.endswith("_position")):
                yield content
            elif name == "entries":
                yield from content
            else:
                yield from cited(content)
