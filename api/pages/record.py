"""Forms of facts: the list of tasks, each fact's form, and the receipt.

A form's address contains the id of its event from the start, so submitting twice records once. After any error the
form returns with its inputs.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import formatting
from api.auth.sessions import FORM_FIELD, Sessions
from api.forms.controls import ADD, REMOVE, Form, FormControl, attach_refusals
from api.forms.fields import ENVELOPE, fields_of, label_of
from api.forms.parse import DATA, Inputs, ParsedForm, read
from api.forms.submission import checked_submission, event_of, record, recordable, source_of
from api.forms.upload import Upload
from api.http import evidence, problem
from api.pages import renderer
from api.pages.form_defaults import initial_inputs
from api.pages.form_input import first_input, read_inputs
from api.pages.form_request import FormRequest, form_request_of, kind_of, request_now
from api.pages.page_request import PageRequest, SignInNeeded, ask
from api.pages.security_headers import secured
from api.services import Ledger
from ledger.append.receipt import Receipt
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.domain.registry import Kind
from schema.derive.connection import cursor

_DIGITS = 10
OTHER_SESSION = Refusal(
    "FORBIDDEN",
    "this form was submitted in another session; check your answers and submit it again",
)
"""Refusal of a form from another session; it is only shown."""
_AREAS = {"adviser": "The adviser", "engagement": "Views of staff and children", "notice": "The notice"}
_PLACES = {
    "plan": "/plan",
    "actions": "/plan",
    "board": "/board",
    "meetings": "/board",
    "evidence": "/evidence",
    "measures": "/measures",
    "reviews": "/reviews",
    "access": "/reviews",
    "engagement": "/views",
    "partners": "/partners",
    "recommendations": "/coverage",
    "reports": "/reports",
    "adviser": "/reports",
}
"""Section that shows a fact, by its area."""
_SUBJECT_PAGES = {
    "objective": "/plan",
    "decision": "/board/decisions",
    "evidence": "/evidence",
    "measure": "/measures",
}
"""Pages of a fact's subject, by kind."""
_FIRST_AREAS = ("board", "plan", "evidence", "access", "recommendations", "reports")
"""Areas that people record most, in the order of the list."""


async def get_list(request: Request) -> Response:
    """Answer `GET /notices/{notice}/record`: the tasks of the reader's roles, by area."""
    page_request = await request_now(request)
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
    return _form(
        form_request, Form(await initial_inputs(form_request, preset), form_request.choices), params["id"]
    )


async def post_form(request: Request) -> Response:
    """Answer `POST /notices/{notice}/record/{fact}`: record the fact, or show the form with its errors.

    A form from another session is only shown, so nothing is lost and nothing is recorded unseen.
    """
    try:
        form_request = await form_request_of(request)
    except SignInNeeded:
        return renderer.page(request, "signed-out.html", {}, status=401)
    upload = await Upload(request).open() if form_request.limit is not None else None
    try:
        inputs: Inputs = upload.inputs if upload is not None else await read_inputs(request)
        name, action = first_input(inputs, "id"), first_input(inputs, "do")
        sessions: Sessions = request.app.state.sessions()
        try:
            sessions.guard(request, form_request.page_request.visitor.session, first_input(inputs, FORM_FIELD))
        except Refused:
            return _form(form_request, Form(inputs, form_request.choices), _new_id(), (OTHER_SESSION,), status=403)
        if action:
            return _form(form_request, _changed(form_request, inputs, action), name)
        return await _post(form_request, inputs, name, upload)
    finally:
        if upload is not None:
            await upload.drain(form_request.limit or 0)


async def _post(form_request: FormRequest, inputs: Inputs, name: str, upload: Upload | None) -> Response:
    parsed = read(form_request.fields, inputs, form_request.zone)
    credential = form_request.page_request.visitor.viewer.credential
    event = event_of(form_request.kind, name, source_of(form_request.state, credential), parsed.event)
    status, reused = 422, False
    try:
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
        address = f"/notices/{form_request.page_request.notice}/record/{form_request.kind.name}/{receipt.position}"
        return secured(form_request.request, RedirectResponse(address, 303))
    form = Form(parsed.inputs, form_request.choices)
    return _form(form_request, form, _new_id() if reused else name, refusals, status=status, reused=reused)


