"""The figures of a report at the end of its period: what happened later is left out."""

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from api.charts import Series, summary, xmr_svg
from api.charts.series import ChartReading, Readings, Reset, Spc, TargetRevision
from api.report.document import paper_of
from api.report.effective import (
    access_at,
    action_at,
    area_at,
    decision_at,
    notice_at,
    series_at,
    slow_objective_at,
)
from api.report.model import AreaSummary, Report, Requirement
from api.report.query_documents import ListPage, PageInfo
from api.report.query_models import (
    Access,
    Action,
    Decision,
    DueDateChange,
    Grant,
    Highlight,
    LatestActivity,
    LatestImpact,
    LatestProgress,
    Notice,
    Rebaseline,
    SlowObjectivesRow,
)
from projections.views.spc import xmr

LAST = date(2023, 9, 30)
END = datetime(2023, 9, 30, 23, tzinfo=UTC)


def at(month: int, day: int = 1) -> datetime:
    """Return an instant of 2023."""
    return datetime(2023, month, day, 9, tzinfo=UTC)


def readings(*values: float, hidden: bool = False) -> Series:
    """Return a measure with a reading a month of 2023, and the chart of them all."""
    lines = xmr(values)
    points = tuple(
        ChartReading(
            first=date(2023, month, 1),
            last=date(2023, month, 28),
            value=None if hidden else value,
            numerator=1,
            denominator=None,
            signals=("SHIFT",),
            suppressed=hidden,
            position=month,
        )
        for month, value in enumerate(values, 1)
    )
    spc = None if hidden else Spc(lines.mean, lines.lower, lines.upper, lines.provisional)
    return Series(
        measure="M1",
        title="t",
        unit="PERCENT",
        direction="HIGHER_IS_BETTER",
        target=60.0,
        baseline=None,
        spc=spc,
        assurance=None if hidden else "FAILING",
        reset_on=None,
        suppressed=hidden,
        readings=Readings(points),
    )


VALUES = (40.0, 42.0, 41.0, 43.0, 40.0, 41.0, 42.0, 40.0, 41.0, 80.0, 81.0, 82.0)


def test_readings_after_the_period_and_their_limits_are_left_out() -> None:
    series, expected = series_at(readings(*VALUES), LAST), xmr(VALUES[:9])
    assert [point.value for point in series.points] == [*VALUES[:9]]
    assert (series.mean, series.lower, series.upper, series.provisional) == (
        expected.mean,
        expected.lower,
        expected.upper,
        True,
    )
    assert [point.signals for point in series.points] == [
        tuple(signal.value for signal in point.signals) for point in expected.points
    ]
    assert series.assurance == "FAILING"
    assert series_at(readings(*VALUES), date(2023, 12, 31)) == readings(*VALUES)
    nothing = series_at(readings(*VALUES), date(2022, 12, 31))
    assert (nothing.points, nothing.spc, nothing.assurance) == ((), None, None)


def test_a_later_reset_does_not_count_and_an_earlier_one_does() -> None:
    both = msgspec.structs.replace(
        readings(*VALUES),
        resets=(Reset(date(2023, 4, 1), 20), Reset(date(2023, 10, 1), 21)),
        reset_on=date(2023, 10, 1),
    )
    series = series_at(both, LAST)
    assert series.reset_on == date(2023, 4, 1)
    assert series.mean == xmr(VALUES[3:9]).mean


def test_a_quarter_next_to_its_months_is_listed_and_not_charted() -> None:
    plain = readings(*VALUES)
    outer = msgspec.structs.replace(plain.points[0], last=date(2023, 3, 31), value=99.0)
    both = msgspec.structs.replace(plain, readings=Readings((plain.points[0], outer, *plain.points[1:])))
    series = series_at(both, LAST)
    assert (len(series.points), series.mean) == (10, xmr(VALUES[:9]).mean)
    assert series.chart().points == tuple(point for point in series.points if point.value != 99)
    assert "99" not in xmr_svg(series)
    assert summary(series).startswith("9 readings")


def test_a_hidden_chart_stays_hidden() -> None:
    series = series_at(readings(*VALUES, hidden=True), LAST)
    assert (len(series.points), series.spc, series.hidden) == (9, None, True)


def action(**changes: Any) -> Action:
    """Return an action of the plan."""
    fields: dict[str, Any] = {
        "action": "A1", "objective": "O1", "title": "t", "title_erased_by": None, "owner": "ann", "partner": None,
        "added_at": at(2), "due": date(2023, 8, 31), "first_due": date(2023, 8, 31), "slippage_days": 0,
        "rebaselined": 0, "overdue": False, "late": False, "completed_on": None, "position": 5,
        "completed_position": None, "rebaselines": (),
    }  # fmt: skip
    return Action(**fields | changes)


