"""Sections of the report with recorded facts: decisions, claims of impact, access, the annex. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from api.report.blocks import Block, Facts, Heading, Paragraph, Table, quotation
from api.report.model import Report
from api.report.phrases import HIDDEN, entry, many, moment, plain, text_or_erasure
from api.report.query_models import Access, Basis, Cited, Decision
from ledger.domain.registry import STORED_TYPES
from projections.narrate.sentence import day, join_items, zone_of

_CAPITAL = re.compile(r"(?<!^)[A-Z]")


def decisions(report: Report) -> Iterator[Block]:
    """Yield the board's decisions in the period, and the evidence for each decision."""
    yield Heading("Decisions of the board", anchor="decisions")
    if report.decisions is None:
        yield Paragraph(HIDDEN)
        return
    if not report.decisions:
        yield Paragraph("The board took no decisions in the period.")
    zone = zone_of(report.notice.zone)
    for decision in report.decisions:
        title = text_or_erasure(decision.title, decision.title_erased_by).rstrip(".")
        yield Heading(f"{decision.decision}: {title}", 3)
        yield Facts(tuple(_decision(decision, zone)))
        yield from _evidence(decision.rests_on, f"decision {decision.decision}")


def _decision(decision: Decision, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield (
        "Taken",
        f"{moment(decision.decided_at, zone)}, at meeting {decision.meeting} ({entry(decision.position)})",
    )
    yield "Decided", text_or_erasure(decision.outcome, decision.outcome_erased_by)
    yield "Reason", text_or_erasure(decision.rationale, decision.rationale_erased_by)
    if decision.options:
        yield (
            "Options considered",
            "; ".join(text_or_erasure(option.text, option.erased_by) for option in decision.options),
        )
    if decision.votes is not None:
        yield "Votes", ", ".join(f"{count} {_VOTES.get(side, side)}" for side, count in decision.votes.items())
    if decision.relates_to:
        yield "Related to", join_items(decision.relates_to)
    if decision.rescinded_at is not None:
        replacement = f"; replaced by {decision.replaced_by}" if decision.replaced_by else ""
        yield (
            "Rescinded",
            f"{moment(decision.rescinded_at, zone)} ({entry(decision.rescinded_position)}){replacement}",
        )


_VOTES = {"for": "for", "against": "against", "abstained": "abstaining"}


def _evidence(bases: Sequence[Basis], subject: str) -> Iterator[Block]:
    """Yield the evidence for a decision or claim, with its status at that time and at the report's position."""
    if not bases:
        yield Paragraph("No evidence is cited.")
        return
    columns = ("Evidence", "Title", "Status then", "Status at the report's position")
    yield Table(f"Evidence for {subject}", columns, tuple(map(_basis, bases)), widths=(7, 16, 9, 9))


def _basis(basis: Basis) -> tuple[str, ...]:
    then = _status(basis.status_then, basis.judgement_then)
    if basis.superseded_by_then is not None:
        then += f", by {basis.superseded_by_then}"
    if not basis.documents:
        return basis.evidence, "", then, ""
    document = basis.documents[0]
    title = f"{text_or_erasure(document.title, document.title_erased_by)} ({entry(document.position)})"
    return basis.evidence, title, then, _status(document.status, document.judgement)


def _status(code: str, judgement: str | None) -> str:
    return f"{plain(code)}, {f'judged {plain(judgement)}' if judgement else 'not judged'}"


def impact(report: Report) -> Iterator[Block]:
    """Yield the reports to the board in the period, and the evidence behind each claim."""
    yield Heading("Evidence of impact", anchor="impact")
    if report.board_reports is None:
        yield Paragraph(HIDDEN)
        return
    if not report.board_reports:
        yield Paragraph("No report was submitted to the board in the period.")
    zone = zone_of(report.notice.zone)
    for board_report in report.board_reports:
        yield Heading(
            f"Report {board_report.report} to meeting {board_report.meeting}: {plain(board_report.completeness)}",
            3,
        )
        missing = f" Missing: {join_items(map(plain, board_report.missing))}." if board_report.missing else ""
        yield Paragraph(
            f"Submitted on {moment(board_report.submitted_at, zone)} ({entry(board_report.position)}).{missing}"
        )
        for claim in board_report.claims:
            yield Paragraph(f"Claim {claim.number}:")
            yield quotation(text_or_erasure(claim.claim, claim.claim_erased_by))
            yield from _evidence(claim.rests_on, f"claim {claim.number} of report {board_report.report}")


def access(report: Report) -> Iterator[Block]:
    """Yield the access requested or open in the period."""
    yield Heading("Access", anchor="access")
    if report.access is None:
        yield Paragraph(HIDDEN)
    elif not report.access:
        yield Paragraph("No access was requested or open in the period.")
    else:
        zone = zone_of(report.notice.zone)
        columns = ("Request", "Kind, holder and purpose", "Decision", "Open", "Used")
        rows = tuple(_access(request, zone) for request in report.access)
        yield Table("Access requested or open in the period", columns, rows, widths=(5, 12, 12, 12, 8))


def _access(request: Access, zone: ZoneInfo) -> tuple[str, ...]:
    purpose = f"review {request.review}" if request.review else f"diagnostic {request.diagnostic}"
    requested = f"requested by {request.requested_by}, {entry(request.position)}"
    decision = "not decided"
    if request.decided is not None:
        decision = f"{plain(request.decided)} on {moment(request.decided_at, zone)}, by {request.decided_by}"
        decision += f" ({entry(request.decided_position)})"
    if request.grant is not None and request.grant.revoked_at is not None:
        decision += (
            f"; revoked on {moment(request.grant.revoked_at, zone)} ({entry(request.grant.revoked_position)})"
        )
    reason = text_or_erasure(request.refused_reason, request.refused_reason_erased_by)
    return (
        request.request,
        f"{plain(request.kind)}, for {request.grantee}, {purpose} ({requested})",
        f"{decision}: {reason}" if reason else decision,
        f"{moment(request.from_at, zone)} to {moment(request.until_at, zone)}",
        f"{many(0 if request.grant is None else request.grant.used, 'use')}, {request.refused_uses} refused",
    )


def annex(report: Report) -> Iterator[Block]:
    """Yield the entries cited up to the report's position, with their leaf hashes, and the report's own entry."""
    yield Heading("Annex: entries cited in this report", anchor="annex")
    yield Paragraph(
        f"The figures use the first {many(report.position, 'entry', 'entries')} of the ledger {report.notice.id}, "
        f"whose root hash is {report.root_hash}. Each entry below is a leaf of that tree (RFC 6962) and can be "
        "proved by its leaf hash. Rebuilt at that position, this report is identical."
    )
    if report.issued_position is not None:
        yield Paragraph(f"The report itself is entry {report.issued_position}.")
    columns = ("Entry", "Fact", "Recorded", "Leaf hash")
    zone = zone_of(report.notice.zone)
    rows = tuple(_cited(cited, zone) for cited in report.entries)
    yield Table("Cited entries", columns, rows, widths=(3, 10, 14, 20), codes=(3,))


def _cited(cited: Cited, zone: ZoneInfo) -> tuple[str, ...]:
    if cited.withheld or cited.type is None:
        return str(cited.position), "withheld from your role", "", cited.leaf_hash
    corrected = "" if cited.corrected_by is None else f"; corrected by {entry(cited.corrected_by)}"
    stored_type = STORED_TYPES.get(cited.type)
    kind = stored_type.kind if stored_type is not None else None
    fact = _CAPITAL.sub(lambda letter: f" {letter[0].lower()}", kind.name if kind is not None else cited.type)
    return (
        str(cited.position),
        f"{fact}{corrected}",
        f"{_day(cited.recorded_at, zone)}, by {cited.actor}",
        cited.leaf_hash,
    )


def _day(recorded_at: datetime | None, zone: ZoneInfo) -> str:
    return "" if recorded_at is None else day(recorded_at.astimezone(zone))
