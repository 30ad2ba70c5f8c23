"""Serve `PUT /ledgers/{notice}/evidence` and `GET …/evidence/{id}`.

The body is the document. `ce-` headers carry the event's attributes, and `evidence-` headers the fields of
EvidenceSubmitted. docs/evidence.md describes the headers. Imports starlette, `schema`, `projections` and
`ledger`.
"""

import asyncio
import logging
import mimetypes
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.auth.identity import counted_as, may_read, part_in, viewer_of
from api.http import body, cloudevents, ranges
from api.http.intake import expected_position
from api.http.problem import problem, respond
from api.http.under_way import while_allowed
from api.services import Ledger
from ledger.append.receipt import Receipt
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.authorisation import authorise
from ledger.domain.errors import Busy, Damaged, Refusal, Refused, Unavailable
from ledger.domain.registry import KIND_OF, STORED_TYPES
from ledger.evidence.access import BY_SERVICE, OpeningDecision, decide_opening, holds_live_grant
from ledger.evidence.object_store import too_large
from ledger.intake import parse
from ledger.intake.parse import SubmittedFact, SubmittedFile, accept
from projections.views.evidence import StoredDocument, stored_document
from schema.context import Viewer

KIND = KIND_OF[EvidenceSubmitted]
_FIELDS = ("id", "title", "classification", "period", "supports")
_FIELD_OF = {
    "content-type": "data.mediaType",
    "evidence-id": "data.evidence",
    **{f"evidence-{name}": f"data.{name}" for name in _FIELDS[1:]},
    **{f"ce-{name}": name for name in ("id", "source", "subject", "time", "clauses", "confirm", "specversion")},
}
"""Path in the event of each header's value, by the header's name."""
NOT_YET: dict[str, object] = {"digest": "A" * 43 + "=", "size": 1}
"""Placeholder for a document's digest and size. The other fields are then judged before the document arrives."""
_UNKNOWN = "application/octet-stream"
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,100}")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_SAFE_HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OFFICE = {
    "vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "vnd.oasis.opendocument.text": "odt",
    "vnd.oasis.opendocument.spreadsheet": "ods",
    "vnd.oasis.opendocument.presentation": "odp",
    "vnd.ms-outlook": "msg",
}
_EXTENSIONS = mimetypes.MimeTypes()
for _name, _extension in _OFFICE.items():  # Python has these from the machine that it runs on, or not at all
    _EXTENSIONS.add_type(f"application/{_name}", f".{_extension}")
_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
"""Media type by the compression that an extension names (`.csv.gz`); other compressions are unknown formats."""
_recording: set[asyncio.Task[Receipt]] = set()
logger = logging.getLogger(__name__)


# --- in


async def put_evidence(request: Request) -> Response:
    """Store a document and record its entry.

    Raises:
        Refused: The document or its entry is not acceptable.
        Busy: The queue is full, too many documents arrive, or the address sent too many wrong tokens.
        Unavailable: The database, the store or the issuer cannot be reached.
        ClientDisconnect: The client ended the connection.
    """
    viewer = await viewer_of(request)
    notice = request.path_params["notice"]
    await part_in(viewer, notice)
    ledger: Ledger = request.app.state.ledger
    event, item, expected = _declaration(request)
    await _may_submit(ledger, viewer, notice, item)
    if body.declares_more(request, ledger.evidence.files.limit):
        raise too_large(ledger.evidence.files.limit)
    file = await ledger.evidence.files.receive(
        notice, event["data"]["mediaType"], body.pieces(request), sender=counted_as(viewer)
    )
    item = with_file(event, file)
    receipt = await record_document(ledger, viewer, notice, item, expected)
    headers = {"Location": f"/ledgers/{notice}/evidence/{event['data']['evidence']}"}
    status = 200 if receipt.duplicate else 201
    return Response(msgspec.json.encode(receipt), status, headers, "application/json")


