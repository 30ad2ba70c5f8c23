"""Sign a checkpoint of each notice's tree within a second of a commit, and never two that disagree.

Four checks precede each signature. The root is recomputed from the stored hashes. A consistency proof with the
last checkpoint, if any, is verified. This process's key must be the key of the last rotation or, before one, of
the first checkpoint. The head must extend the high-water mark, which is not in the database. So a rewritten
history fails here, even if its hashes agree.
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

from ledger.domain.errors import Damaged, LedgerError, Refused, Stopped, Unavailable
from ledger.proof import keys, proof_builder, tiles
from ledger.proof.checkpoint import Signer, VerifierKey, sign
from ledger.proof.high_water import HighWaterMarks
from ledger.store import entries as store
from ledger.store.copies import is_followed
from ledger.store.database import open_pool, pool
from ledger.store.entries import Connection

PAUSE_SECONDS = 0.2
"""Seconds during which successive commits share one checkpoint."""
POLL_SECONDS = 0.5
"""Seconds between polls for other processes' commits."""
CONNECTIONS = 2
_SEED = 0x106
"""Hash seed that separates the signer's advisory locks from other locks on the same notice."""
_SELECT_CHECKPOINT = "SELECT size, root_hash, note, key FROM ledger.checkpoints WHERE notice = %s"
# The advisory lock of `_sign` makes the next number unique. Checkpoints from before the numbers are counted once.
_INSERT = """INSERT INTO ledger.checkpoints (notice, size, root_hash, key, note, number)
    SELECT %s, %s::integer, %s, %s, %s, 1 + coalesce(max(number), count(*))
    FROM ledger.checkpoints WHERE notice = %s
    ON CONFLICT DO NOTHING"""
# A cluster joins a table of the coordinator, such as `followed`, only as a subquery.
_SELECT_UNSIGNED = """SELECT h.notice, coalesce((SELECT e.recorded_at FROM ledger.entries e
        WHERE e.notice = h.notice AND e.position = coalesce(c.size, 0) + 1), h.recorded_at)
    FROM ledger.heads h LEFT JOIN LATERAL (SELECT size, root_hash FROM ledger.checkpoints
        WHERE notice = h.notice ORDER BY size DESC LIMIT 1) c ON true
    WHERE (c.size, c.root_hash) IS DISTINCT FROM (h.size, h.root_hash)
        AND NOT EXISTS (SELECT FROM (SELECT notice FROM ledger.followed) f WHERE f.notice = h.notice)"""
_SELECT_HEADS = """SELECT notice, size, root_hash, frontier, recorded_at FROM ledger.heads h
    WHERE NOT EXISTS (SELECT FROM (SELECT notice FROM ledger.followed) f WHERE f.notice = h.notice)"""
logger = logging.getLogger(__name__)


class SignedCheckpoint(Struct, frozen=True):
    """A signed checkpoint, as the database stores it."""

    size: int
    root_hash: bytes
    note: str
    """Text of the signed note."""
    key: str
    """Verifier key of the signer."""


