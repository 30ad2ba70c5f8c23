"""The report in words, section by section: what HTML and PDF both show. Pure."""

from collections import Counter
from collections.abc import Iterator

from api.report.blocks import Block, Facts, Heading, Paper, Paragraph, Table, words
from api.report.figures import actions, measures, slow
from api.report.model import Report
from api.report.phrases import HIDDEN, council_of, many, moment, plain, said_or_erased, status
from api.report.recorded_sections import access, annex, decisions, impact
from projections.narrate.sentence import day, listed, zone_of

_STATUSES = ("MET", "AT_RISK", "NOT_MET", "NO_EVIDENCE", "NOT_DUE")


def told(report: Report) -> Paper:
    """The report as a document."""
    name = f"Adviser's report {report.report}" if report.report else "Draft of an adviser's report, not issued"
    period = f"{day(report.first)} to {day(report.last)}"
    return Paper(f"{name}: {council_of(report.notice.council)}", f"Period: {period}", tuple(_blocks(report)))


def _blocks(report: Report) -> Iterator[Block]:
    yield from _frame(report)
    yield from _areas(report)
    yield from _requirements(report)
    yield from measures(report)
    yield from slow(report)
    yield from actions(report)
    yield from decisions(report)
    yield from impact(report)
    yield from access(report)
    other = said_or_erased(report.other, report.other_erased_by)
    if other:
        yield Heading("Other matters", anchor="other")
        yield words(other)
    yield from annex(report)


def _frame(report: Report) -> Iterator[Block]:
    notice, zone = report.notice, zone_of(report.notice.zone)
    rows = [
        ("Notice", f"{said_or_erased(notice.title, notice.title_erased_by)} ({notice.id})"),
        ("Issued by", f"{notice.issuer}, on {day(notice.issued_on)}"),
        ("Status of the notice", status(notice.status)),
    ]
    if notice.target_date is not None:
        rows.append(("To be delivered by", day(notice.target_date)))
    rows.append(("Adviser", report.adviser or "the report is not issued"))
    if report.issued_at is not None:
        rows.append(("Report issued", f"{moment(report.issued_at, zone)}, as entry {report.issued_position}"))
    rows += [
        ("Figures", f"as recorded up to entry {report.position}, of {moment(report.recorded_at, zone)}"),
        ("Rules judged", f"at the end of {day(report.last)}"),
        ("Root hash", report.root_hash),
    ]
    yield Facts(tuple(rows))
    if report.invented:
        yield Paragraph("This report rests on an invented history. Nobody did or said what it tells.", note=True)
    if report.suppressed:
        yield Paragraph("Figures of small counts are hidden in this copy.", note=True)
    yield Heading("In short", anchor="short")
    for sentence in _in_short(report):
        yield Paragraph(sentence)


def _in_short(report: Report) -> Iterator[str]:
    for judgement, sees in (
        ("PROGRESS", "sees progress in"),
        ("CONCERN", "is concerned about"),
        (None, "has not judged"),
    ):
        areas = [area.area for area in report.areas if area.judgement == judgement]
        if areas:
            yield f"The adviser {sees} {'area' if len(areas) == 1 else 'areas'} {listed(areas)}."
    if report.requirements is not None:
        counted = Counter(line.status for line in report.requirements)
        shares = [f"{counted[each]} {plain(each)}" for each in _STATUSES if counted[each]]
        moved = sum(line.status_before not in (None, line.status) for line in report.requirements)
        yield (
            f"The obligations at the end of the period: {listed(shares)}, of {len(report.requirements)} in all. "
            f"{moved or 'None'} of them changed status in the period."
        )
    if report.slow is not None and report.actions is not None:
        yield (
            f"Open objectives past their date: {len(report.slow)}. Actions whose date was moved or missed: "
            f"{sum(action.slipped for action in report.actions)} of {len(report.actions)}."
        )
    if report.decisions is not None:
        yield f"The board took {many(len(report.decisions), 'decision')}."


def _areas(report: Report) -> Iterator[Block]:
    yield Heading("Areas for priority action", anchor="areas")
    for area in report.areas:
        yield Heading(f"Area {area.area}: {status(area.judgement) if area.judgement else 'not said yet'}", 3)
        yield Paragraph(said_or_erased(area.title, area.title_erased_by))
        if area.ended is not None:
            on = "" if area.ended_on is None else f" on {day(area.ended_on)}"
            yield Paragraph(f"This area was {plain(area.ended)}{on}.")
        text = said_or_erased(area.text, area.text_erased_by)
        yield words(text) if text else Paragraph("The adviser has written nothing on it yet.")


def _requirements(report: Report) -> Iterator[Block]:
    yield Heading("Requirement by requirement", anchor="requirements")
    if report.requirements is None:
        yield Paragraph(HIDDEN)
        return
    zone = zone_of(report.notice.zone)
    rows = []
    for line in report.requirements:
        before = (
            ""
            if line.status_before in (None, line.status)
            else f", {plain(line.status_before)} at the period's start"
        )
        by = "" if line.since_position is None else f", by entry {line.since_position}"
        asks = said_or_erased(line.asks, line.asks_erased_by)
        rows.append(
            (
                line.clause,
                f"{asks} ({plain(line.obligor)}, {plain(line.modality)})",
                f"{status(line.status)} since {moment(line.since, zone)}{by}{before}",
                line.reason,
                ", ".join(map(str, line.entries)),
            )
        )
    columns = ("Clause", "What it asks, and of whom", "Status at the period's end", "Why", "Entries")
    yield Table("Each obligation at the end of the period", columns, tuple(rows), widths=(4, 16, 11, 13, 6))
    for line in report.requirements:
        text = said_or_erased(line.text, line.text_erased_by)
        if text:
            yield Heading(f"The adviser on clause {line.clause}", 3)
            yield words(text)