def _declaration(request: Request) -> tuple[dict[str, Any], SubmittedFact, int | None]:
    """Return the event that the headers describe, its submission, and the expected position.

    The event lacks the document's digest and size; the submission has placeholders.

    Raises:
        Refused: Headers are missing, unknown or malformed; all are listed.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    fields = cloudevents.prefixed(request.headers.raw, "evidence-")
    attributes = cloudevents.prefixed(request.headers.raw, "ce-")
    refusals = [*attributes.refusals, *fields.refusals, *_header_refusals(media_type, fields.values)]
    expected, item = None, None
    try:
        expected = expected_position(request)
    except Refused as refused:
        refusals += refused.refusals
    event: dict[str, Any] = {"specversion": "1.0", "type": KIND.type, **attributes.values}
    stored_type = STORED_TYPES.get(event["type"])
    if stored_type is None or stored_type.kind is not KIND:
        refusals.append(Refusal("WRONG_TYPE", f"the event of a document has the type {KIND.type}", "type"))
        event["type"] = KIND.type
    event["data"] = _data(fields.values, media_type)
    try:
        item = _accept(event, NOT_YET)
    except Refused as refused:
        named = {_FIELD_OF.get(refusal.path, refusal.path) for refusal in refusals}
        refusals += (refusal for refusal in refused.refusals if refusal.path not in named)
    if item is None or refusals:
        raise Refused(refusals)
    return event, item, expected


def _data(fields: Mapping[str, str], media_type: str) -> dict[str, Any]:
    """Return the fact's data that the headers describe."""
    data: dict[str, Any] = {name: fields[name] for name in ("title", "classification") if name in fields}
    if "id" in fields:
        data["evidence"] = fields["id"]
    if "supports" in fields:
        data["supports"] = fields["supports"].split()
    if "/" in fields.get("period", ""):
        first, _, last = fields["period"].partition("/")
        data["period"] = {"first": first, "last": last}
    return {**data, "mediaType": media_type}


def _header_refusals(media_type: str, fields: Mapping[str, str]) -> Iterator[Refusal]:
    """Yield the refusals of a missing media type, of unknown `evidence-` headers, and of a malformed period."""
    if not media_type:
        message = "send the document as the body, and its media type as Content-Type"
        yield Refusal("UNSUPPORTED_MEDIA_TYPE", message, "content-type")
    known = ", ".join(f"evidence-{name}" for name in _FIELDS)
    for name in fields:
        if name not in _FIELDS:
            yield Refusal("UNKNOWN_FIELD", f"the headers are {known}", f"evidence-{name}")
    if "/" not in fields.get("period", "/"):
        yield Refusal("INVALID_FIELD", "enter two dates, for example 2022-01-01/2022-03-31", "evidence-period")


def _accept(event: dict[str, Any], document: dict[str, object]) -> SubmittedFact:
    return accept({**event, "data": {**event["data"], **document}})


async def _may_submit(ledger: Ledger, viewer: Viewer, notice: str, item: SubmittedFact) -> None:
    """Raise Refused, before the document is sent, if the sender may not record its entry."""
    state = await ledger.writer.state(notice)
    decision = authorise(state, viewer.credential, KIND.name, KIND.type, item.source, ledger.clock())
    if isinstance(decision, Refusal):
        raise Refused((decision,))


def with_file(event: dict[str, Any], file: SubmittedFile) -> SubmittedFact:
    """Return the submission of a document that has arrived; raise Refused if the document is not acceptable."""
    document = {"digest": file.digest, "size": file.size, "mediaType": file.media_type}
    return parse.with_file(_accept(event, document), file)


async def record_document(
    ledger: Ledger, viewer: Viewer, notice: str, item: SubmittedFact, expected: int | None = None
) -> Receipt:
    """Record a document's entry and return the receipt; destroy the file if the entry is refused.

    The work continues when the caller is cancelled, so the file and its entry stay together. Raise the errors of
    `Writer.append`.
    """
    task = asyncio.create_task(_record(ledger, viewer, notice, item, expected))
    _recording.add(task)
    task.add_done_callback(_recording.discard)
    return await asyncio.shield(task)


