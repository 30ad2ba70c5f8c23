"""The adviser's reports: drafts that only their author sees, previews, and issued reports.

A draft is issued once, however often it is submitted. A draft that cannot be issued keeps its saved inputs.
"""

import re
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
from api.forms.controls import Form, FormControl
from api.forms.errors import attach_refusals
from api.forms.fields import ENVELOPE
from api.forms.submission import source_of
from api.http.reports import turn, written
from api.pages import renderer
from api.pages.draft_form import controls_of, updated
from api.pages.form_input import first_input, read_inputs
from api.pages.form_request import not_allowed, recording_request
from api.pages.page_request import PageRequest, SignInNeeded, ask, page_request_of
from api.pages.record import OTHER_SESSION
from api.pages.security_headers import secured
from api.report.draft import KIND, issue, issued_before, new_draft, next_period, statements_of
from api.report.formats import FORMATS
from api.report.reader import issued, outline, position_at
from api.services import Ledger
from ledger.domain.authorisation import authorise
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.mutable.drafts import Draft
from projections.narrate.sentence import zone_of
from schema.context import Context

_REFRESH = "later"
"""Value of the button that reads the figures at the latest entry."""


_READY = re.compile(r"[0-9]{1,32}", re.ASCII)
"""Pattern of the token of a page that shows progress until the report arrives."""
_LABELS = {"first": "First day of the period", "last": "Last day of the period"}


class _ReportRequest(Struct):
    """Request of an adviser for their reports."""

    request: Request
    page_request: PageRequest
    notice: dict[str, Any]
    context: Context

    @property
    def ledger(self) -> Ledger:
        """Parts of the server process, such as the writer and the reader."""
        ledger: Ledger = self.request.app.state.ledger
        return ledger

    @property
    def actor(self) -> str:
        """Author of the drafts."""
        return self.page_request.visitor.viewer.credential.actor

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of the notice."""
        return zone_of(self.notice["zone"])

    def guard(self, typed: Mapping[str, Sequence[str]]) -> None:
        """Check that a form was submitted by a page of this session.

        Raises:
            Refused: The form comes from another site or another session.
        """
        sessions: Sessions = self.request.app.state.sessions()
        sessions.guard(self.request, self.page_request.visitor.session, first_input(typed, FORM_FIELD))

    async def draft(self) -> Draft:
        """Return the draft in the address.

        Raises:
            Refused: The adviser has no such draft.
            Unavailable: The database cannot be reached.
        """
        name = self.request.path_params["draft"]
        draft = await self.ledger.drafts.get(self.page_request.notice, self.actor, name)
        if draft is None:
            raise Refused.because(
                "UNKNOWN_DRAFT", "you have no such draft; it was issued or deleted, or belongs to another adviser"
            )
        return draft


async def _report_request(request: Request) -> _ReportRequest:
    """Return the adviser's request for their reports.

    Raises:
        SignInNeeded: Nobody is signed in.
        Refused: The reader may not issue the adviser's reports, or the notice is a copy.
        Unavailable: The database cannot be reached.
    """
    page_request = await recording_request(request)
    ledger: Ledger = request.app.state.ledger
    state = await ledger.writer.state(page_request.notice)
    credential = page_request.visitor.viewer.credential
    actor = authorise(state, credential, KIND.name, KIND.type, source_of(state, credential), ledger.clock())
    if isinstance(actor, Refusal):
        raise not_allowed(actor, KIND, page_request)
    notice = await ask(request, page_request, "record")
    return _ReportRequest(
        request, page_request, notice, Context(ledger.reader, ledger.writer.append, page_request.visitor.viewer)
    )


async def get_drafts(request: Request) -> Response:
    """Answer `GET /notices/{notice}/drafts` with the adviser's drafts and a proposed period."""
    report_request = await _report_request(request)
    first, last = await next_period(report_request.context, report_request.page_request.notice)
    return await _drafts(report_request, {"first": dates.day_parts(first), "last": dates.day_parts(last)}, [])


