"""Serve `POST /ledgers/{notice}/entries`: receive events, one or many, and return their outcomes.

The ledger enforces the rules; this module only handles HTTP. Imports starlette, `schema`, `projections` and
`ledger`.
"""

import asyncio
import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

import msgspec
from msgspec import Struct
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.auth.identity import counted_as, part_in, viewer_of
from api.http import body, cloudevents
from api.http.cloudevents import ContentMode, Item
from api.http.openapi import Operation, Parameter, describes, reference
from api.http.problem import Problem, problem, problem_of, respond, status_of
from api.http.spool import Spool
from api.http.turns import Turns
from api.services import Ledger
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import Busy, Refusal, Refused, Unavailable
from ledger.intake.parse import Event, SubmittedFact, accept_json
from projections.engine.tasks import end
from schema.context import Viewer

NDJSON_CHUNK = 500
"""Maximum number of NDJSON lines that are recorded together."""
BUSY_SECONDS = 30.0
"""Seconds that NDJSON lines wait for room in the queue before they are refused as BUSY."""
_BUSY_PAUSE = 0.1
_PAUSE_EVERY = 50
_POSITION = re.compile(r"[0-9]{1,10}")
_encode = msgspec.json.Encoder().encode
EventAnswer = Receipt | Problem
Answered = Receipt | Refused


class Sender(Struct, frozen=True):
    """Settings that apply to all events of one request."""

    writer: Writer
    turns: Turns
    notice: str
    viewer: Viewer
    expected: int | None
    """Position after which the first event must be recorded; None for any position."""
    strict: bool

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Return the context in which the sender's events are decoded and recorded; it waits for a turn."""
        return self.turns.of(counted_as(self.viewer))


@describes(
    Operation(
        summary="Record events: CloudEvents 1.0, binary, structured, batch or NDJSON.",
        answers={200: "Recorded earlier, or an outcome for each event.", 201: "Recorded."},
        produces={
            "application/json": {
                "anyOf": [
                    reference(Receipt),
                    {"type": "array", "items": {"anyOf": [reference(Receipt), reference(Problem)]}},
                ]
            },
            ContentMode.NDJSON.value: {"type": "string"},
        },
        takes={
            ContentMode.STRUCTURED.value: reference(Event),
            ContentMode.BATCH.value: {"type": "array", "items": reference(Event), "maxItems": body.MAXIMUM_EVENTS},
            ContentMode.NDJSON.value: {"type": "string"},
            ContentMode.BINARY.value: {"type": "object"},
        },
        parameters=(
            Parameter(
                "Ledger-Expected-Position",
                "header",
                "Position of the notice's last entry before the first event, which is refused otherwise.",
            ),
            Parameter(
                "Prefer",
                "header",
                "With handling=strict, all events are recorded or none.",
                {"type": "string", "maxLength": 100},
            ),
        ),
    )
)
async def post_entries(request: Request) -> Response:
    """Record the events of a request.

    Raises:
        Refused: The request or its single event is refused.
        Busy: The queue is full, or the address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
        ClientDisconnect: The client ended the connection.
    """
    viewer = await viewer_of(request)
    notice = request.path_params["notice"]
    await part_in(viewer, notice)
    ledger: Ledger = request.app.state.ledger
    expected, strict = expected_position(request), _strict(request)
    sender = Sender(ledger.writer, ledger.turns, notice, viewer, expected, strict)
    form = cloudevents.form_of(request)
    if form is ContentMode.NDJSON and not sender.strict:
        return _LineResponse(request, sender)
    if form in (ContentMode.BATCH, ContentMode.NDJSON):
        async with sender.turn():
            return await (_batch if form is ContentMode.BATCH else _strict_lines)(request, sender)
    whole = await body.whole(request, body.MAXIMUM_EVENT, "the event")
    if form is ContentMode.BINARY:
        return await _single(
            sender,
            cloudevents.binary(
                request.headers.raw, request.headers.get("content-type", ContentMode.BINARY.value), whole
            ),
        )
    return await _single(sender, accept_json(whole))


