"""What the adviser's report holds: rows as GraphQL answers them, put together for one reader. Pure.

A text that was erased is None, and `…_erased_by` names the entry that erased it. A section is None where the
reader's roles do not read it.
"""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from api.charts import Series


class ReportRow(Struct, frozen=True, rename="camel", kw_only=True):
    """A row of an answer."""


class Notice(ReportRow, frozen=True, kw_only=True):
    """The notice that is reported on."""

    id: str
    council: str
    """Its ONS code."""
    kind: str
    status: str
    title: str | None
    title_erased_by: int | None
    issuer: str
    issued_on: date
    target_date: date | None
    zone: str


class AreaWords(ReportRow, frozen=True, kw_only=True):
    """An area for priority action, and what the adviser says of it."""

    area: str
    title: str | None
    title_erased_by: int | None
    ended: str | None
    ended_on: date | None
    position: int
    judgement: str | None = None
    """PROGRESS or CONCERN; None: the adviser has not said."""
    text: str | None = None
    text_erased_by: int | None = None


class Requirement(ReportRow, frozen=True, kw_only=True):
    """An obligation at the period's end, and what the adviser says of it."""

    clause: str
    asks: str | None
    """The clause's text."""
    asks_erased_by: int | None
    obligor: str
    modality: str
    status: str
    status_before: str | None
    """When the period began; None: it asked nothing then."""
    since: datetime
    since_position: int | None
    """None: a deadline passed."""
    reason: str
    entries: tuple[int, ...]
    position: int
    text: str | None = None
    text_erased_by: int | None = None


class Highlight(ReportRow, frozen=True, kw_only=True):
    """Slow progress pointed out to the board."""

    highlighted_at: datetime
    cause: str | None
    cause_erased_by: int | None
    remedy: str | None
    remedy_erased_by: int | None
    position: int


class SlowObjective(ReportRow, frozen=True, kw_only=True):
    """An objective that was open and past its date when the period ended."""

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


class Rebaseline(ReportRow, frozen=True, kw_only=True):
    """Another date for an action."""

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
        """Whether its date was moved, or passed before it was done."""
        return self.slippage_days > 0 or self.late


class CitedDocument(ReportRow, frozen=True, kw_only=True):
    """A document of the register of evidence, as it stands at the report's position."""

    title: str | None
    title_erased_by: int | None
    status: str
    judgement: str | None
    position: int


class Basis(ReportRow, frozen=True, kw_only=True):
    """A document that something rests on, and how it stood when that was recorded."""

    evidence: str
    status_then: str
    judgement_then: str | None
    superseded_by_then: str | None
    position: int
    documents: tuple[CitedDocument, ...] = ()


class Option(ReportRow, frozen=True, kw_only=True):
    """An option that was weighed."""

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
    """What a report says has changed for children, and the evidence behind it."""

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
    """What became of an access that was granted."""

    live: bool
    """Whether it could be used at the end of the period."""
    revoked_at: datetime | None
    revoked_position: int | None
    provided: int
    used: int


class Access(ReportRow, frozen=True, kw_only=True):
    """A request for access that was asked for or open in the period."""

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
    """None: it was not granted."""


class Cited(ReportRow, frozen=True, kw_only=True):
    """An entry that the report rests on."""

    position: int
    leaf_hash: str
    """RFC 6962, in base64."""
    withheld: bool
    """Whether the reader may not see what it holds."""
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
    """None: it is not issued."""
    adviser: str | None
    issued_at: datetime | None
    issued_position: int | None
    """The entry that issued it; it lies after `position`."""
    first: date
    last: date
    position: int
    """The last entry that was taken into account."""
    recorded_at: datetime
    """When that entry was recorded."""
    root_hash: str
    """The root of the tree that ends with it, in base64."""
    on: datetime
    """The instant at which rules were judged: the end of the period."""
    areas: tuple[AreaWords, ...]
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
        """Whether figures are hidden from this reader."""
        return any(point.hidden for series in self.measures or () for point in series.points)

    @property
    def invented(self) -> bool:
        """Whether it rests on entries of an invented history."""
        return any((entry.source or "").startswith("invented/") for entry in self.entries)


def cited(value: object) -> Iterator[int]:
    """The positions that a part of a report names."""
    if isinstance(value, tuple):
        for item in value:
            yield from cited(item)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            found = getattr(value, name)
            if isinstance(found, int) and (name == "position" or name.endswith("_position")):
                yield found
            elif name == "entries":
                yield from found
            else:
                yield from cited(found)
