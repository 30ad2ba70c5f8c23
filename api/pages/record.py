"""Forms of facts: the list of tasks, each fact's form, and the page to check its answers.

Only the Record button records, on the page to check the answers or on a document's form. Pressing Enter in a field
never records. A form's address contains the id of its event from the start, so submitting twice records once.
After a refusal or an outage the form is shown again with its inputs.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import formatting
from api.auth.identity import counted_as
from api.auth.sessions import FORM_FIELD, Sessions
from api.forms import dates
from api.forms.controls import ADD, REMOVE, Form, FormControl
from api.forms.errors import attach_refusals
from api.forms.fields import ENVELOPE
from api.forms.parse import DATA, Inputs, ParsedForm, read
from api.forms.submission import checked_submission, event_of, record, recordable, source_of
from api.forms.summary import answers
from api.forms.upload import Upload
from api.http import evidence, problem
from api.pages import renderer
from api.pages.form_defaults import initial_inputs
from api.pages.form_input import first_input, read_inputs
from api.pages.form_request import FormRequest, add_choices_of_fact, form_request_of, recording_request
from api.pages.page_request import SignInNeeded, ask
from api.pages.security_headers import secured
from api.services import Ledger
from ledger.append import tokens
from ledger.append.receipt import Receipt
from ledger.domain.areas.people import TokenIssued
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.domain.rules.concern import CLAUSE_PATHS, usual_clauses
from projections.narrate.sentence import join_items

CHECK, RECORD = "check", "record"
"""Values of two buttons: one shows the answers to check, the other records the fact."""
OTHER_SESSION = Refusal(
    "FORBIDDEN",
    "this form was submitted in another session; check your answers and submit it again",
)
"""Refusal of a form from another session; the form is shown again, and nothing is recorded."""
_CLOSED = "NOTICE_CLOSED"
_AREAS = {"adviser": "The adviser", "engagement": "Views of staff and children", "notice": "The notice"}
_FIRST_AREAS = ("board", "plan", "evidence", "access", "recommendations", "reports")
"""Areas whose facts people record most; the list of tasks begins with these areas."""


async def get_list(request: Request) -> Response:
    """Answer `GET /notices/{notice}/record` with the tasks of the reader's roles, by area."""
    page_request = await recording_request(request)
    ledger: Ledger = request.app.state.ledger
    state = await ledger.writer.state(page_request.notice)
    facts = recordable(state, page_request.visitor.viewer.credential, ledger.clock())
    order = {area: index for index, area in enumerate(_FIRST_AREAS)}
    facts.sort(key=lambda kind: order.get(kind.area, len(order)))
    areas = [
        (_AREAS.get(area, area.capitalize()), list(kinds))
        for area, kinds in groupby(facts, lambda kind: kind.area)
    ]
    notice = await ask(request, page_request, "record")
    return renderer.page(request, "record.html", {"notice": notice, "areas": areas}, page_request=page_request)


async def get_form(request: Request) -> Response:
    """Answer `GET /notices/{notice}/record/{fact}`; parameters of the address fill the form's fields."""
    form_request = await form_request_of(request)
    params = request.query_params
    if not params.get("id"):
        address = f"{request.url.path}?{urlencode([*params.multi_items(), ('id', _new_id())])}"
        return secured(request, RedirectResponse(address, 303))
    preset = {name: params.getlist(name) for name in params if name.startswith(f"{DATA}.")}
    inputs = await initial_inputs(form_request, preset)
    await add_choices_of_fact(form_request, inputs)
    return _form(form_request, Form(inputs, form_request.choices), params["id"])


async def post_form(request: Request) -> Response:
    """Answer `POST /notices/{notice}/record/{fact}`: record the fact, show its answers to check, or show the form.

    A form from another session is shown again, so no typed input is lost and no fact is recorded unseen.
    """
    try:
        form_request = await form_request_of(request)
    except SignInNeeded:
        return renderer.page(request, "signed-out.html", {}, status=401)
    upload = await Upload(request).open() if form_request.limit is not None else None
    try:
        inputs: Inputs = upload.inputs if upload is not None else await read_inputs(request)
        await add_choices_of_fact(form_request, inputs)
        name, action = first_input(inputs, "id"), first_input(inputs, "do")
        sessions: Sessions = request.app.state.sessions()
        try:
            sessions.guard(request, form_request.page_request.visitor.session, first_input(inputs, FORM_FIELD))
        except Refused:
            return _form(form_request, Form(inputs, form_request.choices), _new_id(), (OTHER_SESSION,), status=403)
        if action in (CHECK, RECORD):
            return await _post(form_request, inputs, name, upload, records=action == RECORD)
        return _form(form_request, _changed(form_request, inputs, action), name)
    finally:
        if upload is not None:
            await upload.drain(form_request.limit or 0)