class CheckpointSigner:
    """Signer of checkpoints in one process. Several processes may sign for one database with the same key.

    `origin` is the first part of every log's name; a notice's log is `origin/ledgers/notice`.
    """

    def __init__(self, url: str, origin: str, signer: Signer, marks: HighWaterMarks | None = None) -> None:
        self._origin = origin
        self._signer = signer
        self._marks = marks or HighWaterMarks()
        self._pool = pool(url, "ledger_writer", CONNECTIONS)
        self._woken = asyncio.Event()
        self.refused: dict[str, str] = {}
        """Notice → the reason that its head could not be signed."""
        self._noted: dict[str, store.Head] = {}
        """Notice → the head that was last compared with its mark."""

    async def open(self) -> Self:
        """Connect to the database.

        Raises:
            Unavailable: The database cannot be reached.
            LedgerError: A connection lacks a setting.
        """
        await open_pool(self._pool)
        return self

    async def close(self) -> None:
        """Disconnect from the database."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def origin(self, notice: str) -> str:
        """Return the name of a notice's log: the first line of its checkpoints."""
        return f"{self._origin}/ledgers/{notice}"

    @property
    def key(self) -> VerifierKey:
        """Verifier key of this process."""
        return self._signer.public

    def sign_note(self, text: str) -> str:
        """Return a note over a text that is not a checkpoint, signed by this process's key."""
        return self._signer.sign_note(text)

    def wake(self) -> None:
        """Wake the signing loop after a commit."""
        self._woken.set()

    async def run(self) -> None:
        """Sign the heads of all notices recorded here, after each commit, until cancelled."""
        while True:
            self._woken.clear()
            with suppress(Unavailable):  # the next poll retries; readers and writers report it
                await self.sign_heads()
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):  # Python 3.11's wait_for may lose a cancellation
                    await self._woken.wait()

    async def sign_heads(self) -> None:
        """Sign each unsigned head. Log each refusal once, and keep it in `refused`.

        A head that cannot be signed now, such as on a lost server, waits for the next round.

        Raises:
            Unavailable: The database cannot be reached.
        """
        refused: dict[str, str] = {}
        for notice, _ in await self._unsigned():
            try:
                await self.checkpoint(notice)
            except (Refused, Stopped) as error:
                refused[notice] = str(error)
            except Unavailable as error:
                if isinstance(error.__cause__, PoolTimeout):  # no other head can be signed either
                    raise
        for notice, why in refused.items():
            if self.refused.get(notice) != why:
                logger.error("no checkpoint is signed: %s", why)
        self.refused = refused
        await self._note_heads()

    async def _note_heads(self) -> None:
        """Compare each head that changed since the last round with its mark, and raise the mark.

        Other hosts record and sign as well. After a rollback, this host knows their entries too.

        Raises:
            Unavailable: The database cannot be reached.
        """
        async with self._connected() as connection:
            rows = await (await connection.execute(_SELECT_HEADS, binary=True)).fetchall()
            heads = {notice: store.Head(*head) for notice, *head in rows}
            raised = False
            for notice in {*self._noted, *heads}:
                head = heads.get(notice)
                if head == self._noted.get(notice):
                    continue
                with suppress(LedgerError):  # the marks log a fault; the head is compared again in the next round
                    mark = self._marks.mark(notice)
                    await self._marks.check(connection, notice, head)
                    raised = raised or mark != self._marks.mark(notice)
                    if head is None:
                        del self._noted[notice]
                    else:
                        self._noted[notice] = head
        if raised:
            await asyncio.to_thread(self._marks.save)

    async def waiting(self) -> float:
        """Return the age in seconds of the oldest entry without a checkpoint; 0 if there is no such entry."""
        first = min((recorded_at for _, recorded_at in await self._unsigned()), default=None)
        return max(0.0, (datetime.now(UTC) - first).total_seconds()) if first is not None else 0.0

    async def latest(self, notice: str) -> SignedCheckpoint:
        """Return the checkpoint of a notice's head, signing it if necessary.

        If signing is refused, return the last signed checkpoint.

        Raises:
            Refused: NO_CHECKPOINT: No checkpoint was ever signed.
            Stopped: Signing is stopped, and no checkpoint was ever signed.
            Unavailable: The database cannot be reached.
        """
        try:
            return await self.checkpoint(notice)
        except (Refused, Stopped):
            async with self._connected() as connection:
                last = await _stored(connection, notice)
            if last is None:
                raise
            return last

    async def checkpoint(self, notice: str, size: int | None = None) -> SignedCheckpoint:
        """Return a notice's checkpoint at a size, by default at its head. Each size is signed once.

        Raises:
            Refused: NO_CHECKPOINT: The ledger has no such size, or the size may not be signed.
            Stopped: The database lost entries of the notice, or the file of high-water marks cannot be used.
            Unavailable: The database cannot be reached.
        """
        async with self._connected() as connection:
            head = await store.read_head(connection, notice)
            entries = head.size if head else 0
            signed_size = entries if size is None else size
            if head is None or not 1 <= signed_size <= entries:
                raise _refusal(f"the ledger of {notice} has {entries} entries, so it has no size {signed_size}")
            stored = await _stored(connection, notice, signed_size)
            if stored is not None and (size is not None or stored.root_hash == head.root_hash):
                return stored
            if await is_followed(connection, notice):
                raise _refusal(f"the source of {notice} signs its checkpoints, and none at {signed_size} is here")
            async with connection.transaction():
                return await self._sign(connection, notice, signed_size, head)

    async def _sign(self, connection: Connection, notice: str, size: int, head: store.Head) -> SignedCheckpoint:
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (notice, _SEED))
        root = head.root_hash if size == head.size else await _root(connection, notice, size)
        await self._check_key(connection, notice, size)
        try:
            await tiles.complete(connection, notice, head.size)
            await _check_tree(connection, notice, size, root)
        except Damaged as error:
            raise _refusal(f"{notice} at size {size} contradicts its earlier record: {error}") from None
        await self._marks.check(connection, notice, head)
        await asyncio.to_thread(self._marks.write)  # before the signature, so that a new process knows this size
        origin = self.origin(notice)
        note = sign(origin, size, root, *keys.log_signers(self._signer, origin))
        await connection.execute(_INSERT, (notice, size, root, str(self.key), note, notice))
        stored = await _stored(connection, notice, size)
        if stored is None or stored.root_hash != root:
            raise _refusal(
                f"{notice} at size {size} was signed with another root before: run ledger verify {notice}"
            )
        return stored

    async def _check_key(self, connection: Connection, notice: str, size: int) -> None:
        """Raise Refused unless this process's key may sign.

        The key of the last rotation up to the size may sign. Before any rotation, the first checkpoint's key
        may sign. Before both, any key may sign.
        """
        cursor = await connection.execute(
            "SELECT position, body FROM ledger.entries WHERE notice = %s "
            "AND type LIKE 'improvement-ledger.records.SigningKeyRotated.v%%'",
            (notice,),
            binary=True,
        )
        try:
            rotations = [keys.find_rotation(*row) for row in await cursor.fetchall()]
        except Damaged as error:
            raise _refusal(f"{error}: run ledger verify {notice}") from None
        allowed = keys.signing_key(filter(None, rotations), size)
        if allowed is None:
            cursor = await connection.execute(f"{_SELECT_CHECKPOINT} ORDER BY size LIMIT 1", (notice,))
            first = await cursor.fetchone()
            allowed = VerifierKey.parse(first[3]) if first else None
        if allowed not in (None, self.key):
            raise _refusal(
                f"notice {notice} is signed with the key {allowed} at size {size}, but this server has the key "
                f"{self.key}; start the server with the first key, or record the second one with "
                f"ledger key rotate {notice}"
            )

    async def _unsigned(self) -> list[tuple[str, datetime]]:
        """Return each notice with an unsigned head, and the instant of its first entry without a checkpoint."""
        async with self._connected() as connection:
            return await (await connection.execute(_SELECT_UNSIGNED)).fetchall()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise Unavailable("the database cannot be reached; try again in a moment") from error


