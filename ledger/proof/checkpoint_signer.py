"""The signed side of every notice's log: a checkpoint within a second of a commit, and never two that disagree.

Before a size is signed, its root is recomputed from the hashes kept, a consistency proof from the last checkpoint
is made and verified, and the entries are asked which key may sign. What fails is not signed: a history that was
rewritten shows at once, even with all its hashes made anew. Imports psycopg and its neighbours.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Self

import psycopg
from msgspec import Struct
from psycopg_pool import PoolTimeout

from ledger.domain.errors import Damaged, Refused, Unavailable
from ledger.proof import keys, proof_builder, tiles
from ledger.proof.checkpoint import Signer, VerifierKey, sign
from ledger.store import entries as store
from ledger.store.database import open_pool, pool
from ledger.store.entries import Connection

PAUSE_SECONDS = 0.2
"""Commits that follow one another within this time share a checkpoint."""
LOOK_SECONDS = 0.5
"""How often it is looked for what other processes committed."""
CONNECTIONS = 2
_SEED = 0x106
"""Tells the locks taken here from others over the same text."""
_STORED = "SELECT size, root_hash, note, key FROM ledger.checkpoints WHERE notice = %s"
_UNSIGNED = """SELECT h.notice, coalesce((SELECT e.recorded_at FROM ledger.entries e
        WHERE e.notice = h.notice AND e.position = coalesce(c.size, 0) + 1), h.recorded_at)
    FROM ledger.heads h LEFT JOIN LATERAL (SELECT size, root_hash FROM ledger.checkpoints
        WHERE notice = h.notice ORDER BY size DESC LIMIT 1) c ON true
    WHERE (c.size, c.root_hash) IS DISTINCT FROM (h.size, h.root_hash)"""
logger = logging.getLogger(__name__)


class SignedCheckpoint(Struct, frozen=True):
    """A checkpoint that was signed."""

    size: int
    root_hash: bytes
    note: str
    """The signed note."""
    key: str
    """The verifier key of its signer."""


class CheckpointSigner:
    """Signs for one process; several may sign for one database, with one key.

    `origin`: the first part of every log's name; the log of a notice is `origin/ledgers/notice`.
    """

    def __init__(self, url: str, origin: str, signer: Signer) -> None:
        self._origin = origin
        self._signer = signer
        self._pool = pool(url, "ledger_writer", CONNECTIONS)
        self._woken = asyncio.Event()
        self.refused: dict[str, str] = {}
        """The notices whose head is not signed, and why."""

    async def open(self) -> Self:
        """Connects; raises Unavailable when the database cannot be reached."""
        await open_pool(self._pool)
        return self

    async def close(self) -> None:
        """Disconnects."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def origin(self, notice: str) -> str:
        """The name of a notice's log: the first line of its checkpoints."""
        return f"{self._origin}/ledgers/{notice}"

    @property
    def key(self) -> VerifierKey:
        """The key that this process signs with."""
        return self._signer.public

    def wake(self) -> None:
        """Says that something was committed."""
        self._woken.set()

    async def run(self) -> None:
        """Signs every head until cancelled."""
        while True:
            self._woken.clear()
            with suppress(Unavailable):  # the next look tries again; what reads and writes says it
                await self.sign_heads()
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)

    async def sign_heads(self) -> None:
        """Signs each head that is not signed yet; what is refused is logged once, and stands in `refused`."""
        refused: dict[str, str] = {}
        for notice, _ in await self._unsigned():
            try:
                await self.checkpoint(notice)
            except Refused as error:
                refused[notice] = str(error)
        for notice, why in refused.items():
            if self.refused.get(notice) != why:
                logger.error("no checkpoint is signed: %s", why)
        self.refused = refused

    async def waiting(self) -> float:
        """For how many seconds the first entry that no checkpoint covers has been there; 0: there is none."""
        first = min((recorded_at for _, recorded_at in await self._unsigned()), default=None)
        return max(0.0, (datetime.now(UTC) - first).total_seconds()) if first is not None else 0.0

    async def latest(self, notice: str) -> SignedCheckpoint:
        """The checkpoint of the head, signed now if need be; where that is refused, the last one that was signed.

        Raises Refused (NO_CHECKPOINT) when there is none, and Unavailable.
        """
        try:
            return await self.checkpoint(notice)
        except Refused:
            async with self._connected() as connection:
                last = await _stored(connection, notice)
            if last is None:
                raise
            return last

    async def checkpoint(self, notice: str, size: int | None = None) -> SignedCheckpoint:
        """The checkpoint at a size, or at the head: signed once, and the same ever after.

        Raises Refused (NO_CHECKPOINT) where it may not be signed, and Unavailable.
        """
        async with self._connected() as connection:
            head = await store.read_head(connection, notice)
            wanted = size or (head.size if head else 0)
            entries = head.size if head else 0
            wanted = entries if size is None else size
            if head is None or not 1 <= wanted <= entries:
                raise _no(f"the ledger of {notice} has {entries} entries, so it has no size {wanted}")
            stored = await _stored(connection, notice, wanted)
            if stored is not None and (size is not None or stored.root_hash == head.root_hash):
                return stored
            async with connection.transaction():
                return await self._sign(connection, notice, wanted, head)

    async def _sign(self, connection: Connection, notice: str, size: int, head: store.Head) -> SignedCheckpoint:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (notice, _SEED))
        root = head.root_hash if size == head.size else await _root(connection, notice, size)
        await self._check_key(connection, notice, size)
        try:
            await tiles.complete(connection, notice, head.size)
            await _check_tree(connection, notice, size, root)
        except Damaged as error:
            raise _no(f"{notice} at size {size} contradicts what was recorded or signed before: {error}") from None
        origin = self.origin(notice)
        note = sign(origin, size, root, *keys.names(self._signer, origin))
        await connection.execute(
            "INSERT INTO ledger.checkpoints (notice, size, root_hash, key, note) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            (notice, size, root, str(self.key), note),
        )
        stored = await _stored(connection, notice, size)
        if stored is None or stored.root_hash != root:
            raise _no(f"{notice} at size {size} was signed with another root before: run ledger verify {notice}")
        return stored

    async def _check_key(self, connection: Connection, notice: str, size: int) -> None:
        """Raises Refused unless this process's key may sign: the one recorded by then, else the first that did."""
        cursor = await connection.execute(
            "SELECT position, body FROM ledger.entries WHERE notice = %s "
            "AND type LIKE 'improvement-ledger.records.SigningKeyRotated.v%%'",
            (notice,),
            binary=True,
        )
        allowed = keys.signing([keys.rotation(*row) for row in await cursor.fetchall()], size)
        if allowed is None:
            cursor = await connection.execute(f"{_STORED} ORDER BY size LIMIT 1", (notice,))
            first = await cursor.fetchone()
            allowed = VerifierKey.parse(first[3]) if first else None
        if allowed not in (None, self.key):
            raise _no(
                f"{allowed} signs {notice} at size {size}, and the key here is {self.key}: start with the former, "
                f"or record the latter by ledger key rotate {notice}"
            )

    async def _unsigned(self) -> list[tuple[str, datetime]]:
        """The notices whose head is not signed, and when the first entry was recorded that waits for it."""
        async with self._connected() as connection:
            return await (await connection.execute(_UNSIGNED)).fetchall()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise Unavailable("the database cannot be reached; try again in a moment") from error