def expected_position(request: Request) -> int | None:
    """Return the value of `Ledger-Expected-Position`, or None without that header.

    Raises:
        Refused: The header is not one position.
    """
    values = request.headers.getlist("ledger-expected-position")
    if not values:
        return None
    if len(values) > 1 or not _POSITION.fullmatch(values[0]) or int(values[0]) >= 2**31:
        raise Refused.because(
            "INVALID_HEADER",
            "not a position; send one whole number from 0 to 2147483647",
            "ledger-expected-position",
        )
    return int(values[0])


def _strict(request: Request) -> bool:
    preferences = ",".join(request.headers.getlist("prefer")).replace(";", ",").lower().split(",")
    return "handling=strict" in {preference.replace(" ", "").replace('"', "") for preference in preferences}


async def _single(sender: Sender, item: Item) -> Response:
    if isinstance(item, Refused):
        raise item
    receipt = await sender.writer.append(sender.notice, item, sender.viewer.credential, sender.expected)
    return _json(receipt, 200 if receipt.duplicate else 201)


async def _batch(request: Request, sender: Sender) -> Response:
    whole = await body.whole(request, body.MAXIMUM_BATCH, "the batch")
    items: list[Item] = []
    for raw in cloudevents.batch(whole):
        items.append(cloudevents.batched(raw))
        await _yield_to_others(len(items))
    if sender.strict:
        receipts = await _all_or_none(sender, items)
        return receipts if isinstance(receipts, Response) else _json(receipts, 200, _APPLIED)
    return _json(await _append(sender, items, sender.expected), 200)


async def _yield_to_others(done: int) -> None:
    """Yield to other requests at intervals while a large batch is decoded."""
    if done % _PAUSE_EVERY == 0:
        await asyncio.sleep(0)


_APPLIED = {"Preference-Applied": "handling=strict"}


