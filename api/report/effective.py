"""Figures of a report as they were when its period ended. Pure.

A view holds the latest state at a position. This module undoes later readings, targets, resets, moves of
due dates, completions, progress, highlights, decisions, revocations and ends. Other fields stay as at the
position.
"""

from datetime import date, datetime

from msgspec import structs

from api.charts import Series
from api.charts.series import Readings, Spc
from api.report.model import AreaSummary
from api.report.query_documents import shared
from api.report.query_models import Access, Action, Decision, Notice, SlowObjective, SlowObjectivesRow
from projections.views.measures import assurance_of
from projections.views.spc import FIRM, SIGNALS, limits, marks


def series_at(series: Series, last: date) -> Series:
    """Return a measure with its readings for periods that ended by a day, and the chart of those readings."""
    points = tuple(point for point in series.points if point.last <= last)
    resets = sorted((reset for reset in series.resets if reset.first <= last), key=lambda reset: reset.position)
    reset_on = resets[-1].first if resets else None
    is_retargeted = any(revision.first > last for revision in series.targets)
    if len(points) == len(series.points) and reset_on == series.reset_on and not is_retargeted:
        return series
    targets = tuple(revision for revision in series.targets if revision.first <= last)
    changes = {"resets": tuple(resets), "targets": targets}
    earlier = structs.replace(series, readings=Readings(points), reset_on=reset_on, **changes)
    if is_retargeted:
        earlier = structs.replace(earlier, target=earlier.target_on(last) if targets else series.first_target)
    if series.hidden:
        return earlier
    values = {
        index: point.value
        for index, point in enumerate(points)
        if index >= earlier.counted_from and point.value is not None and index in earlier.charted
    }
    if not values:
        return structs.replace(earlier, spc=None, assurance=None)
    lines = limits([*values.values()])
    signals = dict(zip(values, marks([*values.values()], lines), strict=True))
    charted = tuple(
        structs.replace(point, signals=tuple(signal.value for signal in SIGNALS[signals[index]]))
        if index in signals
        else point
        for index, point in enumerate(points)
    )
    return structs.replace(
        earlier,
        readings=Readings(charted),
        spc=Spc(lines.mean, lines.lower, lines.upper, len(values) < FIRM),
        assurance=assurance_of(earlier.target, series.direction, lines.lower, lines.upper),
    )


def action_at(action: Action, last: date, end: datetime) -> Action | None:
    """Return an action without later moves and completion, or None if the action was added after a period.

    Args:
        action: The action.
        last: Last day of the period.
        end: Instant at which the period ends.
    """
    if action.added_at >= end:
        return None
    moves = tuple(move for move in action.rebaselines if move.rebaselined_at < end)
    later = [move for move in action.rebaselines if move.rebaselined_at >= end]
    due = min(later, key=lambda move: (move.rebaselined_at, move.position)).due_before if later else action.due
    is_done = action.completed_on is not None and action.completed_on <= last
    completed_on = action.completed_on if is_done else None
    return structs.replace(
        action,
        due=due,
        rebaselines=moves,
        rebaselined=len(moves),
        slippage_days=(due - action.first_due).days,
        completed_on=completed_on,
        completed_position=action.completed_position if is_done else None,
        overdue=not is_done and due < last,
        late=(completed_on or last) > due,
    )


def slow_objective_at(row: SlowObjectivesRow, last: date, end: datetime) -> SlowObjective | None:
    """Return an objective as at a period's end, or None unless it was then open and overdue.

    Its progress is queried up to that end.
    """
    is_open = row.added_at < end and (row.closed_at is None or row.closed_at >= end)
    later = [change for change in row.due_date_changes if change.changed_at >= end]
    due = min(later, key=lambda change: (change.changed_at, change.position)).due_before if later else row.due
    if not is_open or due >= last:
        return None
    highlights = tuple(highlight for highlight in row.highlights if highlight.highlighted_at < end)
    moved = max((change.position for change in row.due_date_changes if change.changed_at < end), default=0)
    fields = shared(row, SlowObjective) | {
        "due": due,
        "slippage_days": (due - row.first_due).days,
        "highlights": highlights,
        "highlighted": any(highlight.position > moved for highlight in highlights),
        "activity_rating": next((update.activity_rating for update in row.rated.nodes), None),
        "impact_rating": next((update.impact_rating for update in row.impact.nodes), None),
        "progress_at": next((update.occurred_at for update in row.latest.nodes), None),
    }
    return SlowObjective(**fields)


def decision_at(decision: Decision, end: datetime) -> Decision:
    """Return a decision without a rescission after the period."""
    if decision.rescinded_at is None or decision.rescinded_at < end:
        return decision
    return structs.replace(decision, rescinded_at=None, rescinded_position=None, replaced_by=None)


def access_at(request: Access, end: datetime) -> Access:
    """Return a request for access without a decision or revocation after the period."""
    if request.decided_at is not None and request.decided_at >= end:
        undecided = {"decided": None, "decided_at": None, "decided_by": None, "decided_position": None}
        return structs.replace(
            request, grant=None, refused_reason=None, refused_reason_erased_by=None, **undecided
        )
    grant = request.grant
    if grant is None or grant.revoked_at is None or grant.revoked_at < end:
        return request
    return structs.replace(request, grant=structs.replace(grant, revoked_at=None, revoked_position=None))


def area_at(area: AreaSummary, last: date) -> AreaSummary:
    """Return an area without an end after the period's last day."""
    is_later = area.ended_on is not None and area.ended_on > last
    return structs.replace(area, ended=None, ended_on=None) if is_later else area


def notice_at(notice: Notice, last: date) -> Notice:
    """Return the notice without a closure after the period's last day."""
    is_later = notice.closed_on is not None and notice.closed_on > last
    return structs.replace(notice, status="LIVE", closed_on=None) if is_later else notice
