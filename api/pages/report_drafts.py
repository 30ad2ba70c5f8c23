"""The adviser's own reports: begun, written over days as a draft that nobody else sees, previewed, issued.

A draft is issued once, whatever is sent twice. Whatever goes wrong, the draft holds all that was typed.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec import Struct, structs
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth.sessions import FORM_FIELD, Sessions
from api.forms import dates
from api.forms.controls import Form, FormControl, blame
from api.forms.fields import ENVELOPE
from api.forms.submission import source_of
from api.http.reports import written
from api.pages import renderer
from api.pages.draft_form import controls_of, filled
from api.pages.form_input import one, typed_into
from api.pages.form_request import visit_now
from api.pages.page_request import PageRequest, SignInNeeded, ask, visit_of
from api.pages.record import STRANGE
from api.pages.security_headers import secured
from api.report.draft import KIND, begun, issue, issued_before, next_period, said_of
from api.report.formats import FORMATS
from api.report.reader import issued, outline, position_at
from api.services import Ledger
from ledger.domain.areas.people import authorise
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.mutable.drafts import Draft
from projections.narrate.sentence import zone_of
from schema.context import Context

_LATER = "later"
"""The button that reads the figures at the latest entry."""


class _Writing(Struct):
    """An adviser at their reports."""

    request: Request
    visit: PageRequest
    notice: dict[str, Any]
    context: Context

    @property
    def ledger(self) -> Ledger:
        """The parts of the service."""
        found: Ledger = self.request.app.state.ledger
        return found

    @property
    def actor(self) -> str:
        """Whose drafts they are."""
        return self.visit.visitor.viewer.credential.actor

    @property
    def zone(self) -> ZoneInfo:
        """In which days begin."""
        return zone_of(self.notice["zone"])

    def guard(self, typed: Mapping[str, Sequence[str]]) -> None:
        """Raises Refused unless a form was sent by a page of this session."""
        sessions: Sessions = self.request.app.state.sessions()
        sessions.guard(self.request, self.visit.visitor.session, one(typed, FORM_FIELD))

    async def draft(self) -> Draft:
        """The draft that the address names; raises Refused where they have none of that id."""
        name = self.request.path_params["draft"]
        found = await self.ledger.drafts.get(self.visit.notice, self.actor, name)
        if found is None:
            raise Refused.because(
                "UNKNOWN_DRAFT", "you have no such draft: it was issued or deleted, or it is somebody else's"
            )
        return found


async def _writing(request: Request) -> _Writing:
    """Who writes; raises Refused where the reader may not issue the adviser's reports."""
    visit = await visit_now(request)
    ledger: Ledger = request.app.state.ledger
    state = await ledger.writer.state(visit.notice)
    credential = visit.visitor.viewer.credential
    who = authorise(state, credential, KIND.name, KIND.type, source_of(state, credential), ledger.clock())
    if isinstance(who, Refusal):
        raise Refused((who,))
    notice = await ask(request, visit, "record")
    return _Writing(request, visit, notice, Context(ledger.reader, ledger.writer.append, visit.visitor.viewer))


async def get_drafts(request: Request) -> Response:
    """`GET /notices/{notice}/drafts`: the adviser's drafts, and the period of a new one."""
    writing = await _writing(request)
    first, last = await next_period(writing.context, writing.visit.notice)
    return await _drafts(writing, {"first": dates.day_parts(first), "last": dates.day_parts(last)}, [])


async def post_drafts(request: Request) -> Response:
    """`POST /notices/{notice}/drafts`: begins a draft for the period that was typed."""
    writing = await _writing(request)
    typed = await typed_into(request)
    writing.guard(typed)
    parts: dict[str, tuple[str, str, str]] = {}
    days: dict[str, date] = {}
    refusals: list[Refusal] = []
    for name in ("first", "last"):
        of_month, month, year = (one(typed, f"{name}.{part}") for part in dates.DAY_PARTS)
        parts[name] = (of_month, month, year)
        try:
            days[name] = dates.day(parts[name])
        except dates.Unreadable as unreadable:
            refusals.append(Refusal("INVALID_DAY", str(unreadable), name))
    if not refusals and days["last"] < days["first"]:
        refusals.append(Refusal("OUT_OF_ORDER", "the period ends before it begins; write a later day", "last"))
    if not refusals:
        try:
            draft = await begun(writing.context, writing.visit.notice, days["first"], days["last"])
            await writing.ledger.drafts.add(writing.visit.notice, writing.actor, draft)
        except Refused as refused:
            refusals += refused.refusals
        else:
            return _to(request, f"/notices/{writing.visit.notice}/drafts/{draft.draft}")
    return await _drafts(writing, parts, refusals)


async def _drafts(
    writing: _Writing, parts: Mapping[str, tuple[str, str, str]], refusals: Sequence[Refusal]
) -> Response:
    labels = {"first": "First day of the period", "last": "Last day of the period"}
    controls = [
        FormControl(
            as_="day",
            place=name,
            label=label,
            called=label,
            parts=dict(zip(dates.DAY_PARTS, parts[name], strict=True)),
        )
        for name, label in labels.items()
    ]
    given = {
        "notice": writing.notice,
        "drafts": await writing.ledger.drafts.of(writing.visit.notice, writing.actor),
        "controls": controls,
        "faults": blame(controls, refusals),
    }
    code = 422 if refusals else 200
    return renderer.page(writing.request, "drafts.html", given, visit=writing.visit, status=code)