def _json(answer: object, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(_encode(answer), status, headers, "application/json")


async def _append(sender: Sender, items: Sequence[Item], expected: int | None) -> list[EventAnswer]:
    """Record the acceptable events and return an answer for each item, in order.

    The expected position applies to the first item. Raise the errors of `Writer.append_all`.
    """
    submitted = [item for item in items if isinstance(item, SubmittedFact)]
    if items and isinstance(items[0], Refused):
        expected = None
    appended = iter(
        await sender.writer.append_all(sender.notice, submitted, sender.viewer.credential, expected=expected)
        if submitted
        else ()
    )
    answers: list[EventAnswer] = []
    for item in items:
        answer = item if isinstance(item, Refused) else next(appended)
        answers.append(_for_event(item, problem(answer.refusals)) if isinstance(answer, Refused) else answer)
    return answers


def _for_event(item: Item, reason: Problem) -> Problem:
    """Return the problem with the id and source of its event added."""
    return msgspec.structs.replace(reason, id=item.id, source=item.source)


# --- strict: all or none


async def _all_or_none(sender: Sender, items: Sequence[Item]) -> list[Receipt] | Response:
    """Record all events, or none if one is refused.

    Returns:
        The receipts, or the response with the problem.

    Raises:
        Busy: The queue is full.
        Unavailable: The database cannot be reached.
    """
    answers: Sequence[Item | Answered] = items
    submitted = [item for item in items if isinstance(item, SubmittedFact)]
    if submitted and len(submitted) == len(items):
        answers = await sender.writer.append_all(
            sender.notice, submitted, sender.viewer.credential, expected=sender.expected, strict=True
        )
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    return receipts if len(receipts) == len(items) else respond(_none_of(answers), _APPLIED)


def _none_of(answers: Sequence[Item | Answered]) -> Problem:
    """Return the problem of a refused strict request: 409 if it contains a conflict, otherwise 422.

    Each error's path begins with the index of its event.
    """
    refused = {
        index: answer.refusals
        for index, answer in enumerate(answers)
        if isinstance(answer, Refused) and answer.refusals[0].code != "NOT_RECORDED"
    }
    errors = [
        Refusal(refusal.code, refusal.message, f"[{index}].{refusal.path}" if refusal.path else f"[{index}]")
        for index, refusals in refused.items()
        for refusal in refusals
    ]
    conflicts = [error for error in errors if status_of(error.code) == 409]
    detail = f"{len(refused)} of {len(answers)} events were refused, so none is recorded; correct and resend all"
    ordered = conflicts + [error for error in errors if error not in conflicts]
    return problem(ordered, 409 if conflicts else 422, detail)


async def _strict_lines(request: Request, sender: Sender) -> Response:
    """Record a strict NDJSON request, which is read completely first and so has the limits of a batch.

    Raises:
        Refused: The request exceeds the limits of a batch.
        Busy: The queue is full.
        Unavailable: The database cannot be reached.
        ClientDisconnect: The client ended the connection.
    """
    items: list[Item] = []
    size = 0
    async for piece_lines in body.lines(request):
        for line in piece_lines:
            size += len(line.text or b"")
            if size > body.MAXIMUM_BATCH or len(items) == body.MAXIMUM_EVENTS:
                raise Refused.because(
                    "TOO_LARGE",
                    f"a strict request has at most {body.MAXIMUM_EVENTS:,} events and "
                    f"{body.MAXIMUM_BATCH:,} bytes; send fewer, or omit Prefer: handling=strict",
                )
            items.append(cloudevents.line(line))
            await _yield_to_others(len(items))
    receipts = await _all_or_none(sender, items)
    if isinstance(receipts, Response):
        return receipts
    lines = b"".join(_encode(receipt) + b"\n" for receipt in receipts)
    return Response(lines, 200, _APPLIED, ContentMode.NDJSON.value)


# --- NDJSON: one answer for each line, as it is recorded


class _LineResponse(Response):
    """Response that records NDJSON lines while it reads them, and sends answers before the request has ended."""

    media_type = ContentMode.NDJSON.value

    def __init__(self, request: Request, sender: Sender) -> None:
        self.status_code = 200
        self.background: BackgroundTask | None = None
        self.init_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._request, self._sender = request, sender

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        spool = Spool()
        recording = asyncio.create_task(self._record(spool))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for piece in spool.pieces():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await recording
            await send({"type": "http.response.body", "body": b""})
        finally:
            await end(recording)
            spool.close()

    async def _record(self, spool: Spool) -> None:
        expected = self._sender.expected
        try:
            async for piece_lines in body.lines(self._request):
                for start in range(0, len(piece_lines), NDJSON_CHUNK):
                    chunk = piece_lines[start : start + NDJSON_CHUNK]
                    await spool.write(await self._answers(chunk, expected))
                    await asyncio.sleep(0)  # refused lines wait for nothing, and other requests wait meanwhile
                    expected = None
        except Refused as refused:  # the body itself is refused; earlier lines are recorded and answered
            await spool.write(_encode(problem(refused.refusals)) + b"\n")
        except ClientDisconnect:
            pass
        finally:
            spool.end()

    async def _answers(self, chunk: Sequence[body.BodyLine], expected: int | None) -> bytes:
        async with self._sender.turn():
            items = [cloudevents.line(line) for line in chunk]
            try:
                answers = await self._append_with_patience(items, expected)
            except (Busy, Unavailable) as error:
                answers = [
                    _for_event(item, problem_of(item if isinstance(item, Refused) else error)) for item in items
                ]
        numbered = (
            msgspec.structs.replace(answer, line=line.number) if isinstance(answer, Problem) else answer
            for line, answer in zip(chunk, answers, strict=True)
        )
        return b"".join(_encode(answer) + b"\n" for answer in numbered)

    async def _append_with_patience(self, items: Sequence[Item], expected: int | None) -> list[EventAnswer]:
        """Record a chunk of events once the queue has room, and return an answer for each event.

        Raises:
            Busy: The queue had no room for BUSY_SECONDS.
            Unavailable: The database cannot be reached.
        """
        deadline = asyncio.get_running_loop().time() + BUSY_SECONDS
        while True:
            try:
                return await _append(self._sender, items, expected)
            except Busy:
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(_BUSY_PAUSE)