async def _record(
    ledger: Ledger, viewer: Viewer, notice: str, item: SubmittedFact, expected: int | None
) -> Receipt:
    try:
        receipt = await ledger.writer.append(notice, item, viewer.credential, expected)
    except (Refused, Busy):  # after Unavailable the outcome is unknown; tidying settles it later
        await _settle(ledger, notice, item)
        raise
    await _settle(ledger, notice, item)
    return receipt


async def _settle(ledger: Ledger, notice: str, item: SubmittedFact) -> None:
    if item.file is not None:
        await ledger.evidence.settle(notice, item.file)


# --- out


async def get_evidence(request: Request) -> Response:
    """Return a document to a viewer who may open it.

    Raises:
        Refused: The viewer may not open the document, or its file is unknown, erased or not stored here.
        Busy: Too many downloads are open or facts wait, or the address sent too many wrong tokens.
        Unavailable: The file is missing from the store, or the database or the issuer cannot be reached.
    """
    viewer = await viewer_of(request)
    notice, name = request.path_params["notice"], request.path_params["evidence"]
    ledger: Ledger = request.app.state.ledger
    opening, position = await _opening_decision(ledger, viewer, notice, name)
    if not opening.opens:
        if request.method == "GET" and opening.record is not None:
            with suppress(Refused):  # another request has recorded it
                await ledger.writer.append(notice, opening.record, BY_SERVICE)
        raise _forbidden(viewer)
    document = await _stored_document(ledger, notice, name, position)
    headers = {
        **_SAFE_HEADERS,
        "Content-Type": document.media_type,
        "Content-Disposition": f'attachment; filename="{file_name(name, document.media_type)}"',
        "ETag": f'"{position}"',
    }
    if request.method == "HEAD":  # without the salt: nothing records that the document was opened
        return Response(None, 200, {**headers, "Content-Length": str(document.size)})
    try:
        part = ranges.part(request.headers, headers["ETag"], document.size)
    except ranges.Unsatisfiable:
        refusal = Refusal(
            "RANGE_NOT_SATISFIABLE", f"the document has {document.size:,} bytes; request a part of them", "range"
        )
        return respond(problem([refusal]), {"Content-Range": f"bytes */{document.size}"})
    start, end = part or (0, document.size)
    with ExitStack() as stack:
        stack.enter_context(ledger.downloads.counted(counted_as(viewer)))
        content = await ledger.evidence.files.read_checked(
            notice, document.content or "", document.upload, slice(start, end)
        )
        if content is None:
            await _stored_document(ledger, notice, name, position)  # refused if it has just been erased
            logger.error("a file is missing from the store", extra=_fields(notice, position))
            raise Unavailable(f"the file of evidence {name} is missing from the store; tell the ledger's operator")
        await _record_use(ledger, viewer, notice, opening)
        counted = stack.pop_all()
    headers["Evidence-Salt"] = b64encode(document.salt or b"").decode()
    headers["Content-Length"] = str(end - start)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{document.size}"
    pieces = while_allowed(_logged(content, notice, position), partial(_check, ledger, viewer, notice, name))
    return _Download(counted, pieces, 206 if part else 200, headers)


