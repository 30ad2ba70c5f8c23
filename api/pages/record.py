"""Recording from pages: what somebody may record, the form of each fact, and the receipt.

The id of an event is made when its form is first asked for, and stands in the address: sent twice, also after
going back, it records once. Whatever goes wrong, the form comes back with all that was typed.
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
from api.forms.controls import ADD, REMOVE, Form, FormControl, blame
from api.forms.fields import ENVELOPE, fields_of, label_of
from api.forms.parse import DATA, ParsedForm, Typed, read
from api.forms.submission import event_of, record, recordable, sound, source_of
from api.forms.upload import Upload
from api.http import evidence, problem
from api.pages import renderer
from api.pages.form_defaults import begun
from api.pages.form_input import one, typed_into
from api.pages.form_request import FormRequest, desk_of, kind_of, visit_now
from api.pages.page_request import PageRequest, SignInNeeded, ask
from api.pages.security_headers import secured
from api.services import Ledger
from ledger.append.receipt import Receipt
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.domain.registry import Kind
from schema.derive.connection import cursor

_DIGITS = 10
STRANGE = Refusal(
    "FORBIDDEN",
    "this form was not sent by a page of this session; see that it says what you mean, and send it again",
)
"""Why a form that was sent in another session is only shown."""
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
"""The area of a fact → the section of the notice's pages where it is seen."""
_THINGS = {
    "objective": "/plan",
    "decision": "/board/decisions",
    "evidence": "/evidence",
    "measure": "/measures",
}
"""What a fact is about → where things of that kind have pages of their own."""
_BY_HAND = ("board", "plan", "evidence", "access", "recommendations", "reports")
"""The areas whose facts people record most, in the order in which they are offered."""


async def get_list(request: Request) -> Response:
    """`GET /notices/{notice}/record`: what the reader's roles may record, area by area."""
    visit = await visit_now(request)
    ledger: Ledger = request.app.state.ledger
    state = await ledger.writer.state(visit.notice)
    found = recordable(state, visit.visitor.viewer.credential, ledger.clock())
    order = {area: index for index, area in enumerate(_BY_HAND)}
    found.sort(key=lambda kind: order.get(kind.area, len(order)))
    areas = [
        (_AREAS.get(area, area.capitalize()), list(kinds))
        for area, kinds in groupby(found, lambda kind: kind.area)
    ]
    notice = await ask(request, visit, "record")
    return renderer.page(request, "record.html", {"notice": notice, "areas": areas}, visit=visit)


async def get_form(request: Request) -> Response:
    """`GET /notices/{notice}/record/{fact}`: the form of a fact; the address may say what its inputs hold."""
    desk = await desk_of(request)
    params = request.query_params
    if not params.get("id"):
        address = f"{request.url.path}?{urlencode([*params.multi_items(), ('id', _fresh_id())])}"
        return secured(request, RedirectResponse(address, 303))
    said = {name: params.getlist(name) for name in params if name.startswith(f"{DATA}.")}
    return _form(desk, Form(await begun(desk, said), desk.choices), params["id"])


async def post_form(request: Request) -> Response:
    """`POST /notices/{notice}/record/{fact}`: records what the form says, or shows it again.

    One that was sent in another session, or from elsewhere, is only shown: nothing is lost, or recorded unseen.
    """
    try:
        desk = await desk_of(request)
    except SignInNeeded:
        return renderer.page(request, "signed-out.html", {}, status=401)
    upload = await Upload(request).open() if desk.limit is not None else None
    try:
        typed: Typed = upload.typed if upload is not None else await typed_into(request)
        name, does = one(typed, "id"), one(typed, "do")
        sessions: Sessions = request.app.state.sessions()
        try:
            sessions.guard(request, desk.visit.visitor.session, one(typed, FORM_FIELD))
        except Refused:
            return _form(desk, Form(typed, desk.choices), _fresh_id(), (STRANGE,), status=403)
        if does:
            return _form(desk, _changed(desk, typed, does), name)
        return await _post(desk, typed, name, upload)
    finally:
        if upload is not None:
            await upload.drain(desk.limit or 0)


async def _post(desk: FormRequest, typed: Typed, name: str, upload: Upload | None) -> Response:
    said = read(desk.fields, typed, desk.zone)
    credential = desk.visit.visitor.viewer.credential
    event = event_of(desk.kind, name, source_of(desk.state, credential), said.event)
    status, again = 422, False
    try:
        if upload is None:
            receipt = await record(desk.ledger.writer, desk.visit.notice, desk.kind, event, said, credential)
        else:
            receipt = await _record_document(desk, event, said, upload)
    except Refused as refused:
        refusals: Sequence[Refusal] = refused.refusals
        again = any(refusal.code == "KEY_REUSED" for refusal in refusals)
    except (Busy, Unavailable) as error:
        found = problem.problem_of(error)
        refusals, status = found.errors, found.status
    else:
        address = f"/notices/{desk.visit.notice}/record/{desk.kind.name}/{receipt.position}"
        return secured(desk.request, RedirectResponse(address, 303))
    form = Form(said.kept, desk.choices)
    return _form(desk, form, _fresh_id() if again else name, refusals, status=status, again=again)


