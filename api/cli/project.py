"""Keep the views up to date in a separate process: `ledger project`. More such processes add redundancy."""

import asyncio
import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from threading import Event, Thread

from api.cli.common import Parser, database, run, say
from api.http import request_log
from api.settings import Settings
from ledger.eventsourcing.guests import GuestRunner, GuestStopped, guest_class
from ledger.store.database import connect
from projections.engine.runner import Runner
from projections.views.registry import ALL

log = logging.getLogger("ledger.guests")


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "--with",
        dest="guests",
        metavar="PACKAGE.MODULE:CLASS",
        action="append",
        default=[],
        help="also run a projection of the eventsourcing library; repeat for several",
    )
    parser.add_argument(
        "--notice",
        dest="notices",
        metavar="NOTICE",
        action="append",
        help="notice that these projections process; by default all",
    )
    parser.runs(_project)


def _project(arguments: Namespace) -> int:
    settings = Settings.from_environment()
    request_log.configure(settings.log)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109 (a guest is named from where the command runs)
    run(_follow(settings, arguments))
    return 0


async def _follow(settings: Settings, arguments: Namespace) -> None:
    async with database(settings) as url:
        guests = GuestThreads(await _runners(url, arguments.guests, arguments.notices))
        runner = await Runner(url, ALL).open()
        following = asyncio.create_task(runner.run())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, following.cancel)
        guests.start()
        say("Following the entries; Ctrl-C ends it.")
        await asyncio.wait([following])
        await asyncio.to_thread(guests.stop)
        if not following.cancelled():
            following.result()


async def _runners(url: str, paths: Sequence[str], notices: Sequence[str] | None) -> list[GuestRunner]:
    classes = [guest_class(path) for path in paths]
    if not classes:
        return []
    if notices is None:
        async with await connect(url, "ledger_projector") as connection:
            rows = await (await connection.execute("SELECT notice FROM ledger.heads ORDER BY notice")).fetchall()
            notices = [notice for (notice,) in rows]
    return [GuestRunner(url, notice, guest) for guest in classes for notice in notices]


class GuestThreads:
    """Threads that each run one guest, which is a projection of the eventsourcing library.

    The log names a guest that stops. The other guests continue.
    """

    def __init__(self, runners: Sequence[GuestRunner]) -> None:
        self._stop = Event()
        self._runners = runners
        self._threads = [Thread(target=self._run, args=(runner,), daemon=True) for runner in runners]

    def start(self) -> None:
        """Start a thread for each guest."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all threads after their current batch, and close their connections."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for runner in self._runners:
            runner.close()

    def _run(self, runner: GuestRunner) -> None:
        try:
            runner.run(self._stop)
        except GuestStopped as stopped:
            log.error("%s", stopped)  # noqa: TRY400 (the sentence names entry and reason)
