"""Keep the views up to date in a process of its own: `ledger project`. Several processes are redundant."""

import asyncio
import signal
from argparse import Namespace

from api.cli.common import Parser, database, run, say
from api.http import request_log
from api.settings import Settings
from projections.engine.runner import Runner
from projections.views.registry import ALL


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.takes_json()
    parser.set_defaults(run=_project)


def _project(_arguments: Namespace) -> int:
    settings = Settings.from_environment()
    request_log.configure(settings.log)
    run(_follow(settings))
    return 0


async def _follow(settings: Settings) -> None:
    async with database(settings) as url:
        runner = await Runner(url, ALL).open()
        following = asyncio.create_task(runner.run())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, following.cancel)
        say("Following the entries; Ctrl-C ends it.")
        await asyncio.wait([following])
        if not following.cancelled():
            following.result()
