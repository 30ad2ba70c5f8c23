"""Load a real notice with an invented history, check it, and serve it: `ledger demo`.

The server is the real one, with a clock set by the history. With `--check` the server listens on loopback, and the
demo ends after its checks; otherwise it keeps serving.
"""

import asyncio
import dataclasses
import signal
import time
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.cli.common import Parser, database, run, show
from api.cli.demo_data import NOTICE, Clock
from api.cli.demo_steps import DemoChecks, DemoRun
from api.cli.serve import port
from api.http import assets, request_log
from api.http import server as serve
from api.services import Ledger
from api.settings import Bind, Settings
from ledger.domain.errors import LedgerError
from ledger.store.database import pending
from ledger.store.distribution import migrate_server


def configure(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--check", action="store_true", help="exit after the checks: 0 if all passed, otherwise 1")
    parser.add_argument("--port", type=port, metavar="N", help="port to serve on, at LEDGER_BIND's host")
    parser.runs(_demo)


def _demo(arguments: Namespace) -> int:
    settings = Settings.from_environment()
    request_log.configure("error")
    assets.check_installed()
    number = settings.bind.port
    if arguments.port is not None or arguments.check:
        number = arguments.port or 0
    host = "127.0.0.1" if arguments.check else settings.bind.host
    data = settings.data if (settings.data / "tokens.json").exists() else settings.data / "demo"
    settings = dataclasses.replace(settings, data=data, bind=Bind(host, number))
    return run(_show(settings, DemoChecks(arguments.json), serving=not arguments.check))


async def _show(settings: Settings, checks: DemoChecks, *, serving: bool) -> int:
    """Run the demo's steps, then serve if required; return the exit status."""
    stop_requested = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop_requested.set)
    stopping = asyncio.create_task(stop_requested.wait())
    clock = Clock()
    async with _serve(settings, clock, checks) as (address, url, app):
        ledger: Ledger = app.state.ledger
        demo_run = DemoRun(url, ledger, clock, checks)
        running = asyncio.create_task(demo_run.go(address))
        await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            running.cancel()
            await asyncio.wait([running])
            return 130
        keys = running.result()
        passed = _summary(checks)
        if serving:
            _links(checks, address, keys)
            await stopping
    stopping.cancel()
    return 0 if passed else 1


class _Server(uvicorn.Server):
    """Server that leaves signals to the demo."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _serve(
    settings: Settings, clock: Clock, checks: DemoChecks
) -> AsyncIterator[tuple[str, str, Starlette]]:
    """Run the application under a real server; yield its address, the database's URL and the application.

    Raises:
        LedgerError: The server did not start, or the database cannot be used.
    """
    with serve.listen(settings.bind) as listener:
        database_url = settings.database_url
        place = (
            "the database of LEDGER_DATABASE_URL" if database_url else f"an embedded PostgreSQL in {settings.data}"
        )
        checks.step("A database and a server", f"Using {place}.")
        if database_url and await pending(database_url):
            await migrate_server(database_url)
        async with database(settings) as url:
            app = create_app(settings, clock)
            config = serve.config(settings)
            config.app = lambda: app
            server = _Server(config)
            task = asyncio.create_task(server.serve([listener]))
            try:
                while not server.started:
                    if task.done():
                        raise LedgerError(
                            "the server did not start; see the message above, correct its cause, and try again"
                        )
                    await asyncio.sleep(0.01)
                checks.say(f"Serving on {serve.address(listener)}.")
                yield serve.address(listener), url, app
            finally:
                server.should_exit = True
                await task


def _summary(checks: DemoChecks) -> bool:
    """Print the result of the checks; return True if all passed."""
    failed = checks.failed
    seconds = time.monotonic() - checks.started
    if checks.quiet:
        show({"held": not failed, "checks": checks.checks, "seconds": round(seconds, 3)})
    elif failed:
        checks.out.print(f"\nThese checks failed: {'; '.join(failed)}.", style="bold", markup=False)
    else:
        line = f"\nAll {len(checks.checks)} checks passed in {seconds:.1f} s."
        checks.out.print(line, style="bold", markup=False)
    return not failed


LIVE_MOMENT = "2023-04-03"
"""Date in the invented history on which the notice is not yet closed."""


def _links(checks: DemoChecks, address: str, keys: dict[str, str]) -> None:
    """Print the demo's addresses and tokens."""
    entries = f"{address}/ledgers/{NOTICE}/entries"
    bearer = f"-H 'Authorization: Bearer {keys['auditor']}'"
    links = {
        f"{address}/notices/{NOTICE}?knownAt={LIVE_MOMENT}": "the notice while live; sign in as below",
        f"{address}/": "all notices; this one closed in 2024, at the end of its history",
        f"{address}/graphql": "GraphQL: the regular questions in a browser, any query by POST",
        entries: "the entries, one on each line",
        f"{address}/facts": "the facts that can be recorded",
        f"{address}/readyz": "the state of the service",
    }
    if checks.quiet:
        show({"address": address, "links": list(links), "tokens": keys})
        return
    width = max(map(len, links))
    for title, lines in {
        "Look around": [f"{link:<{width}}  {meaning}" for link, meaning in links.items()],
        "Tokens for this demo only": [f"{actor:<24}  {key}" for actor, key in keys.items()],
        "Try": [f"curl -s {bearer} {entries} | tail -n 3"],
        "Serving until Ctrl-C": ["The data stays; starting it again records nothing twice."],
    }.items():
        checks.out.print(f"\n{title}", style="bold", markup=False)
        for line in lines:
            checks.out.print(f"   {line}", markup=False)
