"""Contents of the adviser's report, assembled for one reader from the answers to its queries. Pure.

`None` replaces an erased narrative, and `…_erased_by` names the entry that erased it. `None` also replaces a
section that the reader may not read.
"""

from collections.abc import Iterator
from datetime import date, datetime

from msgspec import Struct

from api.charts import Series
from api.report.query_documents import QueryModel
from api.report.query_models import (
    Access,
    Action,
    AreaFields,
    Basis,
    BoardReportFields,
    Cited,
    ClaimFields,
    Decision,
    Notice,
    SlowObjective,
)


class AreaSummary(AreaFields, frozen=True, kw_only=True):
    """An area for priority action, with the adviser's judgement and narrative."""

    judgement: str | None = None
    """Judgement of the area, PROGRESS or CONCERN; None before the adviser has judged."""
    text: str | None = None
    text_erased_by: int | None = None


class Requirement(QueryModel, frozen=True, kw_only=True):
    """An obligation at the period's end, with the adviser's narrative."""

    clause: str
    asks: str | None
    """Text of the clause; None if it was erased."""
    asks_erased_by: int | None
    obligor: str
    modality: str
    status: str
    status_before: str | None
    """Status when the period began; None if the obligation did not exist."""
    since: datetime
    since_position: int | None
    """Position of the entry that began the status; None if a deadline that passed began it."""
    reason: str
    entries: tuple[int, ...]
    position: int
    text: str | None = None
    text_erased_by: int | None = None


class Claim(ClaimFields, frozen=True, kw_only=True):
    """Claim of impact in a report, with the evidence that the claim cites."""

    rests_on: tuple[Basis, ...]


class BoardReport(BoardReportFields, frozen=True, kw_only=True):
    """A report to the board in the period."""

    claims: tuple[Claim, ...]


class Report(QueryModel, frozen=True, kw_only=True):
    """The whole report."""

    notice: Notice
    report: str | None
    """Id of the report; None before it is issued."""
    adviser: str | None
    issued_at: datetime | None
    issued_position: int | None
    """Position of the entry that issued the report, after `position`; None before it is issued."""
    first: date
    last: date
    position: int
    """Position of the last entry taken into account."""
    recorded_at: datetime
    """Instant at which the entry at `position` was recorded."""
    root_hash: str
    """Root hash of the tree up to `position`, in base64."""
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
        """True if the report cites entries of an invented history."""
        return any((entry.source or "").startswith("invented/") for entry in self.entries)


def has_slipped(action: Action) -> bool:
    """Return True if the action's due date was moved to a later day, or passed before completion."""
    return action.slippage_days > 0 or action.late


def cited(value: object) -> Iterator[int]:
    """Yield the positions of the entries that a part of a report cites."""
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