def move(month: int, before: date, after: date) -> Rebaseline:
    """Return a change of an action's due date."""
    return Rebaseline(
        rebaselined_at=at(month),
        due_before=before,
        due_after=after,
        reason=None,
        reason_erased_by=None,
        approver="cole",
        position=month,
    )


def test_an_action_completed_after_the_period_is_overdue() -> None:
    done = action(completed_on=date(2023, 10, 5), completed_position=9, late=True)
    (row,) = [action_at(done, LAST, END)]
    assert row is not None
    assert (row.completed_on, row.completed_position, row.overdue, row.late) == (None, None, True, True)
    in_time = action_at(action(completed_on=date(2023, 8, 30), completed_position=9), LAST, END)
    assert in_time is not None
    assert (in_time.completed_position, in_time.overdue, in_time.late) == (9, False, False)


def test_an_action_added_after_the_period_is_left_out() -> None:
    assert action_at(action(added_at=at(10)), LAST, END) is None


def test_a_date_moved_after_the_period_is_as_it_was() -> None:
    first, second, third = date(2023, 6, 30), date(2023, 9, 15), date(2023, 12, 31)
    moved = action(
        due=third,
        first_due=first,
        rebaselined=2,
        slippage_days=184,
        rebaselines=(move(6, first, second), move(10, second, third)),
    )
    row = action_at(moved, LAST, END)
    assert row is not None
    assert (row.due, row.rebaselined, row.slippage_days, row.overdue) == (second, 1, 77, True)
    assert [each.due_after for each in row.rebaselines] == [second]


def _page(*rows: Any) -> ListPage[Any]:
    return ListPage(nodes=rows, page_info=PageInfo(has_next_page=False))


def objective(**changes: Any) -> SlowObjectivesRow:
    """Return an objective that was due in August, with progress and highlights."""
    highlights = tuple(
        Highlight(
            highlighted_at=at(month),
            cause=None,
            cause_erased_by=None,
            remedy=None,
            remedy_erased_by=None,
            position=month,
        )
        for month in (9, 10)
    )
    fields: dict[str, Any] = {
        "objective": "O1", "title": "t", "title_erased_by": None, "areas": ("1a",), "owner": "ann",
        "due": date(2023, 8, 31), "first_due": date(2023, 8, 31), "slippage_days": 0, "highlighted": True,
        "activity_rating": "BLUE", "impact_rating": "BLUE", "progress_at": at(10), "position": 4,
        "highlights": highlights, "added_at": at(1), "closed_at": None, "due_date_changes": (),
        "latest": _page(LatestProgress(occurred_at=at(9))),
        "rated": _page(LatestActivity(activity_rating="RED")),
        "impact": _page(LatestImpact(impact_rating="GREEN")),
        "actions": _page(),
    }  # fmt: skip
    return SlowObjectivesRow(**fields | changes)


def moved(changed: int, day: int, month: int = 8) -> DueDateChange:
    """Return a change, made in a month, of an objective's due date, which was a day of 2023 before."""
    return DueDateChange(changed_at=at(changed), due_before=date(2023, month, day), position=changed)


def test_an_objective_has_the_due_date_of_the_periods_end() -> None:
    changes = (moved(7, 30, month=6), moved(10, 31), moved(11, 30, month=11))
    later = objective(due=date(2023, 12, 31), first_due=date(2023, 6, 30), slippage_days=184, highlighted=False)
    row = slow_objective_at(msgspec.structs.replace(later, due_date_changes=changes), LAST, END)
    assert row is not None
    assert (row.due, row.slippage_days, row.highlighted) == (date(2023, 8, 31), 62, True)
    again = msgspec.structs.replace(later, due=date(2023, 9, 10), due_date_changes=(moved(9, 31),))
    row = slow_objective_at(again, LAST, END)
    assert row is not None
    assert (row.due, row.highlighted) == (date(2023, 9, 10), False), "the highlight was of the earlier date"


def test_an_objective_has_the_ratings_of_the_periods_end() -> None:
    row = slow_objective_at(objective(), LAST, END)
    assert row is not None
    assert (row.activity_rating, row.impact_rating, row.progress_at) == ("RED", "GREEN", at(9))
    assert [highlight.position for highlight in row.highlights] == [9]