def _no(message: str) -> Refused:
    return Refused.because("NO_CHECKPOINT", message)


async def _stored(connection: Connection, notice: str, size: int | None = None) -> SignedCheckpoint | None:
    """The checkpoint that was signed at a size, or the one of the largest."""
    cursor = await connection.execute(
        f"{_STORED} AND (%s::integer IS NULL OR size = %s) ORDER BY size DESC LIMIT 1",
        (notice, size, size),
        binary=True,
    )
    row = await cursor.fetchone()
    return SignedCheckpoint(*row) if row else None


async def _root(connection: Connection, notice: str, size: int) -> bytes:
    """The root that was recorded with the entry that made the tree that size."""
    cursor = await connection.execute(
        "SELECT root_hash FROM ledger.entries WHERE notice = %s AND position = %s", (notice, size), binary=True
    )
    row = await cursor.fetchone()
    if row is None:
        raise _no(f"{notice} has no entry {size}: run ledger verify {notice}")
    return bytes(row[0])


async def _check_tree(connection: Connection, notice: str, size: int, root: bytes) -> None:
    """Raises Damaged unless the root is that of the hashes kept, and agrees with the last checkpoint signed."""
    fetch = tiles.fetching(connection)
    if await proof_builder.root_of(fetch, notice, size) != root:
        raise Damaged("its root does not follow from the hashes of its entries")
    last = await _stored(connection, notice)
    if last is not None:
        await proof_builder.consistency_path(fetch, notice, *sorted([(last.size, last.root_hash), (size, root)]))