async def _post(
    form_request: FormRequest, inputs: Inputs, name: str, upload: Upload | None, *, records: bool
) -> Response:
    """Record the fact, or show the answers to check; show the form again after a refusal or an outage."""
    parsed = read(form_request.fields, inputs, form_request.zone)
    if form_request.needs_time and not any(f"time.{part}" in parsed.inputs for part in dates.INSTANT_PARTS):
        parsed.refusals.append(Refusal(_CLOSED, "", "time"))
    credential = form_request.page_request.visitor.viewer.credential
    event = event_of(form_request.kind, name, source_of(form_request.state, credential), parsed.event)
    secret = tokens.new_secret() if form_request.kind.struct is TokenIssued else None
    if secret is not None:
        event[DATA]["token"] = tokens.public_id(secret)
    status, reused = 422, False
    try:
        if not records:
            return await _checked(form_request, event, parsed, name)
        if secret is not None:
            await tokens.add_secret(form_request.ledger.url, form_request.page_request.notice, secret)
        if upload is None:
            receipt = await record(
                form_request.ledger.writer,
                form_request.page_request.notice,
                form_request.kind,
                event,
                parsed,
                credential,
            )
        else:
            receipt = await _record_document(form_request, event, parsed, upload)
    except Refused as refused:
        refusals: Sequence[Refusal] = refused.refusals
        reused = any(refusal.code == "KEY_REUSED" for refusal in refusals)
    except (Busy, Unavailable) as error:
        details = problem.problem_of(error)
        refusals, status = details.errors, details.status
    else:
        if secret is not None:
            return _token_page(form_request, secret, receipt)
        address = f"/notices/{form_request.page_request.notice}/record/{form_request.kind.name}/{receipt.position}"
        return secured(form_request.request, RedirectResponse(address, 303))
    form = Form(parsed.inputs, form_request.choices)
    return _form(form_request, form, _new_id() if reused else name, refusals, status=status, reused=reused)


async def _checked(form_request: FormRequest, event: dict[str, Any], parsed: ParsedForm, name: str) -> Response:
    """Return the page to check the answers, or the form again if it has a document.

    A browser would lose the document's file on another page.

    Raises:
        Refused: The fact would be refused.
    """
    writer, notice = form_request.ledger.writer, form_request.page_request.notice
    credential = form_request.page_request.visitor.viewer.credential
    form = Form(parsed.inputs, form_request.choices)
    if form_request.limit is not None:
        event = {**event, DATA: {**event[DATA], **evidence.NOT_YET, "mediaType": "application/octet-stream"}}
    submission = await checked_submission(writer, notice, form_request.kind, event, parsed, credential)
    refusals = await writer.judge(notice, submission, credential)
    if refusals:
        raise Refused(refusals)
    if form_request.limit is not None:
        return _form(form_request, form, name)
    context = {
        "notice": form_request.notice,
        "kind": form_request.kind,
        "id": name,
        "answers": list(answers(_controls(form_request, form), form_request.zone)),
        "inputs": [(key, value) for key, values in parsed.inputs.items() for value in values],
    }
    return _revisitable(
        renderer.page(form_request.request, "check-answers.html", context, page_request=form_request.page_request)
    )


def _token_page(form_request: FormRequest, secret: str, receipt: Receipt) -> Response:
    """Return the page with a token's secret, which is shown once and stored nowhere."""
    context = {"notice": form_request.notice, "secret": secret, "position": receipt.position}
    return renderer.page(form_request.request, "token.html", context, page_request=form_request.page_request)


def _revisitable(response: Response) -> Response:
    """Return a page with a header that lets the browser keep it.

    The Back button then restores the page's inputs. Signing out clears them.
    """
    response.headers["Cache-Control"] = "private, no-cache"
    return response


