"""Progress of long work, on stderr: a bar with its rate and the time left; piped, a plain line now and then."""

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
"""Told of what is worked on, how much of it is done, and how much there is; None: that is not known."""
Clock = Callable[[], float]
EVERY_SECONDS = 10.0
"""How often a line is written when nobody watches a bar."""


class _Rate(ProgressColumn):
    """How many are done a second."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} a second")


@contextmanager
def progress(doing: str, *, clock: Clock = time.monotonic) -> Iterator[ProgressCallback]:
    """What to tell of the work; `doing` stands before the name of what is worked on."""
    if not sys.stderr.isatty():
        yield _PlainProgress(doing, clock, clock()).told
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    tasks = {}

    def told(name: str, done: int, total: int | None) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(f"{doing} {name}", total=total)
        bar.update(tasks[name], completed=done, total=total)

    with bar:
        yield told


class _PlainProgress(Struct):
    """Progress as lines, none of them sooner than EVERY_SECONDS after the one before."""

    doing: str
    clock: Clock
    last: float
    begun: dict[str, float] = {}

    def told(self, name: str, done: int, total: int | None) -> None:
        """Writes how far it is, if it is time to."""
        now = self.clock()
        since = self.begun.setdefault(name, now)
        if now - self.last < EVERY_SECONDS or not done:
            return
        self.last = now
        rate = done / (now - since) if now > since else 0.0
        of = "" if total is None else f" of {total:,}"
        line = f"{self.doing} {name}: {done:,}{of}"
        if rate:
            line += f", {rate:,.0f} a second"
            if total is not None:
                line += f", {max(total - done, 0) / rate:,.0f} s left"
        print(line, file=sys.stderr, flush=True)
