"""The sections of the report that show figures: measures, slow objectives, moved dates. Pure."""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.charts import ChartReading, Series, signals_in_words, summary, xmr_svg
from api.charts.captions import counts, number
from api.report.blocks import Block, Chart, Heading, Items, Paragraph, Table
from api.report.model import Action, Report, SlowObjective
from api.report.phrases import HIDDEN, entry, many, plain, said_or_erased
from projections.narrate.sentence import day, zone_of


def measures(report: Report) -> Iterator[Block]:
    """Each measure with its chart, its signals in words, and its readings with what they counted."""
    yield Heading("Measures", anchor="measures")
    if report.measures is None:
        yield Paragraph(HIDDEN)
        return
    yield Paragraph(
        f"All readings as recorded up to entry {report.position}. The limits are the mean ± 2.66 times the mean "
        "moving range; a diamond is a signal, which says that something changed."
    )
    for series in report.measures:
        title = (series.title or "its title was erased").rstrip(".")
        yield Heading(f"{series.measure}: {title}", 3)
        yield Chart(xmr_svg(series), " ".join([f"{title}.", summary(series), *signals_in_words(series)]))
        yield Items(tuple(signals_in_words(series)))
        if series.points:
            columns = ("Period", "Value", "Counted", "Signals", "Recorded")
            rows = tuple(_reading(series, point) for point in series.points)
            yield Table(f"Readings of {series.measure}", columns, rows, widths=(8, 5, 8, 10, 12))


def _reading(series: Series, point: ChartReading) -> tuple[str, ...]:
    recorded = entry(point.position)
    if point.restated_position is not None:
        recorded += f", stated anew by {entry(point.restated_position)}"
    value = "" if point.value is None else number(point.value, series.unit)
    return point.label, value, counts(point, series.unit), "; ".join(map(plain, point.signals)), recorded


def slow(report: Report) -> Iterator[Block]:
    """The objectives past their date, and whether the board was told."""
    yield Heading("Slow objectives", anchor="slow")
    if report.slow is None:
        yield Paragraph(HIDDEN)
    elif not report.slow:
        yield Paragraph("No open objective was past its date at the end of the period.")
    else:
        columns = ("Objective", "What", "Owner", "Due", "Activity; impact", "Highlighted to the board")
        zone = zone_of(report.notice.zone)
        rows = tuple(_slow(each, zone) for each in report.slow)
        yield Table("Open objectives past their date", columns, rows, widths=(6, 12, 9, 9, 7, 14))


def _slow(objective: SlowObjective, zone: ZoneInfo) -> tuple[str, ...]:
    highlighted = [
        f"{_on(told.highlighted_at, zone)}: {said_or_erased(told.cause, told.cause_erased_by)} "
        f"({entry(told.position)})"
        for told in objective.highlights
    ]
    return (
        objective.objective,
        f"{said_or_erased(objective.title, objective.title_erased_by)} ({entry(objective.position)})",
        objective.owner,
        _due(objective.due, objective.first_due),
        f"{objective.activity_rating or 'not rated'}; {objective.impact_rating or 'not rated'}",
        " ".join(highlighted) or "the board was not told",
    )


def actions(report: Report) -> Iterator[Block]:
    """The actions whose dates were moved or missed."""
    yield Heading("Slippage", anchor="slippage")
    if report.actions is None:
        yield Paragraph(HIDDEN)
        return
    slipped = [action for action in report.actions if action.slipped]
    done = sum(action.completed_on is not None for action in report.actions)
    overdue = sum(action.overdue for action in report.actions)
    moved = sum(action.rebaselined for action in report.actions)
    yield Paragraph(
        f"The plan has {many(len(report.actions), 'action')}: {done} completed, {overdue} past their date. "
        f"Dates were moved {many(moved, 'time')}."
    )
    if slipped:
        columns = ("Action", "What", "Owner", "Due", "Completed", "Why it was moved")
        zone = zone_of(report.notice.zone)
        rows = tuple(_action(each, zone) for each in slipped)
        yield Table("Actions moved or late", columns, rows, widths=(6, 12, 9, 9, 8, 14))


def _action(action: Action, zone: ZoneInfo) -> tuple[str, ...]:
    moved = [
        f"{_on(each.rebaselined_at, zone)}: {said_or_erased(each.reason, each.reason_erased_by)} "
        f"(approved by {each.approver}, {entry(each.position)})"
        for each in action.rebaselines
    ]
    completed = "" if action.completed_on is None else day(action.completed_on)
    return (
        action.action,
        f"{said_or_erased(action.title, action.title_erased_by)} ({entry(action.position)})",
        action.owner if action.partner is None else f"{action.owner}, for {action.partner}",
        _due(action.due, action.first_due),
        f"{completed}, late" if completed and action.late else completed or "not yet",
        " ".join(moved),
    )


def _on(value: datetime, zone: ZoneInfo) -> str:
    return day(value.astimezone(zone))


def _due(due: date, first_due: date) -> str:
    return day(due) if due == first_due else f"{day(due)}, at first {day(first_due)}"
