"""The report in words, section by section, for HTML and PDF. Pure."""

from collections import Counter
from collections.abc import Iterator

from api.report.blocks import Block, Facts, Heading, Paper, Paragraph, Table, quotation
from api.report.figures import actions, measures, slow
from api.report.model import Report, has_slipped
from api.report.phrases import HIDDEN, issued_to, many, moment, plain, status, text_or_erasure
from api.report.recorded_sections import access, annex, decisions, impact
from projections.narrate.sentence import day, join_items, zone_of
from projections.views.compliance.verdict import Status

_OBLIGATIONS = tuple(status.value for status in Status if status.is_obligation)
"""Statuses of obligations; powers and context clauses are not counted."""


def paper_of(report: Report) -> Paper:
    """Return the report as a document."""
    name = f"Adviser's report {report.report}" if report.report else "Draft of an adviser's report, not issued"
    period = f"{day(report.first)} to {day(report.last)}"
    return Paper(f"{name}: {issued_to(report.notice)}", f"Period: {period}", tuple(_blocks(report)))


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
    other = text_or_erasure(report.other, report.other_erased_by)
    if other:
        yield Heading("Other matters", anchor="other")
        yield quotation(other)
    yield from annex(report)


def _frame(report: Report) -> Iterator[Block]:
    notice, zone = report.notice, zone_of(report.notice.zone)
    rows = [
        ("Notice", f"{text_or_erasure(notice.title, notice.title_erased_by)} ({notice.id})"),
        ("Issued by", f"{notice.issuer}, on {day(notice.issued_on)}"),
        ("Status of the notice", status(notice.status)),
    ]
    if notice.target_date is not None:
        rows.append(("Delivery date", day(notice.target_date)))
    rows.append(("Adviser", report.adviser or "not issued yet"))
    if report.issued_at is not None:
        rows.append(("Report issued", f"{moment(report.issued_at, zone)}, as entry {report.issued_position}"))
    rows += [
        ("Figures", f"as recorded up to entry {report.position}, of {moment(report.recorded_at, zone)}"),
        ("Rules judged", f"at the end of {day(report.last)}"),
        ("Root hash", report.root_hash),
    ]
    yield Facts(tuple(rows))
    if report.invented:
        yield Paragraph(
            "This report uses an invented history. The people and events in it are not real.", note=True
        )
    if report.suppressed:
        yield Paragraph("Figures with small counts are hidden in this copy.", note=True)
    yield Heading("Summary", anchor="short")
    for sentence in _summary(report):
        yield Paragraph(sentence)


def _summary(report: Report) -> Iterator[str]:
    for judgement, verb in (
        ("PROGRESS", "sees progress in"),
        ("CONCERN", "is concerned about"),
        (None, "has not judged"),
    ):
        areas = [area.area for area in report.areas if area.judgement == judgement]
        if areas:
            yield f"The adviser {verb} {'area' if len(areas) == 1 else 'areas'} {join_items(areas)}."
    if report.requirements is not None:
        counted = Counter(line.status for line in report.requirements)
        shares = [f"{counted[code]} {plain(code)}" for code in _OBLIGATIONS if counted[code]]
        obligations = [line for line in report.requirements if line.status in _OBLIGATIONS]
        moved = sum(line.status_before not in (None, line.status) for line in obligations)
        yield (
            f"At the end of the period, of {many(len(obligations), 'obligation')}: {join_items(shares)}. "
            f"{many(moved, 'obligation')} changed status in the period."
        )
    if report.slow is not None and report.actions is not None:
        yield (
            f"Open objectives past their date: {len(report.slow)}. Actions whose date was moved or missed: "
            f"{sum(map(has_slipped, report.actions))} of {len(report.actions)}."
        )
    if report.decisions is not None:
        yield f"The board took {many(len(report.decisions), 'decision')}."


def _areas(report: Report) -> Iterator[Block]:
    yield Heading("Areas for priority action", anchor="areas")
    for area in report.areas:
        yield Heading(f"Area {area.area}: {status(area.judgement) if area.judgement else 'not judged yet'}", 3)
        yield Paragraph(text_or_erasure(area.title, area.title_erased_by))
        if area.ended is not None:
            on = "" if area.ended_on is None else f" on {day(area.ended_on)}"
            yield Paragraph(f"This area was {plain(area.ended)}{on}.")
        text = text_or_erasure(area.text, area.text_erased_by)
        yield quotation(text) if text else Paragraph("The adviser has not written about this area yet.")


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
        asks = text_or_erasure(line.asks, line.asks_erased_by)
        rows.append(
            (
                line.clause,
                f"{asks} ({plain(line.obligor)}, {plain(line.modality)})",
                f"{status(line.status)} since {moment(line.since, zone)}{by}{before}",
                line.reason,
                ", ".join(map(str, line.entries)),
            )
        )
    columns = ("Clause", "Requirement and responsible body", "Status at the period's end", "Reason", "Entries")
    yield Table("Each obligation at the end of the period", columns, tuple(rows), widths=(4, 16, 11, 13, 6))
    for line in report.requirements:
        text = text_or_erasure(line.text, line.text_erased_by)
        if text:
            yield Heading(f"The adviser on clause {line.clause}", 3)
            yield quotation(text)
