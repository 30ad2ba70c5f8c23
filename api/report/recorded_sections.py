"""The sections of the report that show what was recorded: decisions, claims of impact, access, the annex. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from api.report.blocks import Block, Facts, Heading, Paragraph, Table, words
from api.report.model import Access, Basis, Cited, Decision, Report
from api.report.phrases import HIDDEN, entry, many, moment, plain, said_or_erased
from ledger.domain.registry import KINDS
from projections.narrate.sentence import day, listed, zone_of

_CAPITAL = re.compile(r"(?<!^)[A-Z]")


def decisions(report: Report) -> Iterator[Block]:
    """What the board decided in the period, and what it rested on as it stood then."""
    yield Heading("Decisions of the board", anchor="decisions")
    if report.decisions is None:
        yield Paragraph(HIDDEN)
        return
    if not report.decisions:
        yield Paragraph("The board decided nothing in the period.")
    zone = zone_of(report.notice.zone)
    for decision in report.decisions:
        title = said_or_erased(decision.title, decision.title_erased_by).rstrip(".")
        yield Heading(f"{decision.decision}: {title}", 3)
        yield Facts(tuple(_decision(decision, zone)))
        yield from _evidence(decision.rests_on, f"decision {decision.decision}")


def _decision(decision: Decision, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    yield (
        "Taken",
        f"{moment(decision.decided_at, zone)}, at meeting {decision.meeting} ({entry(decision.position)})",
    )
    yield "Decided", said_or_erased(decision.outcome, decision.outcome_erased_by)
    yield "Because", said_or_erased(decision.rationale, decision.rationale_erased_by)
    if decision.options:
        yield "Options weighed", "; ".join(said_or_erased(each.text, each.erased_by) for each in decision.options)
    if decision.votes is not None:
        yield "Votes", ", ".join(f"{count} {_VOTES.get(side, side)}" for side, count in decision.votes.items())
    if decision.relates_to:
        yield "About", listed(decision.relates_to)
    if decision.rescinded_at is not None:
        instead = f"; {decision.replaced_by} holds instead" if decision.replaced_by else ""
        yield "Rescinded", f"{moment(decision.rescinded_at, zone)} ({entry(decision.rescinded_position)}){instead}"


_VOTES = {"for": "for", "against": "against", "abstained": "abstaining"}


def _evidence(bases: Sequence[Basis], of: str) -> Iterator[Block]:
    """What something rests on: as the documents stood then, and as they stand at the report's position."""
    if not bases:
        yield Paragraph("It names no evidence.")
        return
    columns = ("Evidence", "What", "As it stood then", "As it stood at the report's position")
    yield Table(f"The evidence that {of} rested on", columns, tuple(map(_basis, bases)), widths=(7, 16, 9, 9))


def _basis(basis: Basis) -> tuple[str, ...]:
    then = _standing(basis.status_then, basis.judgement_then)
    if basis.superseded_by_then is not None:
        then += f", by {basis.superseded_by_then}"
    if not basis.documents:
        return basis.evidence, "", then, ""
    document = basis.documents[0]
    title = f"{said_or_erased(document.title, document.title_erased_by)} ({entry(document.position)})"
    return basis.evidence, title, then, _standing(document.status, document.judgement)


def _standing(standing: str, judgement: str | None) -> str:
    return f"{plain(standing)}, {f'judged {plain(judgement)}' if judgement else 'not judged'}"