def _refusal(message: str) -> Refused:
    return Refused.because("NO_CHECKPOINT", message)


async def _stored(connection: Connection, notice: str, size: int | None = None) -> SignedCheckpoint | None:
    """Return the checkpoint signed at a size, by default the largest signed size; None without a checkpoint."""
    cursor = await connection.execute(
        f"{_SELECT_CHECKPOINT} AND (%s::integer IS NULL OR size = %s) ORDER BY size DESC LIMIT 1",
        (notice, size, size),
        binary=True,
    )
    row = await cursor.fetchone()
    return SignedCheckpoint(*row) if row else None


async def _root(connection: Connection, notice: str, size: int) -> bytes:
    """Return the root of a notice's tree at a size, as stored with the last entry of that size.

    Raises:
        Refused: The notice has no such entry.
    """
    cursor = await connection.execute(
        "SELECT root_hash FROM ledger.entries WHERE notice = %s AND position = %s", (notice, size), binary=True
    )
    row = await cursor.fetchone()
    if row is None:
        raise _refusal(f"{notice} has no entry {size}: run ledger verify {notice}")
    return bytes(row[0])


async def _check_tree(connection: Connection, notice: str, size: int, root: bytes) -> None:
    """Raise Damaged unless the root follows from the stored hashes and agrees with the largest checkpoint."""
    fetch = tiles.fetching(connection)
    if await proof_builder.root_of(fetch, notice, size) != root:
        raise Damaged("its root does not follow from the hashes of its entries")
    last = await _stored(connection, notice)
    if last is not None:
        await proof_builder.consistency_path(fetch, notice, *sorted([(last.size, last.root_hash), (size, root)]))