async def _record_document(
    form_request: FormRequest, event: dict[str, Any], parsed: ParsedForm, upload: Upload
) -> Receipt:
    """Check all that can be checked before the document arrives, store the document, and record the fact.

    Raises:
        Refused: The fact or the document is refused.
        Busy: Too many documents arrive, or too many facts wait.
        Unavailable: The database or the store cannot be reached.
    """
    writer, notice = form_request.ledger.writer, form_request.page_request.notice
    viewer = form_request.page_request.visitor.viewer
    credential = viewer.credential
    media_type = evidence.media_type_of(upload.file_name, upload.media_type)
    provisional = {**event, DATA: {**event[DATA], **evidence.NOT_YET, "mediaType": media_type}}
    missing = () if upload.has_file else (Refusal("BLANK", "select a document", "file"),)
    try:
        submission = await checked_submission(writer, notice, form_request.kind, provisional, parsed, credential)
    except Refused as refused:
        raise Refused((*refused.refusals, *missing)) from None
    refusals = [
        refusal
        for refusal in await writer.judge(notice, submission, credential)
        if refusal.code != "ALREADY_EXISTS"
    ]
    if refusals or missing:  # an existing document may come from this very form, submitted twice
        raise Refused((*refusals, *missing))
    try:
        file = await form_request.ledger.evidence.files.receive(
            notice, media_type, upload.file(), sender=counted_as(viewer), detect=True
        )
    except Refused as refused:
        raise Refused(Refusal(refusal.code, refusal.message, "file") for refusal in refused.refusals) from None
    return await evidence.record_document(form_request.ledger, viewer, notice, evidence.with_file(event, file))


def _changed(form_request: FormRequest, inputs: Inputs, action: str) -> Form:
    """Return the form after a button added a row, removed a row, or asked for the fields of another fact."""
    if action.startswith(REMOVE):
        removed = action.removeprefix(REMOVE)
        remaining = {name: values for name, values in inputs.items() if not name.startswith(f"{removed}.")}
        return Form(read(form_request.fields, remaining, form_request.zone).inputs, form_request.choices)
    return Form(inputs, form_request.choices, action.removeprefix(ADD) if action.startswith(ADD) else "")


def _form(
    form_request: FormRequest,
    form: Form,
    name: str,
    refusals: Sequence[Refusal] = (),
    *,
    status: int = 200,
    reused: bool = False,
) -> Response:
    needs_confirmation = any(refusal.code == "CONFIRM_PERSONAL_DATA" for refusal in refusals)
    controls = _controls(form_request, form, needs_confirmation=needs_confirmation)
    refusals = [_in_time(form_request) if refusal.code == _CLOSED else refusal for refusal in refusals]
    if form_request.limit is not None:
        controls.append(_document(form_request.limit))
    context = {
        "notice": form_request.notice,
        "kind": form_request.kind,
        "role": form_request.role,
        "id": name,
        "controls": controls,
        "errors": attach_refusals(controls, refusals),
        "reused": reused,
        "with_document": form_request.limit is not None,
    }
    page = renderer.page(
        form_request.request,
        "record-form.html",
        context,
        page_request=form_request.page_request,
        status=status,
    )
    return _revisitable(page)


def _controls(form_request: FormRequest, form: Form, *, needs_confirmation: bool = False) -> list[FormControl]:
    time, clauses, confirm = (form.control(field, field.key, "") for field in ENVELOPE)
    clauses.hint, time.required = _clauses_hint(form_request), form_request.needs_time
    return [
        *form.controls(form_request.fields),
        time,
        *([clauses] if clauses.options else []),
        *([confirm] if needs_confirmation or form.inputs.get("confirm") else []),
    ]


def _in_time(form_request: FormRequest) -> Refusal:
    """Return the refusal of a fact after the end of its notice, in the words of the form."""
    closed = formatting.day(form_request.notice["closedOn"])
    return Refusal(_CLOSED, f"when it happened must be before the notice was closed on {closed}", "time")


def _clauses_hint(form_request: FormRequest) -> str:
    """Return a hint with the clauses that the entry concerns if the person selects no clause."""
    fact = form_request.kind.struct
    if fact in CLAUSE_PATHS:
        return "If you select none, the entry is about the clause named above."
    usual = usual_clauses(fact, form_request.state.notice.clauses)
    if not usual:
        return "If you select none, the entry is about no clause."
    choose = "choose from clauses" if len(usual) > 1 else "may choose clause"
    return f"If you select none, the notice's rules {choose} {join_items(usual)}."


def _document(limit: int) -> FormControl:
    """Return the control of the document; it comes last, so the fact is checked before the document arrives."""
    hint = (
        f"For example, a PDF, a Word document or a spreadsheet of at most {formatting.size(limit)}. "
        "If this page shows an error, select the file again."
    )
    return FormControl(widget="file", path="file", name="file", label="Document", full_label="Document", hint=hint)


def _new_id() -> str:
    return f"form-{uuid4()}"