async def post_drafts(request: Request) -> Response:
    """Answer `POST /notices/{notice}/drafts`: start a draft for the period, or show the errors."""
    report_request = await _report_request(request)
    inputs = await read_inputs(request)
    report_request.guard(inputs)
    parts: dict[str, tuple[str, str, str]] = {}
    days: dict[str, date] = {}
    refusals: list[Refusal] = []
    for name in ("first", "last"):
        day, month, year = (first_input(inputs, f"{name}.{part}") for part in dates.DAY_PARTS)
        parts[name] = (day, month, year)
        try:
            days[name] = dates.day(parts[name])
        except dates.DateError as error:
            refusals.append(Refusal("INVALID_DAY", f"{_LABELS[name]} {error}", name))
    if not refusals and days["last"] < days["first"]:
        refusals.append(
            Refusal("OUT_OF_ORDER", "Last day of the period must be on or after the first day", "last")
        )
    if not refusals:
        try:
            draft = await new_draft(
                report_request.context, report_request.page_request.notice, days["first"], days["last"]
            )
            await report_request.ledger.drafts.add(report_request.page_request.notice, report_request.actor, draft)
        except Refused as refused:
            refusals += refused.refusals
        else:
            return _redirect(request, f"/notices/{report_request.page_request.notice}/drafts/{draft.draft}")
    return await _drafts(report_request, parts, refusals)


async def _drafts(
    report_request: _ReportRequest, parts: Mapping[str, tuple[str, str, str]], refusals: Sequence[Refusal]
) -> Response:
    controls = [
        FormControl(
            widget="day",
            path=name,
            label=label,
            full_label=label,
            parts=dict(zip(dates.DAY_PARTS, parts[name], strict=True)),
        )
        for name, label in _LABELS.items()
    ]
    context = {
        "notice": report_request.notice,
        "drafts": await report_request.ledger.drafts.of(report_request.page_request.notice, report_request.actor),
        "controls": controls,
        "errors": attach_refusals(controls, refusals),
    }
    code = 422 if refusals else 200
    return renderer.page(
        report_request.request, "drafts.html", context, page_request=report_request.page_request, status=code
    )


async def get_draft(request: Request) -> Response:
    """Answer `GET /notices/{notice}/drafts/{draft}` with the draft, or with the receipt once issued."""
    report_request = await _report_request(request)
    notice, ledger, name = report_request.page_request.notice, report_request.ledger, request.path_params["draft"]
    credential = report_request.page_request.visitor.viewer.credential
    if await ledger.drafts.get(notice, report_request.actor, name) is None:
        receipt = await issued_before(ledger.writer, ledger.drafts, notice, credential, name)
        if receipt is not None:
            return _redirect(request, f"/notices/{notice}/issued/{receipt.position}")
    return await _form(report_request, await report_request.draft())


async def post_draft(request: Request) -> Response:
    """Answer `POST /notices/{notice}/drafts/{draft}`: delete the draft, or save it and run the button's action.

    A form from another session is shown again and not saved.
    """
    try:
        report_request = await _report_request(request)
    except SignInNeeded:
        return renderer.page(request, "signed-out.html", {}, status=401)
    inputs = await read_inputs(request)
    try:
        report_request.guard(inputs)
    except Refused:
        return await _form(
            report_request, updated(await report_request.draft(), inputs), [OTHER_SESSION], code=403
        )
    action, notice = first_input(inputs, "do"), report_request.page_request.notice
    name, home = request.path_params["draft"], f"/notices/{report_request.page_request.notice}/drafts"
    if action == "delete":
        await report_request.ledger.drafts.delete(notice, report_request.actor, name)
        return _redirect(request, home)
    saved = await report_request.ledger.drafts.get(notice, report_request.actor, name)
    if saved is not None:
        draft = updated(saved, inputs)
        if action == _REFRESH:
            position = await position_at(report_request.context, notice, None)
            draft = structs.replace(draft, position=position)
        await report_request.ledger.drafts.save(notice, report_request.actor, draft)
        if action != "issue":
            return _redirect(
                request, f"{home}/{name}/preview" if action == "preview" else f"{home}/{name}?saved=yes"
            )
    return await _issue(report_request, name)