async def get_draft(request: Request) -> Response:
    """`GET /notices/{notice}/drafts/{draft}`: the draft, to go on writing; once issued, its receipt."""
    writing = await _writing(request)
    notice, ledger, name = writing.visit.notice, writing.ledger, request.path_params["draft"]
    credential = writing.visit.visitor.viewer.credential
    if await ledger.drafts.get(notice, writing.actor, name) is None:
        receipt = await issued_before(ledger.writer, ledger.drafts, notice, credential, name)
        if receipt is not None:
            return _to(request, f"/notices/{notice}/issued/{receipt.position}")
    return await _form(writing, await writing.draft())


async def post_draft(request: Request) -> Response:
    """`POST /notices/{notice}/drafts/{draft}`: keeps what was typed, and does what was asked for.

    What was sent in another session, or from elsewhere, is only shown.
    """
    try:
        writing = await _writing(request)
    except SignInNeeded:
        return renderer.page(request, "signed-out.html", {}, status=401)
    typed = await typed_into(request)
    try:
        writing.guard(typed)
    except Refused:
        return await _form(writing, filled(await writing.draft(), typed), [STRANGE], code=403)
    does, notice = one(typed, "do"), writing.visit.notice
    name, home = request.path_params["draft"], f"/notices/{writing.visit.notice}/drafts"
    if does == "delete":
        await writing.ledger.drafts.delete(notice, writing.actor, name)
        return _to(request, home)
    kept = await writing.ledger.drafts.get(notice, writing.actor, name)
    if kept is not None:
        written_now = filled(kept, typed)
        if does == _LATER:
            position = await position_at(writing.context, notice, None)
            written_now = structs.replace(written_now, position=position)
        await writing.ledger.drafts.save(notice, writing.actor, written_now)
        if does != "issue":
            return _to(request, f"{home}/{name}/preview" if does == "preview" else f"{home}/{name}?saved=yes")
    return await _issue(writing, name)


async def _issue(writing: _Writing, name: str) -> Response:
    """Issues a draft; sent a second time, when the draft has gone, it leads to what became of it."""
    notice, ledger = writing.visit.notice, writing.ledger
    credential = writing.visit.visitor.viewer.credential
    try:
        receipt = await issue(ledger.writer, ledger.drafts, notice, credential, name)
    except Refused as refused:
        if refused.refusals[0].code == "UNKNOWN_DRAFT":
            raise
        return await _form(writing, await writing.draft(), refused.refusals)
    except (Busy, Unavailable) as error:
        return await _form(writing, await writing.draft(), [Refusal("BUSY", str(error))], code=503)
    return _to(writing.request, f"/notices/{notice}/issued/{receipt.position}")


async def _form(writing: _Writing, draft: Draft, refusals: Sequence[Refusal] = (), *, code: int = 422) -> Response:
    areas, requirements = await outline(writing.context, writing.visit.notice, said_of(draft))
    controls = controls_of(draft, areas, requirements)
    if draft.confirm or any(refusal.code == "CONFIRM_PERSONAL_DATA" for refusal in refusals):
        confirm = next(each for each in ENVELOPE if each.key == "confirm")
        controls.append(Form({"confirm": list(draft.confirm)}, {}).control(confirm, confirm.key, ""))
    given = {
        "notice": writing.notice,
        "draft": draft,
        "controls": controls,
        "faults": blame(controls, refusals),
        "saved": writing.request.query_params.get("saved") == "yes" and not refusals,
    }
    return renderer.page(
        writing.request, "draft.html", given, visit=writing.visit, status=code if refusals else 200
    )


async def get_preview(request: Request) -> Response:
    """`GET /notices/{notice}/drafts/{draft}/preview`: the whole report as it would be issued."""
    writing = await _writing(request)
    return await written(writing.context, writing.visit.notice, said_of(await writing.draft()), "html", "draft")


async def get_issued(request: Request) -> Response:
    """`GET /notices/{notice}/issued/{position}`: the receipt of an issued report, and its files."""
    writing = await _writing(request)
    position = int(request.path_params["position"])
    notice = await ask(request, writing.visit, "issued", atLeast=position)
    found = next((each for each in notice["adviserReports"]["nodes"] if each["position"] == position), None)
    if found is None:
        raise Refused.because("UNKNOWN_REPORT", f"entry {position} issued no report of the adviser")
    given = {"notice": notice, "report": found, "files": files_of(writing.visit.notice, found["report"])}
    return renderer.page(request, "issued.html", given, visit=writing.visit)


def files_of(notice: str, report: str) -> list[tuple[str, str]]:
    """The files of an issued report: where each is, and what it is."""
    called = {
        "html": "Web page",
        "pdf": "PDF (tagged, PDF/UA-1)",
        "csv": "Tables (CSV files in a zip)",
        "json": "Data (JSON)",
    }
    return [(f"/notices/{notice}/report-files/{quote(report)}.{name}", called[name]) for name in FORMATS]


async def get_file(request: Request) -> Response:
    """`GET /notices/{notice}/report-files/{report}.{format}`: an issued report, made again at its position."""
    visit = await visit_of(request)
    if not visit.reads("adviser"):
        raise Refused.because("FORBIDDEN", "your roles in this notice do not read the adviser's reports")
    ledger: Ledger = request.app.state.ledger
    context = Context(ledger.reader, ledger.writer.append, visit.visitor.viewer)
    report = request.path_params["report"]
    said = await issued(context, visit.notice, report)
    return await written(context, visit.notice, said, request.path_params["format"], report)


def _to(request: Request, address: str) -> Response:
    return secured(request, RedirectResponse(address, 303))
