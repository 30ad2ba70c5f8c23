"""Folding notices in processes of their own, side by side, as many as there are processors.

Whoever rebuilds goes on serving meanwhile. A process is given its share on its standard input and says on its
standard output what it has folded, a line of JSON a page; once nobody reads that any more, it ends.
"""

import asyncio
import gc
import os
import pickle
import sys
from collections.abc import Sequence

import msgspec
import psycopg

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect
from projections.engine.shadow_tables import EntryRange, FoldedCallback, FoldedNotice, fold
from projections.engine.view import View

LEAST = 10_000
"""Entries a process, at least: fewer are folded before it has begun."""


def processes(stretches: Sequence[EntryRange]) -> int:
    """How many processes are worth while; 0: it is done sooner without any."""
    entries = sum(stretch.to - stretch.after for stretch in stretches)
    return min(len(os.sched_getaffinity(0)), len(stretches), entries // LEAST)


async def fold_apart(
    url: str, views: Sequence[View], stretches: Sequence[EntryRange], told: FoldedCallback
) -> None:
    """Folds the stretches in `processes` of their own; raises Unavailable when one of them ends early."""
    shares = _shares(stretches, processes(stretches))
    running = [asyncio.create_task(_one(pickle.dumps((url, views, share)), told)) for share in shares]
    try:
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _shares(stretches: Sequence[EntryRange], number: int) -> list[list[EntryRange]]:
    """The stretches in shares of about the same length: the longest first, each to whom has least."""
    shares: list[list[EntryRange]] = [[] for _ in range(number)]
    lengths = [0] * number
    for stretch in sorted(stretches, key=lambda each: each.after - each.to):
        least = lengths.index(min(lengths))
        shares[least].append(stretch)
        lengths[least] += stretch.to - stretch.after
    return shares


async def _one(share: bytes, told: FoldedCallback) -> None:
    """One process, from its beginning to its end; it is ended with whoever waits for it."""
    pipe = asyncio.subprocess.PIPE
    # In a session of its own it does not hear of a Ctrl-C, which is for whoever began it.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("a process was begun without pipes")
        process.stdin.write(share)
        process.stdin.close()
        async for line in process.stdout:
            told(_decode(line))
        complaint = (await process.stderr.read()).decode(errors="replace").strip()
        if await process.wait() != 0:
            reason = complaint.splitlines()[-1] if complaint else f"it ended with {process.returncode}"
            raise Unavailable(f"a process that folded views failed: {reason}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


# --- in the process


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(FoldedNotice).decode


def main() -> int:
    """Folds the share that comes in; 1: it could not, and says why."""
    url, views, stretches = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that began this one
    gc.disable()  # What is folded holds no cycles, and looking for some would take a third of the time.
    try:
        asyncio.run(_fold(url, views, stretches))
    except (LedgerError, psycopg.Error) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _fold(url: str, views: Sequence[View], stretches: Sequence[EntryRange]) -> None:
    def told(folded: FoldedNotice) -> None:
        sys.stdout.buffer.write(_encode(folded) + b"\n")
        sys.stdout.buffer.flush()

    async with await connect(url, "ledger_projector") as connection:
        await fold(connection, views, stretches, told)


if __name__ == "__main__":
    sys.exit(main())