async def _issue(report_request: _ReportRequest, name: str) -> Response:
    """Issue a draft and redirect to its receipt. Show the form again if the draft cannot be issued now.

    Raises:
        Refused: The adviser has no such draft.
    """
    notice, ledger = report_request.page_request.notice, report_request.ledger
    credential = report_request.page_request.visitor.viewer.credential
    try:
        receipt = await issue(ledger.writer, ledger.drafts, notice, credential, name)
    except Refused as refused:
        if refused.refusals[0].code == "UNKNOWN_DRAFT":
            raise
        return await _form(report_request, await report_request.draft(), refused.refusals)
    except (Busy, Unavailable) as error:
        return await _form(report_request, await report_request.draft(), [Refusal("BUSY", str(error))], code=503)
    return _redirect(report_request.request, f"/notices/{notice}/issued/{receipt.position}")


async def _form(
    report_request: _ReportRequest, draft: Draft, refusals: Sequence[Refusal] = (), *, code: int = 422
) -> Response:
    areas, requirements = await outline(
        report_request.context, report_request.page_request.notice, statements_of(draft)
    )
    controls = controls_of(draft, areas, requirements)
    if draft.confirm or any(refusal.code == "CONFIRM_PERSONAL_DATA" for refusal in refusals):
        confirm = next(field for field in ENVELOPE if field.key == "confirm")
        controls.append(Form({"confirm": list(draft.confirm)}, {}).control(confirm, confirm.key, ""))
    context = {
        "notice": report_request.notice,
        "draft": draft,
        "controls": controls,
        "errors": attach_refusals(controls, refusals),
        "saved": report_request.request.query_params.get("saved") == "yes" and not refusals,
    }
    return renderer.page(
        report_request.request,
        "draft.html",
        context,
        page_request=report_request.page_request,
        status=code if refusals else 200,
    )


async def get_preview(request: Request) -> Response:
    """Answer `GET /notices/{notice}/drafts/{draft}/preview` with the report as it would be issued."""
    report_request = await _report_request(request)
    statements = statements_of(await report_request.draft())
    async with turn(request, report_request.context):
        return await written(
            report_request.context, report_request.page_request.notice, statements, "html", "draft"
        )


async def get_issued(request: Request) -> Response:
    """Answer `GET /notices/{notice}/issued/{position}` with the receipt of a report, and its files.

    Raises:
        Refused: The entry is not an adviser's report.
    """
    report_request = await _report_request(request)
    position: int = request.path_params["position"]
    notice = await ask(request, report_request.page_request, "issued", atLeast=position)
    report = next((row for row in notice["adviserReports"]["nodes"] if row["position"] == position), None)
    if report is None:
        raise Refused.because("UNKNOWN_REPORT", f"entry {position} is not an adviser's report")
    context = {
        "notice": notice,
        "report": report,
        "files": files_of(report_request.page_request.notice, report["report"]),
    }
    return renderer.page(request, "issued.html", context, page_request=report_request.page_request)


def files_of(notice: str, report: str) -> list[tuple[str, str]]:
    """Return the files of an issued report: addresses and link texts."""
    labels = {
        "html": "Web page",
        "pdf": "PDF (tagged, PDF/UA-1)",
        "csv": "Tables (CSV files in a zip)",
        "json": "Data (JSON)",
    }
    return [(f"/notices/{notice}/report-files/{quote(report)}.{name}", labels[name]) for name in FORMATS]


async def get_file(request: Request) -> Response:
    """Answer `GET /notices/{notice}/report-files/{report}.{format}` with a report, rebuilt at its position.

    Raises:
        Refused: The reader may not read reports, or no report has the reference.
    """
    page_request = await page_request_of(request)
    if not page_request.reads("adviser"):
        raise Refused.because("FORBIDDEN", page_request.cannot("read the adviser's reports"))
    ledger: Ledger = request.app.state.ledger
    context = Context(ledger.reader, ledger.writer.append, page_request.visitor.viewer)
    report = request.path_params["report"]
    async with turn(request, context):
        statements = await issued(context, page_request.notice, report)
        response = await written(context, page_request.notice, statements, request.path_params["format"], report)
    ready = request.query_params.get("ready", "")
    if _READY.fullmatch(ready):
        response.set_cookie(
            "ledger-ready", ready, max_age=60, path=f"/notices/{page_request.notice}", samesite="strict"
        )
    return response


def _redirect(request: Request, address: str) -> Response:
    return secured(request, RedirectResponse(address, 303))