def impact(report: Report) -> Iterator[Block]:
    """What was reported to the board in the period, and the evidence behind each claim."""
    yield Heading("Evidence of impact", anchor="impact")
    if report.board_reports is None:
        yield Paragraph(HIDDEN)
        return
    if not report.board_reports:
        yield Paragraph("No report went to the board in the period, so no claim of impact was made to it.")
    zone = zone_of(report.notice.zone)
    for each in report.board_reports:
        yield Heading(f"Report {each.report} to meeting {each.meeting}: {plain(each.completeness)}", 3)
        lacks = f" It lacks {listed(map(plain, each.missing))}." if each.missing else ""
        yield Paragraph(f"Submitted on {moment(each.submitted_at, zone)} ({entry(each.position)}).{lacks}")
        for claim in each.claims:
            yield Paragraph(f"Claim {claim.number}:")
            yield words(said_or_erased(claim.claim, claim.claim_erased_by))
            yield from _evidence(claim.rests_on, f"claim {claim.number} of report {each.report}")


def access(report: Report) -> Iterator[Block]:
    """The access asked for or open in the period."""
    yield Heading("Access", anchor="access")
    if report.access is None:
        yield Paragraph(HIDDEN)
    elif not report.access:
        yield Paragraph("No access was asked for or open in the period.")
    else:
        zone = zone_of(report.notice.zone)
        columns = ("Access", "What, for whom and for which review", "Decided", "Open", "Used")
        rows = tuple(_access(each, zone) for each in report.access)
        yield Table("Access asked for or open in the period", columns, rows, widths=(5, 12, 12, 12, 8))


def _access(each: Access, zone: ZoneInfo) -> tuple[str, ...]:
    of = f"review {each.review}" if each.review else f"diagnostic {each.diagnostic}"
    decided = "not decided"
    if each.decided is not None:
        decided = f"{plain(each.decided)} on {moment(each.decided_at, zone)}, by {each.decided_by}"
        decided += f" ({entry(each.decided_position)})"
    if each.grant is not None and each.grant.revoked_at is not None:
        decided += f"; revoked on {moment(each.grant.revoked_at, zone)} ({entry(each.grant.revoked_position)})"
    reason = said_or_erased(each.refused_reason, each.refused_reason_erased_by)
    return (
        each.request,
        f"{plain(each.kind)}, for {each.grantee}, {of} (asked for by {each.requested_by}, {entry(each.position)})",
        f"{decided}: {reason}" if reason else decided,
        f"{moment(each.from_at, zone)} to {moment(each.until_at, zone)}",
        f"{many(0 if each.grant is None else each.grant.used, 'use')}, {each.refused_uses} refused",
    )


def annex(report: Report) -> Iterator[Block]:
    """Every entry that the report rests on, with its leaf hash."""
    yield Heading("Annex: the entries that this report rests on", anchor="annex")
    yield Paragraph(
        f"The ledger of {report.notice.id} had {many(report.position, 'entry', 'entries')} when the figures were "
        f"read, and the root hash {report.root_hash}. Each entry below is a leaf of that tree (RFC 6962), and can "
        "be proved by its leaf hash; made again at that position, this report is the same."
    )
    if report.issued_position is not None:
        yield Paragraph(f"The report itself is entry {report.issued_position}, recorded after them.")
    columns = ("Entry", "Fact", "Recorded, by whom", "Leaf hash")
    zone = zone_of(report.notice.zone)
    rows = tuple(_cited(each, zone) for each in report.entries)
    yield Table("The entries by number", columns, rows, widths=(3, 10, 14, 20), codes=(3,))


def _cited(each: Cited, zone: ZoneInfo) -> tuple[str, ...]:
    if each.withheld or each.type is None:
        return str(each.position), "not shown to your role", "", each.leaf_hash
    corrected = "" if each.corrected_by is None else f"; corrected by {entry(each.corrected_by)}"
    kind = KINDS.get(each.type)
    fact = _CAPITAL.sub(lambda letter: f" {letter[0].lower()}", kind.name if kind is not None else each.type)
    return (
        str(each.position),
        f"{fact}{corrected}",
        f"{_day(each.recorded_at, zone)}, by {each.actor}",
        each.leaf_hash,
    )


def _day(recorded_at: datetime | None, zone: ZoneInfo) -> str:
    return "" if recorded_at is None else day(recorded_at.astimezone(zone))