@pytest.mark.parametrize(
    ("changes", "is_slow"),
    [
        ({"closed_at": at(10)}, True),
        ({"closed_at": at(9)}, False),
        ({"added_at": at(10)}, False),
        ({"due": LAST}, False),
        ({"due": date(2023, 12, 31), "due_date_changes": (moved(10, 31),)}, True),
        ({"due": date(2023, 12, 31), "due_date_changes": (moved(9, 31),)}, False),
        ({"due": date(2023, 8, 1), "due_date_changes": (moved(10, 31, month=12),)}, False),
    ],
)
def test_only_objectives_open_and_late_at_the_periods_end_are_slow(changes: dict[str, Any], is_slow: bool) -> None:
    assert (slow_objective_at(objective(**changes), LAST, END) is not None) is is_slow


def test_a_later_rescission_decision_revocation_end_and_closure_are_left_out() -> None:
    decision = Decision(
        decision="D1", decided_at=at(9), meeting="B1", title=None, title_erased_by=None, outcome=None,
        outcome_erased_by=None, rationale=None, rationale_erased_by=None, options=(), votes=None, relates_to=(),
        rescinded_at=at(10), rescinded_position=30, replaced_by="D2", position=20, rests_on=(),
    )  # fmt: skip
    assert decision_at(decision, END).rescinded_position is None
    assert decision_at(decision, at(11)).rescinded_position == 30
    access = Access(
        request="Q1", review="R1", diagnostic=None, grantee="rita", kind="DATA", requested_at=at(8),
        requested_by="rita", from_at=at(9), until_at=at(11), decided="GRANTED", decided_at=at(9), decided_by="ann",
        decided_position=21, refused_reason=None, refused_reason_erased_by=None, refused_uses=0, position=19,
        grant=Grant(live=True, revoked_at=at(10), revoked_position=31, provided=1, used=1),
    )  # fmt: skip
    row = access_at(access, END)
    assert row.grant is not None
    assert (row.decided, row.grant.revoked_position) == ("GRANTED", None)
    assert (access_at(access, at(8, 15)).decided, access_at(access, at(8, 15)).grant) == (None, None)
    area = AreaSummary(
        area="1a", title=None, title_erased_by=None, ended="CLOSED", ended_on=date(2023, 10, 1), position=2
    )
    assert (area_at(area, LAST).ended, area_at(area, date(2023, 10, 1)).ended) == (None, "CLOSED")
    assert (notice_at(NOTICE, LAST).status, notice_at(NOTICE, date(2024, 3, 19)).status) == ("LIVE", "CLOSED")


NOTICE = Notice(
    id="n", council="E08000008", body=None, kind="IMPROVEMENT_NOTICE", status="CLOSED", title="t",
    title_erased_by=None, issuer="DfE", issued_on=date(2022, 7, 5), target_date=None,
    closed_on=date(2024, 3, 19), zone="Europe/London",
)  # fmt: skip


def requirement(clause: str, status: str) -> Requirement:
    """Return an obligation at the end of the period."""
    return Requirement(
        clause=clause, asks="x", asks_erased_by=None, obligor="COUNCIL", modality="MUST", status=status,
        status_before=None, since=at(9), since_position=None, reason="r", entries=(), position=3,
    )  # fmt: skip


def test_powers_and_context_clauses_are_no_obligations() -> None:
    statuses = ("MET", "NOT_MET", "POWER_UNUSED", "POWER_USED", "NOT_APPLICABLE")
    report = Report(
        notice=NOTICE, report=None, adviser=None, issued_at=None, issued_position=None, first=date(2023, 7, 1),
        last=LAST, position=40, recorded_at=at(10), root_hash="x", on=END, areas=(),
        requirements=tuple(requirement(str(number), status) for number, status in enumerate(statuses)),
        measures=(), slow=(), actions=(), decisions=(), board_reports=(), access=(),
    )  # fmt: skip
    assert "of 2 obligations: 1 met and 1 not met." in str(paper_of(report))


def test_a_target_revised_after_the_period_is_as_it_was() -> None:
    revisions = (TargetRevision(date(2023, 4, 1), 50.0, 20), TargetRevision(date(2023, 10, 1), 41.0, 21))
    revised = msgspec.structs.replace(readings(*VALUES), target=41.0, first_target=45.0, targets=revisions)
    series = series_at(revised, LAST)
    assert (series.target, series.targets, series.assurance) == (50.0, revisions[:1], "FAILING")
    assert series_at(revised, date(2023, 3, 31)).target == 45.0
    assert series_at(revised, date(2023, 12, 31)) == revised