class _Download(StreamingResponse):
    """Response with a document, which counts as a download of its reader until it ends."""

    def __init__(
        self, counted: ExitStack, pieces: AsyncIterator[bytes], status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(pieces, status, headers)
        self._counted = counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._counted:
            await super().__call__(scope, receive, send)


async def _logged(content: AsyncIterator[bytes], notice: str, position: int) -> AsyncIterator[bytes]:
    """Yield a document's bytes; if the stored file is damaged, log this and break off the answer."""
    try:
        async for piece in content:
            yield piece
    except Damaged:
        logger.error("a stored file differs from its entry", extra=_fields(notice, position))  # noqa: TRY400 - the position says enough
        raise


def _fields(notice: str, position: int) -> dict[str, dict[str, object]]:
    return {"fields": {"notice": notice, "position": position}}


async def withheld(ledger: Ledger, viewer: Viewer, notice: str, name: str) -> Refused | None:
    """Return the refusal of a document's file to a viewer who cannot have it, otherwise None; record nothing."""
    try:
        await _check(ledger, viewer, notice, name)
    except Refused as refused:
        return refused
    return None


async def _check(ledger: Ledger, viewer: Viewer, notice: str, name: str) -> None:
    """Raise Refused unless the viewer can have the document's file now."""
    opening, position = await _opening_decision(ledger, viewer, notice, name)
    if not opening.opens:
        raise _forbidden(viewer)
    await _stored_document(ledger, notice, name, position)


async def _opening_decision(ledger: Ledger, viewer: Viewer, notice: str, name: str) -> tuple[OpeningDecision, int]:
    """Return the decision on the viewer's opening of a document, and the position of the document's entry.

    Some viewers neither read the register nor hold a live grant for all documents. They get the same refusal for
    unknown documents as for documents that they may not open.

    Raises:
        Refused: The viewer has no role in the notice, or no evidence has this id.
        Unavailable: The database cannot be reached.
    """
    roles = await part_in(viewer, notice)
    state, at = await ledger.writer.state(notice), ledger.clock()
    document = state.evidence.submitted.get(name)
    if document is not None:
        return decide_opening(state, roles, viewer.credential.actor, name, at), document.position
    if may_read(roles, "evidence") or holds_live_grant(state, viewer.credential.actor, at):
        raise Refused.because("UNKNOWN_EVIDENCE", "no evidence has this id; check it in the register")
    raise _forbidden(viewer)


def _forbidden(viewer: Viewer) -> Refused:
    message = f"{viewer.credential.actor} has no role and no live grant that opens this document; request access"
    return Refused.because("FORBIDDEN", message)


async def _stored_document(ledger: Ledger, notice: str, name: str, position: int) -> StoredDocument:
    async with ledger.reader.at(notice, views=()) as reading:
        document = await stored_document(reading, position)
    if document is None:
        message = f"the file of evidence {name} is not stored here; entry {position} has its digest only"
        raise Refused.because("FILE_NOT_HELD", message)
    if document.erased_by is not None:
        message = f"the file of evidence {name} was erased by the decision in entry {document.erased_by}"
        raise Refused.because("ERASED", message)
    return document


async def _record_use(ledger: Ledger, viewer: Viewer, notice: str, opening: OpeningDecision) -> None:
    """Record that the viewer opens the document, before any byte is sent.

    Raises:
        Refused: The grant has just ended, or this ledger is a read-only copy.
        Busy: Too many facts wait to be recorded.
        Unavailable: The database cannot be reached.
    """
    if opening.record is None:
        return
    try:
        await ledger.writer.append(notice, opening.record, BY_SERVICE)
    except Refused as refused:
        code = refused.refusals[0].code
        if code == "READ_ONLY_COPY":
            raise
        if code not in ("ALREADY_RECORDED", "KEY_REUSED"):
            raise _forbidden(viewer) from None


def media_type_of(name: str, declared: str) -> str:
    """Return the media type of an uploaded file: the declared type, else the type of its file name's extension.

    A browser declares the type, so a declaration that is not a media type counts as unknown.
    """
    if declared != _UNKNOWN and _MEDIA_TYPE.fullmatch(declared):
        return declared
    guessed, compression = _EXTENSIONS.guess_type(name)
    return _COMPRESSED.get(compression, _UNKNOWN) if compression is not None else guessed or _UNKNOWN


def file_name(name: str, media_type: str) -> str:
    """Return a file name that is safe on any system, from the document's id and media type."""
    safe = _UNSAFE.sub("-", name).strip("-") or "evidence"
    return safe + (_EXTENSIONS.guess_extension(media_type) or "")
