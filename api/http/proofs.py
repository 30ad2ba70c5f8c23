"""Serve the log of a notice to verifiers: `checkpoint`, `tile/…`, `proof/{position}` and `consistency`.

All formats but that of `consistency` are those of C2SP, so any tool for them can read the log. Hashes disclose
nothing, so every reader of the notice gets them; bundles of entries need the right to read entries. Imports
starlette, `ledger` and `projections`.
"""

import gzip
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from api.auth.identity import may_read, reader_in, viewer_of
from api.http.entries_feed import number
from api.http.openapi import Operation, Parameter, describes
from api.services import Ledger
from ledger.domain.errors import Damaged, Refused
from ledger.proof import proof_builder, tiles
from ledger.proof.checkpoint_signer import SignedCheckpoint
from ledger.proof.paths import TILE_WIDTH, tile_number
from projections.query.snapshot import Snapshot

TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
_MUTABLE = {"Cache-Control": "private, no-cache"}
_IMMUTABLE = {"Cache-Control": "private, max-age=31536000, immutable"}
_TILE = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,3}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_POSITION = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST = 2**31 - 1


class Consistency(Struct, frozen=True):
    """Proof that the tree at one size begins with the tree at an earlier size; hashes in base64."""

    first: int = msgspec.field(name="from")
    second: int = msgspec.field(name="to")
    from_root: str = msgspec.field(name="fromRoot")
    to_root: str = msgspec.field(name="toRoot")
    consistency: list[str]
    """Consistency path of RFC 6962, section 2.1.2."""


@describes(
    Operation(
        summary="Return the newest signed checkpoint of the notice's log (C2SP tlog-checkpoint).",
        answers={200: "A signed note: origin, size, root hash, and the signatures."},
        produces={TEXT: {"type": "string"}},
    )
)
async def get_checkpoint(request: Request) -> Response:
    """Answer `GET /ledgers/{notice}/checkpoint` with the newest signed checkpoint.

    Raises:
        Refused: The viewer has no access, or there is no checkpoint.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    notice = request.path_params["notice"]
    await reader_in(await viewer_of(request), notice)
    return Response((await _at(request, notice)).note, 200, _MUTABLE, TEXT)


@describes(
    Operation(
        summary="Return a tile of hashes, `L/N` or `L/N.p/W`, or entries, `entries/N` (C2SP tlog-tiles).",
        answers={200: "Hashes of 32 bytes each, or entries, each after its length in two bytes."},
        produces={BYTES: {"type": "string", "format": "binary"}},
    )
)
async def get_tile(request: Request) -> Response:
    """Answer `GET /ledgers/{notice}/tile/…` with a tile of hashes or a bundle of entries.

    Raises:
        Refused: The viewer has no access, or there is no such tile.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    notice = request.path_params["notice"]
    roles = await reader_in(await viewer_of(request), notice)
    level, start, stop = _tile(request.path_params["tile"])
    if level is None and not may_read(roles, "entries"):
        raise Refused.because("FORBIDDEN", "your roles do not read the entries; you may read hash tiles")
    signed = await _at(request, notice)
    if stop > signed.size >> (tiles.HEIGHT * (level or 0)):
        raise Refused.because("UNKNOWN_TILE", f"the log has no such tile at size {signed.size}; try again later")
    async with _reading(request, notice) as reading:
        if level is None:
            return _compressed(request, await _bundle(reading, start, stop))
        (hashes,) = await tiles.hashes(reading.fetch, notice, level, [(start, stop)])
    return Response(hashes, 200, _IMMUTABLE, BYTES)


