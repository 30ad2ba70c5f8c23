"""Drafts of the adviser's report: created with the notice's areas and clauses, saved, issued once.

Only the adviser who created a draft can see it. Issuing records AdviserReportIssued, pinned to the draft's
position, and then deletes the draft. The event's id comes from the draft, so a second submission records nothing.
"""

import re
import secrets
from datetime import date, timedelta
from typing import Any

from api.forms.parse import ParsedForm
from api.forms.submission import event_of, record, source_of
from api.report import query_models
from api.report.query_documents import all_figures
from api.report.reader import AdviserStatements, AreaStatement, RequirementStatement, position_at
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.domain.registry import KIND_OF
from ledger.intake.validation_errors import is_near, out_of_time
from ledger.mutable.drafts import AreaDraft, Draft, Drafts, RequirementDraft
from projections.narrate.sentence import natural_key
from projections.views.compliance.verdict import months_after
from schema.context import Context

KIND = KIND_OF[AdviserReportIssued]
_NUMBER = re.compile(r"AR([0-9]{1,6})")


async def new_draft(context: Context, notice: str, first: date, last: date) -> Draft:
    """Return a new draft at the latest position, with every clause and every area open in the draft's period.

    Raises:
        Refused: A date is out of range, or a query failed.
    """
    for name, day in (("first", first), ("last", last)):
        if not is_near(day.isoformat()):
            raise Refused((out_of_time(name),))
    position = await position_at(context, notice, None)
    frame = await query_models.DRAFT.ask(context, notice=notice, asOf={"position": position})
    reports = frame.adviser_reports.whole("the list of reports")
    numbers = [int(match[1]) for report in reports if (match := _NUMBER.fullmatch(report.report))]
    return Draft(
        draft=secrets.token_hex(12),
        report=f"AR{max(numbers, default=0) + 1}",
        first=first,
        last=last,
        position=position,
        areas=tuple(
            AreaDraft(area=area.area, ended=not _is_open(area.ended_on, last + timedelta(days=1)))
            for area in frame.areas
            if _is_open(area.ended_on, first)
        ),
        requirements=tuple(
            RequirementDraft(number=number)
            for number in sorted((clause.number for clause in frame.clauses), key=natural_key)
        ),
    )


def _is_open(ended_on: date | None, first: date) -> bool:
    """Return whether an area was open on `first` or later."""
    return ended_on is None or ended_on >= first


async def next_period(context: Context, notice: str) -> tuple[date, date]:
    """Return the first and last day of the next report's period.

    The period is the three months after the previous report's period, or from the day when the notice was issued.

    Raise Refused if a query fails.
    """
    position = await position_at(context, notice, None)
    frame = await query_models.DRAFT.ask(context, notice=notice, asOf={"position": position})
    ends = [report.last for report in frame.adviser_reports.whole("the list of reports")]
    first = max(ends) + timedelta(days=1) if ends else frame.issued_on
    return first, months_after(first, 3) - timedelta(days=1)


def statements_of(draft: Draft) -> AdviserStatements:
    """Return the statements of a draft, for a preview of its report."""
    return AdviserStatements(
        first=draft.first,
        last=draft.last,
        areas=tuple(
            AreaStatement(area=row.area, judgement=row.judgement or None, text=row.text.strip() or None)
            for row in draft.areas
        ),
        requirements=tuple(
            RequirementStatement(number=row.number, text=row.text)
            for row in draft.requirements
            if row.text.strip()
        ),
        other=draft.other.strip() or None,
        pinned=draft.position,
    )


def reported_areas(draft: Draft) -> list[AreaDraft]:
    """Return the areas of the report: all but closed areas without a judgement or narrative.

    A report covers at least one area, so all areas are returned if no area qualifies.
    """
    areas = [area for area in draft.areas if not area.ended or area.judgement or area.text.strip()]
    return areas or list(draft.areas)


def event(draft: Draft, source: str) -> dict[str, Any]:
    """Return the event that issues a draft; missing values are left out, so the intake reports them."""
    areas = [
        {
            "area": row.area,
            **({"judgement": row.judgement} if row.judgement else {}),
            **({"text": row.text} if row.text.strip() else {}),
        }
        for row in reported_areas(draft)
    ]
    data = {
        "report": draft.report,
        "period": {"first": draft.first.isoformat(), "last": draft.last.isoformat()},
        "perArea": areas,
        "requirements": [
            {"number": row.number, "text": row.text} for row in draft.requirements if row.text.strip()
        ],
        **({"other": draft.other} if draft.other.strip() else {}),
        "query": all_figures(),
        "position": draft.position,
    }
    content: dict[str, Any] = {"data": data}
    if draft.confirm:
        content["confirm"] = " ".join(draft.confirm)
    return event_of(KIND, _key(draft.draft), source, content)


async def issue(writer: Writer, drafts: Drafts, notice: str, credential: Credential, draft: str) -> Receipt:
    """Issue a draft and delete it; a second call returns the first receipt.

    Raises:
        Refused: The draft does not exist, or its event is refused; the draft is then unchanged. A refusal's path,
            if any, names a field of AdviserReportIssued.
        Busy: The writer's queue is full; nothing was kept.
        Unavailable: The database is unreachable; retrying is safe.
    """
    stored = await drafts.get(notice, credential.actor, draft)
    state = await writer.state(notice)
    source = source_of(state, credential)
    if stored is None:
        receipt = await issued_before(writer, drafts, notice, credential, draft)
        if receipt is None:
            raise Refused.because(
                "UNKNOWN_DRAFT", "you have no such draft; it was deleted, or belongs to another adviser"
            )
        return receipt
    content = event(stored, source)
    receipt = await record(writer, notice, KIND, content, ParsedForm(content, {}, []), credential)
    await drafts.delete(notice, credential.actor, draft)
    return receipt


async def issued_before(
    writer: Writer, drafts: Drafts, notice: str, credential: Credential, draft: str
) -> Receipt | None:
    """Return the receipt of an issued draft; None if this adviser did not issue it.

    Raise Unavailable if the database cannot be reached.
    """
    return await drafts.issued(notice, source_of(await writer.state(notice), credential), _key(draft))


def _key(draft: str) -> str:
    """Return the id of the event that issues a draft."""
    return f"report/{draft}"
