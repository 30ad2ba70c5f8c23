"""Sections of the report with figures: measures, slow objectives, moved dates. Pure."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.charts import ChartReading, Series, signals_in_words, summary, xmr_svg
from api.charts.captions import counts, number
from api.report.blocks import Block, Chart, Heading, Items, Paragraph, Table
from api.report.model import Report, has_slipped
from api.report.phrases import HIDDEN, entry, many, plain, text_or_erasure
from api.report.query_models import Action, SlowObjective
from projections.narrate.sentence import day, zone_of


def measures(report: Report) -> Iterator[Block]:
    """Yield each measure with its chart, its signals in words, and its readings with their counts."""
    yield Heading("Measures", anchor="measures")
    if report.measures is None:
        yield Paragraph(HIDDEN)
        return
    yield Paragraph(
        f"Readings for periods up to {day(report.last)}, as recorded up to entry {report.position}. The limits "
        "are the mean ± 2.66 times the mean moving range. A diamond marks an improvement, a square a concern; "
        "grey discs are common cause variation."
    )
    for series in report.measures:
        title = (series.title or "title erased").rstrip(".")
        yield Heading(f"{series.measure}: {title}", 3)
        yield Chart(xmr_svg(series), " ".join([f"{title}.", summary(series), *signals_in_words(series)]))
        yield Items(tuple(signals_in_words(series)))
        if series.points:
            columns = ("Period", "Value", "Counts", "Signals", "Recorded")
            rows = tuple(_reading(series, point) for point in series.points)
            yield Table(f"Readings of {series.measure}", columns, rows, widths=(8, 5, 8, 10, 12))


def _reading(series: Series, point: ChartReading) -> tuple[str, ...]:
    recorded = entry(point.position)
    if point.restated_position is not None:
        recorded += f", restated by {entry(point.restated_position)}"
    value = "" if point.value is None else number(point.value, series.unit)
    if point.restated:
        value += " (restated)"
    return point.label, value, counts(point, series.unit), "; ".join(map(plain, point.signals)), recorded


def slow(report: Report) -> Iterator[Block]:
    """Yield the open objectives past their due date, and the reports to the board on their slow progress."""
    yield Heading("Slow objectives", anchor="slow")
    if report.slow is None:
        yield Paragraph(HIDDEN)
    elif not report.slow:
        yield Paragraph("No open objective was past its due date at the end of the period.")
    else:
        columns = ("Objective", "Title", "Owner", "Due", "Activity; impact", "Reported to the board")
        zone = zone_of(report.notice.zone)
        rows = tuple(_slow(objective, zone) for objective in report.slow)
        yield Table("Open objectives past their due date", columns, rows, widths=(6, 12, 9, 9, 7, 14))


def _slow(objective: SlowObjective, zone: ZoneInfo) -> tuple[str, ...]:
    highlights = [
        f"{_date(highlight.highlighted_at, zone)}: {text_or_erasure(highlight.cause, highlight.cause_erased_by)} "
        f"({entry(highlight.position)})"
        for highlight in objective.highlights
    ]
    return (
        objective.objective,
        f"{text_or_erasure(objective.title, objective.title_erased_by)} ({entry(objective.position)})",
        objective.owner,
        _due(objective.due, objective.first_due),
        f"{objective.activity_rating or 'not rated'}; {objective.impact_rating or 'not rated'}",
        " ".join(highlights) or "not reported to the board",
    )


def actions(report: Report) -> Iterator[Block]:
    """Yield counts of the actions, and the actions whose dates were moved later or missed."""
    yield Heading("Slippage", anchor="slippage")
    if report.actions is None:
        yield Paragraph(HIDDEN)
        return
    slipped = list(filter(has_slipped, report.actions))
    done = sum(action.completed_on is not None for action in report.actions)
    overdue = sum(action.overdue for action in report.actions)
    moved = sum(action.rebaselined for action in report.actions)
    yield Paragraph(
        f"The plan has {many(len(report.actions), 'action')}: {done} completed, {overdue} overdue. "
        f"Due dates were moved {many(moved, 'time')}."
    )
    if slipped:
        columns = ("Action", "Title", "Owner", "Due", "Completed", "Reason for the move")
        zone = zone_of(report.notice.zone)
        rows = tuple(_action(action, zone) for action in slipped)
        yield Table("Actions moved or late", columns, rows, widths=(6, 12, 9, 9, 8, 14))


def _action(action: Action, zone: ZoneInfo) -> tuple[str, ...]:
    moved = [
        f"{_date(move.rebaselined_at, zone)}: {text_or_erasure(move.reason, move.reason_erased_by)} "
        f"(approved by {move.approver}, {entry(move.position)})"
        for move in action.rebaselines
    ]
    completed = "" if action.completed_on is None else day(action.completed_on)
    return (
        action.action,
        f"{text_or_erasure(action.title, action.title_erased_by)} ({entry(action.position)})",
        action.owner if action.partner is None else f"{action.owner}, for {action.partner}",
        _due(action.due, action.first_due),
        f"{completed}, late" if completed and action.late else completed or "not yet",
        " ".join(moved),
    )


def _date(value: datetime, zone: ZoneInfo) -> str:
    return day(value.astimezone(zone))


def _due(due: date, first_due: date) -> str:
    return day(due) if due == first_due else f"{day(due)}, originally {day(first_due)}"
