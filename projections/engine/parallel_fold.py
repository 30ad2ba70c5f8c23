"""Parallel folding of notices in child processes, at most one per processor.

The parent process serves requests meanwhile. A child reads its share from standard input and writes one line of
JSON per folded page to standard output. The child ends when the parent stops reading.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

import msgspec
import psycopg

from ledger.domain.errors import LedgerError, Unavailable
from ledger.store.database import connect
from projections.engine.shadow_tables import EntryRange, FoldedPage, PageCallback, fold
from projections.engine.view import View

CHILD = (
    sys.executable,
    "-c",
    f"import gc, sys; gc.disable(); from {__name__} import main; sys.exit(main())",
)
"""Command of a child process. Garbage collection is off: it would take a third of the time and find no cycles."""
LEAST = 10_000
"""Minimum average number of entries per child process; to fold fewer takes less time than to start a process."""


def processes(ranges: Sequence[EntryRange]) -> int:
    """Return the number of processes worth starting; 0 means that this process alone is faster."""
    entries = sum(entry_range.to - entry_range.after for entry_range in ranges)
    return min(len(os.sched_getaffinity(0)), len(ranges), entries // LEAST)


async def fold_in_parallel(
    url: str, views: Sequence[View], ranges: Sequence[EntryRange], report: PageCallback
) -> None:
    """Fold the ranges of entries in as many child processes as `processes` returns.

    Raises:
        Unavailable: A child process failed.
    """
    shares = _shares(ranges, processes(ranges))
    await run_all(_run_child(pickle.dumps((url, views, share)), report) for share in shares)


async def run_all(jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Run jobs concurrently until all have ended; if a job fails, cancel the other jobs and raise its error."""
    running = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _shares(ranges: Sequence[EntryRange], number: int) -> list[list[EntryRange]]:
    """Split the ranges into shares of similar length; add ranges, longest first, to the shortest share."""
    shares: list[list[EntryRange]] = [[] for _ in range(number)]
    lengths = [0] * number
    for entry_range in sorted(ranges, key=lambda entry_range: entry_range.after - entry_range.to):
        shortest = lengths.index(min(lengths))
        shares[shortest].append(entry_range)
        lengths[shortest] += entry_range.to - entry_range.after
    return shares


async def _run_child(share: bytes, report: PageCallback) -> None:
    """Run one child process until it ends; kill the process if the caller stops waiting.

    Raises:
        Unavailable: The child process failed.
    """
    pipe = asyncio.subprocess.PIPE
    # A new session keeps Ctrl-C, which is meant for the parent, away from the child.
    process = await asyncio.create_subprocess_exec(
        *CHILD, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
    )
    try:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise RuntimeError("the child process has no pipes")
        process.stdin.write(share)
        process.stdin.close()
        async for line in process.stdout:
            report(_decode(line))
        stderr = (await process.stderr.read()).decode(errors="replace").strip()
        if await process.wait() != 0:
            reason = stderr.splitlines()[-1] if stderr else f"exit status {process.returncode}"
            raise Unavailable(f"a process that folded views failed: {reason}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


# --- in the child


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(FoldedPage).decode


def main() -> int:
    """Fold the ranges read from standard input, and write each folded page to standard output.

    Returns:
        0 after success; 1 after a failure, with the reason on standard error.
    """
    url, views, ranges = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the parent process
    try:
        asyncio.run(_fold(url, views, ranges))
    except (LedgerError, psycopg.Error) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


async def _fold(url: str, views: Sequence[View], ranges: Sequence[EntryRange]) -> None:
    def report(folded: FoldedPage) -> None:
        sys.stdout.buffer.write(_encode(folded) + b"\n")
        sys.stdout.buffer.flush()

    async with await connect(url, "ledger_projector") as connection:
        await fold(connection, views, ranges, report)