async def _record_document(
    form_request: FormRequest, event: dict[str, Any], parsed: ParsedForm, upload: Upload
) -> Receipt:
    """Check all that can be checked before the document arrives, store it, and record the fact.

    Raises:
        Refused: The fact or the document is refused.
    """
    writer, notice = form_request.ledger.writer, form_request.page_request.notice
    credential = form_request.page_request.visitor.viewer.credential
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
        file = await form_request.ledger.evidence.files.receive(notice, media_type, upload.file(), detect=True)
    except Refused as refused:
        raise Refused(Refusal(refusal.code, refusal.message, "file") for refusal in refused.refusals) from None
    return await evidence.record_document(
        form_request.ledger, form_request.page_request.visitor.viewer, notice, evidence.with_file(event, file)
    )


async def get_receipt(request: Request) -> Response:
    """Answer `GET /notices/{notice}/record/{fact}/{position}`: the receipt."""
    page_request = await request_now(request)
    kind, position = kind_of(request), _position(request.path_params["position"])
    after = cursor(f"entries/{page_request.notice}", [position - 1])
    notice = await ask(request, page_request, "receipt", atLeast=position, after=after)
    entry = next(iter(notice["entries"]["nodes"]), None)
    if entry is None or entry["position"] != position or entry["type"] not in (None, kind.type):
        raise HTTPException(
            404, f"entry {position} of this ledger has another type than {formatting.fact(kind.name)!r}"
        )
    about = (entry["data"] or {}).get(_about(kind))
    context = {"notice": notice, "shown": entry, "kind": kind, "links": _links(page_request, kind, about)}
    return renderer.page(request, "recorded.html", context, page_request=page_request)


def _about(kind: Kind) -> str:
    """Return the field of an entry's data that names its subject."""
    return next((field.key for field in fields_of(kind.struct) if field.about), "")


def _position(text: str) -> int:
    """Return the position in an address.

    Raises:
        HTTPException: 404 for anything else.
    """
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS and int(text) > 0):
        raise HTTPException(404, f"no entry {text[:40]!r}; entries are numbered from 1")
    return int(text)


def _links(page_request: PageRequest, kind: Kind, about: str | None) -> list[tuple[str, str]]:
    """Return the pages that show what an entry changed: addresses and link texts."""
    links = []
    if about is not None and (page := _SUBJECT_PAGES.get(kind.struct.about)) is not None:
        links.append((page_request.address(f"{page}/{about}"), f"{label_of(kind.struct.about)} {about}"))
    if about is not None and page_request.reads("timeline"):
        links.append((page_request.address(f"/about/{about}"), f"All entries about {about}"))
    path = _PLACES.get(kind.area, "")
    return links + [
        (page_request.address(section.path), section.title)
        for section in renderer.SECTIONS
        if section.path == path and section.view is not None and page_request.reads(section.view)
    ]


def _changed(form_request: FormRequest, inputs: Inputs, action: str) -> Form:
    """Return the form after one of its buttons: a row added or removed, or another fact's fields."""
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
    needs_confirmation = any(refusal.code == "CONFIRM_PERSONAL_DATA" for refusal in refusals) or form.inputs.get(
        "confirm"
    )
    time, clauses, confirm = (form.control(field, field.key, "") for field in ENVELOPE)
    controls = [
        *form.controls(form_request.fields),
        time,
        *([clauses] if clauses.options else []),
        *([confirm] if needs_confirmation else []),
    ]
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
    return renderer.page(
        form_request.request, "record-form.html", context, page_request=form_request.page_request, status=status
    )


def _document(limit: int) -> FormControl:
    """Return the control of the document; it comes last, so the fact is checked before the document arrives."""
    hint = (
        f"For example, a PDF, a Word document or a spreadsheet of at most {formatting.size(limit)}. "
        "If this page shows an error, select the file again."
    )
    return FormControl(widget="file", path="file", name="file", label="Document", full_label="Document", hint=hint)


def _new_id() -> str:
    return f"form-{uuid4()}"
