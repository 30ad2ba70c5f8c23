"""From a draft to an issued report: begun with the notice's areas and requirements, saved, issued once.

A draft is seen by its adviser alone. Issuing records AdviserReportIssued, pinned to the draft's position, under a
key that is the draft's own, so a second submission finds the first; then the draft goes.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from api.forms.parse import ParsedForm
from api.forms.submission import event_of, record, source_of
from api.report.query_documents import all_figures, document, whole
from api.report.reader import AdviserStatements, AreaStatement, RequirementStatement, position_at
from api.schema_client import ask
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.areas.people import Credential
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.errors import Refused
from ledger.domain.registry import KIND_OF
from ledger.intake.parse import is_near, out_of_time
from ledger.mutable.drafts import AreaDraft, Draft, Drafts, RequirementDraft
from projections.narrate.sentence import natural
from projections.views.compliance.verdict import months_after
from schema.context import Context

KIND = KIND_OF[AdviserReportIssued]
_NUMBER = re.compile(r"AR([0-9]{1,6})")


async def begun(context: Context, notice: str, first: date, last: date) -> Draft:
    """A new draft for a period: every area open in it and every clause, the figures pinned to the latest entry.

    Raises Refused for days that are out of time.
    """
    for name, day in (("first", first), ("last", last)):
        if not is_near(day.isoformat()):
            raise Refused((out_of_time(name),))
    position = await position_at(context, notice, None)
    found = await _frame(context, notice, position)
    reports = whole(found["adviserReports"], "the list of reports")
    numbers = [int(match[1]) for each in reports if (match := _NUMBER.fullmatch(each["report"]))]
    return Draft(
        draft=secrets.token_hex(12),
        report=f"AR{max(numbers, default=0) + 1}",
        first=first,
        last=last,
        position=position,
        areas=tuple(
            AreaDraft(area=area["area"], ended=not _is_open(area["endedOn"], last + timedelta(days=1)))
            for area in found["areas"]
            if _is_open(area["endedOn"], first)
        ),
        requirements=tuple(
            RequirementDraft(number=number)
            for number in sorted((clause["number"] for clause in found["clauses"]), key=natural)
        ),
    )


def _is_open(ended_on: str | None, first: date) -> bool:
    """Whether an area was open on some day from `first` on."""
    return ended_on is None or date.fromisoformat(ended_on) >= first


async def next_period(context: Context, notice: str) -> tuple[date, date]:
    """The days that a next report would cover: from the day after the last one's on, a quarter of a year."""
    found = await _frame(context, notice, await position_at(context, notice, None))
    ends = [date.fromisoformat(each["last"]) for each in whole(found["adviserReports"], "the list of reports")]
    first = max(ends) + timedelta(days=1) if ends else date.fromisoformat(found["issuedOn"])
    return first, months_after(first, 3) - timedelta(days=1)


async def _frame(context: Context, notice: str, position: int) -> Mapping[str, Any]:
    answer = await ask(context, document("draft"), {"notice": notice, "position": position})
    found: Mapping[str, Any] = answer["notice"]
    return found


def said_of(draft: Draft) -> AdviserStatements:
    """What a draft says, for a preview of its report."""
    return AdviserStatements(
        first=draft.first,
        last=draft.last,
        areas=tuple(
            AreaStatement(area=each.area, judgement=each.judgement or None, text=each.text.strip() or None)
            for each in draft.areas
        ),
        requirements=tuple(
            RequirementStatement(number=each.number, text=each.text)
            for each in draft.requirements
            if each.text.strip()
        ),
        other=draft.other.strip() or None,
        pinned=draft.position,
    )


def spoken_of(draft: Draft) -> list[AreaDraft]:
    """The areas that the report is to speak of: all but those that ended and of which nothing was written.

    A report speaks of one at least: where nothing was written of any, of all.
    """
    spoken = [each for each in draft.areas if not each.ended or each.judgement or each.text.strip()]
    return spoken or list(draft.areas)


def event(draft: Draft, source: str, clauses: Sequence[str] = ()) -> dict[str, Any]:
    """The event that issues a draft; what is missing is left out, for the intake to say so."""
    areas = [
        {
            "area": each.area,
            **({"judgement": each.judgement} if each.judgement else {}),
            **({"text": each.text} if each.text.strip() else {}),
        }
        for each in spoken_of(draft)
    ]
    data = {
        "report": draft.report,
        "period": {"first": draft.first.isoformat(), "last": draft.last.isoformat()},
        "perArea": areas,
        "requirements": [
            {"number": each.number, "text": each.text} for each in draft.requirements if each.text.strip()
        ],
        **({"other": draft.other} if draft.other.strip() else {}),
        "query": all_figures(),
        "position": draft.position,
    }
    said: dict[str, Any] = {"data": data}
    if clauses:
        said["clauses"] = " ".join(clauses)
    if draft.confirm:
        said["confirm"] = " ".join(draft.confirm)
    return event_of(KIND, _key(draft.draft), source, said)


async def issue(writer: Writer, drafts: Drafts, notice: str, credential: Credential, draft: str) -> Receipt:
    """Issues a draft, and deletes it; a second time, the first receipt.

    Raises Refused with every reason for which it cannot be issued, at the places of AdviserReportIssued's fields;
    the draft is then as it was.
    """
    found = await drafts.get(notice, credential.actor, draft)
    state = await writer.state(notice)
    source = source_of(state, credential)
    if found is None:
        before = await issued_before(writer, drafts, notice, credential, draft)
        if before is None:
            raise Refused.because(
                "UNKNOWN_DRAFT", "you have no such draft; it was deleted, or it is somebody else's"
            )
        return before
    answers = [KIND.struct.clause] if KIND.struct.clause in state.notice.clauses else []
    said = event(found, source, answers)
    recorded = await record(writer, notice, KIND, said, ParsedForm(said, {}, []), credential)
    await drafts.delete(notice, credential.actor, draft)
    return recorded


async def issued_before(
    writer: Writer, drafts: Drafts, notice: str, credential: Credential, draft: str
) -> Receipt | None:
    """The receipt of what was a draft; None: it was not issued, or by somebody else."""
    return await drafts.issued(notice, source_of(await writer.state(notice), credential), _key(draft))


def _key(draft: str) -> str:
    """The id of the event that issues a draft."""
    return f"report/{draft}"