@describes(
    Operation(
        summary="Return the proof that the entry at a position is in the log (C2SP tlog-proof).",
        answers={200: "The entry's index, the inclusion proof and the checkpoint that it leads to."},
        produces={TEXT: {"type": "string"}},
        parameters=(Parameter("size", "query", "Size of the tree; without it, the newest signed one."),),
    )
)
async def get_proof(request: Request) -> Response:
    """Answer `GET /ledgers/{notice}/proof/{position}` with an inclusion proof.

    Raises:
        Refused: The viewer has no access, or a position is wrong.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    notice = request.path_params["notice"]
    await reader_in(await viewer_of(request), notice)
    position = request.path_params["position"]
    if not _POSITION.fullmatch(position):
        raise Refused.because("INVALID_PARAMETER", "enter a position: a whole number from 1", "position")
    signed = await _at(request, notice, "size")
    if int(position) > signed.size:
        raise Refused.because("UNKNOWN_POSITION", f"no entry {position} at size {signed.size}", "position")
    async with _reading(request, notice) as reading:
        tree = (signed.size, signed.root_hash)
        texts = await proof_builder.proof_texts(reading.fetch, notice, [int(position)], tree, signed.note)
    name = f"{notice}-{position}.tlog-proof"
    headers = {**_MUTABLE, "Content-Disposition": f'inline; filename="{name}"'}
    return Response(texts[int(position)], 200, headers, TEXT)


@describes(
    Operation(
        summary="Return the proof that the log at one size begins with the log at an earlier one (RFC 6962).",
        answers={200: "The path, and the roots at both sizes."},
        produces={"application/json": msgspec.json.schema(Consistency)},
        parameters=(
            Parameter("from", "query", "The earlier size, at least 1."),
            Parameter("to", "query", "The later size; without it, the newest signed one."),
        ),
    )
)
async def get_consistency(request: Request) -> Response:
    """Answer `GET /ledgers/{notice}/consistency` with a consistency proof.

    Raises:
        Refused: The viewer has no access, or a size is wrong.
        Busy: The address sent too many wrong tokens.
        Unavailable: The database or the issuer cannot be reached.
    """
    notice = request.path_params["notice"]
    await reader_in(await viewer_of(request), notice)
    second = await _at(request, notice, "to")
    first = number(request, "from", 0, _LARGEST)
    if not 1 <= first <= second.size:
        raise Refused.because("INVALID_PARAMETER", f"send a size from 1 to {second.size}", "from")
    async with _reading(request, notice) as reading:
        (root,) = await reading.fetch(
            "SELECT root_hash FROM ledger.entries WHERE notice = %s AND position = %s", (notice, first)
        )
        trees = ((first, bytes(root[0])), (second.size, second.root_hash))
        path = await proof_builder.consistency_path(reading.fetch, notice, *trees)
    from_root, to_root = (b64encode(root).decode() for _, root in trees)
    proof = Consistency(first, second.size, from_root, to_root, [b64encode(node).decode() for node in path])
    return Response(msgspec.json.encode(proof), 200, _MUTABLE, "application/json")


async def _at(request: Request, notice: str, name: str | None = None) -> SignedCheckpoint:
    """Return the checkpoint at the size in a query parameter, or the newest checkpoint without that parameter.

    Raises:
        Refused: The newest checkpoint does not reach that size (INVALID_PARAMETER), or there is no checkpoint.
        Unavailable: The database cannot be reached, or signing is stopped.
    """
    ledger: Ledger = request.app.state.ledger
    newest = await ledger.log.latest(notice)
    size = number(request, name, newest.size, _LARGEST) if name is not None else newest.size
    if not 1 <= size <= newest.size:
        raise Refused.because("INVALID_PARAMETER", f"send a size from 1 to {newest.size}", name or "")
    return newest if size == newest.size else await ledger.log.checkpoint(notice, size)


def _tile(path: str) -> tuple[int | None, int, int]:
    """Return the level of a tile, the index of its first hash or entry, and the index after the last.

    A tile of entries has None for its level.

    Raises:
        Refused: The text is not the path of a tile (UNKNOWN_TILE).
    """
    match = _TILE.fullmatch(path)
    if match is not None:
        tile = int(match[2].replace("/", "").replace("x", ""))
        width = int(match[3] or TILE_WIDTH)
        if tile_number(tile) == match[2] and (match[3] is None or width < TILE_WIDTH):
            level = None if match[1] == "entries" else int(match[1])
            return level, tile * TILE_WIDTH, tile * TILE_WIDTH + width
    raise Refused.because("UNKNOWN_TILE", "not a tile; for example 0/x001/234, 1/000.p/17 or entries/000")


async def _bundle(reading: Snapshot, start: int, stop: int) -> bytes:
    """Return the bytes of entries, each preceded by its length in 16 bits, most significant byte first.

    Raises:
        Damaged: Entries are missing.
    """
    rows = await reading.fetch(
        "SELECT body FROM ledger.entries WHERE notice = %s AND position > %s AND position <= %s ORDER BY position",
        (reading.notice, start, stop),
    )
    if len(rows) != stop - start:
        raise Damaged(f"entries are missing between {start} and {stop}; run ledger verify {reading.notice}")
    return b"".join(len(body).to_bytes(2, "big") + body for (body,) in rows)


def _compressed(request: Request, bundle: bytes) -> Response:
    """Return the response with an entry bundle (tlog-tiles), in gzip if the client accepts gzip.

    The client may store the bundle for good, because its bytes never change.
    """
    headers = {**_IMMUTABLE, "Vary": "Accept-Encoding, Authorization"}
    codings = [coding.partition(";") for coding in request.headers.get("accept-encoding", "").lower().split(",")]
    if any(name.strip() == "gzip" and not re.fullmatch(r"\s*q=0(\.0*)?\s*", q) for name, _, q in codings):
        return Response(gzip.compress(bundle, mtime=0), 200, {**headers, "Content-Encoding": "gzip"}, BYTES)
    return Response(bundle, 200, headers, BYTES)


@asynccontextmanager
async def _reading(request: Request, notice: str) -> AsyncIterator[Snapshot]:
    """Yield a snapshot of the notice.

    Raises:
        Refused: The notice's record is damaged (NO_PROOF).
        LedgerError: The errors of `Reader.at`.
    """
    ledger: Ledger = request.app.state.ledger
    async with ledger.reader.at(notice, views=()) as reading:
        try:
            yield reading
        except Damaged as error:
            raise Refused.because("NO_PROOF", str(error)) from error