async def _record_document(desk: FormRequest, event: dict[str, Any], said: ParsedForm, upload: Upload) -> Receipt:
    """Judges all that can be judged before the document arrives, takes it in, and records both; raises Refused."""
    writer, notice = desk.ledger.writer, desk.visit.notice
    credential = desk.visit.visitor.viewer.credential
    media_type = evidence.media_type_of(upload.file_name, upload.media_type)
    awaited = {**event, DATA: {**event[DATA], **evidence.NOT_YET, "mediaType": media_type}}
    missing = () if upload.has_file else (Refusal("BLANK", "choose the document", "file"),)
    try:
        item = await sound(writer, notice, desk.kind, awaited, said, credential)
    except Refused as refused:
        raise Refused((*refused.refusals, *missing)) from None
    judged = [each for each in await writer.judge(notice, item, credential) if each.code != "ALREADY_EXISTS"]
    if judged or missing:  # what is there already may be this very form, sent twice
        raise Refused((*judged, *missing))
    try:
        file = await desk.ledger.evidence.files.receive(notice, media_type, upload.file())
    except Refused as refused:
        raise Refused(Refusal(each.code, each.message, "file") for each in refused.refusals) from None
    return await evidence.record_document(
        desk.ledger, desk.visit.visitor.viewer, notice, evidence.with_file(event, file)
    )


async def get_receipt(request: Request) -> Response:
    """`GET /notices/{notice}/record/{fact}/{position}`: the receipt, for whoever recorded the fact to keep."""
    visit = await visit_now(request)
    kind, position = kind_of(request), _position(request.path_params["position"])
    after = cursor(f"entries/{visit.notice}", [position - 1])
    notice = await ask(request, visit, "receipt", atLeast=position, after=after)
    found = next(iter(notice["entries"]["nodes"]), None)
    if found is None or found["position"] != position or found["type"] not in (None, kind.type):
        raise HTTPException(404, f"entry {position} of this ledger is no {formatting.fact(kind.name).lower()}")
    about = (found["data"] or {}).get(_about(kind))
    given = {"notice": notice, "shown": found, "kind": kind, "ways": _ways(visit, kind, about)}
    return renderer.page(request, "recorded.html", given, visit=visit)


def _about(kind: Kind) -> str:
    """The field of an entry's data that names what it is about."""
    return next((each.key for each in fields_of(kind.struct) if each.about), "")


def _position(text: str) -> int:
    """The position that an address names; raises HTTPException (404)."""
    if not (text.isascii() and text.isdigit() and len(text) < _DIGITS and int(text) > 0):
        raise HTTPException(404, f"there is no entry {text[:40]!r}; entries are numbered from 1")
    return int(text)


def _ways(visit: PageRequest, kind: Kind, about: str | None) -> list[tuple[str, str]]:
    """Where what an entry changed can be seen: addresses, and what stands there."""
    ways = []
    if about is not None and (named_by := _THINGS.get(kind.struct.about)) is not None:
        ways.append((visit.address(f"{named_by}/{about}"), f"{label_of(kind.struct.about)} {about}"))
    if about is not None and visit.reads("timeline"):
        ways.append((visit.address(f"/about/{about}"), f"Everything that was recorded about {about}"))
    place = _PLACES.get(kind.area, "")
    return ways + [
        (visit.address(section.path), section.title)
        for section in renderer.SECTIONS
        if section.path == place and section.view is not None and visit.reads(section.view)
    ]


def _changed(desk: FormRequest, typed: Typed, does: str) -> Form:
    """The form after one of its buttons: a row more, a row less, or the fields of a fact that was chosen."""
    if does.startswith(REMOVE):
        gone = does.removeprefix(REMOVE)
        kept = {name: values for name, values in typed.items() if not name.startswith(f"{gone}.")}
        return Form(read(desk.fields, kept, desk.zone).kept, desk.choices)
    return Form(typed, desk.choices, does.removeprefix(ADD) if does.startswith(ADD) else "")


def _form(
    desk: FormRequest,
    form: Form,
    name: str,
    refusals: Sequence[Refusal] = (),
    *,
    status: int = 200,
    again: bool = False,
) -> Response:
    warned = any(refusal.code == "CONFIRM_PERSONAL_DATA" for refusal in refusals) or form.typed.get("confirm")
    time, clauses, confirm = (form.control(each, each.key, "") for each in ENVELOPE)
    controls = [
        *form.controls(desk.fields),
        time,
        *([clauses] if clauses.words else []),
        *([confirm] if warned else []),
    ]
    if desk.limit is not None:
        controls.append(_document(desk.limit))
    given = {
        "notice": desk.notice,
        "kind": desk.kind,
        "role": desk.role,
        "id": name,
        "controls": controls,
        "faults": blame(controls, refusals),
        "again": again,
        "with_document": desk.limit is not None,
    }
    return renderer.page(desk.request, "record-form.html", given, visit=desk.visit, status=status)


def _document(limit: int) -> FormControl:
    """The control for the document; it comes last, so that it is judged before it arrives."""
    hint = (
        f"At most {formatting.size(limit)}. If this page comes back, choose the file "
        "again: a browser does not keep it. Everything else stays."
    )
    return FormControl(as_="file", place="file", name="file", label="Document", called="Document", hint=hint)


def _fresh_id() -> str:
    return f"form-{uuid4()}"
