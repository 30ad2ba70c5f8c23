"""Print the progress of long work on stderr: a bar with rate and time left, or plain lines when piped."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

ProgressCallback = Callable[[str, int, int | None], None]
"""Function that receives the subject of the work, the units done, and the total if known."""
Clock = Callable[[], float]
EVERY_SECONDS = 10.0
"""Seconds between lines of progress when no bar is displayed."""


class _Rate(ProgressColumn):
    """Column of a progress bar with the rate of work."""

    def render(self, task: Task) -> Text:
        """Return the rate of work; empty until a rate of at least one is measured."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f} a second" if speed is not None and speed >= 1 else "")


@contextmanager
def progress(doing: str, *, clock: Clock = time.monotonic) -> Iterator[ProgressCallback]:
    """Yield the callback that reports progress; `doing` precedes the subject's name in the output."""
    if not sys.stderr.isatty():
        yield _PlainProgress(doing, clock, clock()).report
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    tasks = {}

    def report(name: str, done: int, total: int | None) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(f"{doing} {name}", total=total)
        bar.update(tasks[name], completed=done, total=total)

    with bar:
        yield report


class _PlainProgress(Struct):
    """Progress as lines, at least EVERY_SECONDS apart."""

    doing: str
    clock: Clock
    last: float
    begun: dict[str, float] = {}

    def report(self, name: str, done: int, total: int | None) -> None:
        """Print a line of progress if EVERY_SECONDS have passed since the last line."""
        now = self.clock()
        since = self.begun.setdefault(name, now)
        if now - self.last < EVERY_SECONDS or not done:
            return
        self.last = now
        rate = done / (now - since) if now > since else 0.0
        of = "" if total is None else f" of {total:,}"
        line = f"{self.doing} {name}: {done:,}{of}"
        if rate >= 1:
            line += f", {rate:,.0f} a second"
            if total is not None:
                line += f", {max(total - done, 0) / rate:,.0f} s left"
        print(line, file=sys.stderr, flush=True)
