"""`ledger demo`: a real notice and an invented history go in as people would send them, and are then looked at.

The server is the real one, on loopback, with a clock that the history sets. With `--check` the demo ends after
its checks, else it goes on serving.
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
from api.http import request_log
from api.http import server as serve
from api.services import Ledger
from api.settings import Bind, Settings
from ledger.domain.errors import LedgerError
from ledger.store.database import migrate


def configure(parser: Parser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("--check", action="store_true", help="end after the checks: 0 if all held, else 1")
    parser.add_argument("--port", type=port, metavar="N", help="serve on this port of LEDGER_BIND's host")
    parser.takes_json()
    parser.set_defaults(run=_demo)


def _demo(arguments: Namespace) -> int:
    settings = Settings.from_environment()
    request_log.configure("error")
    number = settings.bind.port
    if arguments.port is not None or arguments.check:
        number = arguments.port or 0
    host = "127.0.0.1" if arguments.check else settings.bind.host
    mine = settings.data if (settings.data / "tokens.json").exists() else settings.data / "demo"
    settings = dataclasses.replace(settings, data=mine, bind=Bind(host, number))
    return run(_shown(settings, DemoChecks(arguments.json), serving=not arguments.check))


async def _shown(settings: Settings, findings: DemoChecks, *, serving: bool) -> int:
    """The tour; then serves until told to stop, if asked. Returns the exit status."""
    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    stopping = asyncio.create_task(told_to_stop.wait())
    clock = Clock()
    async with _served(settings, clock, findings) as (address, url, app):
        ledger: Ledger = app.state.ledger
        tour = DemoRun(url, ledger, clock, findings)
        touring = asyncio.create_task(tour.go(address))
        await asyncio.wait([touring, stopping], return_when=asyncio.FIRST_COMPLETED)
        if not touring.done():
            touring.cancel()
            await asyncio.wait([touring])
            return 130
        keys = touring.result()
        held = _summary(findings)
        if serving:
            _links(findings, address, keys)
            await stopping
    stopping.cancel()
    return 0 if held else 1


class _Server(uvicorn.Server):
    """A server that leaves the signals to the demo."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _served(
    settings: Settings, clock: Clock, findings: DemoChecks
) -> AsyncIterator[tuple[str, str, Starlette]]:
    """The application under a real server: its address, the database's URL, and itself."""
    with serve.listen(settings.bind) as listening:
        named = settings.database_url
        place = "the database of LEDGER_DATABASE_URL" if named else f"a PostgreSQL of its own in {settings.data}"
        findings.step("A database and a server", f"Using {place}.")
        if named:
            await migrate(named)
        async with database(settings) as url:
            app = create_app(settings, clock)
            config = serve.config(settings)
            config.app = lambda: app
            server = _Server(config)
            task = asyncio.create_task(server.serve([listening]))
            try:
                while not server.started:
                    if task.done():
                        raise LedgerError(
                            "the server did not start; see the message above, mend that, and try again"
                        )
                    await asyncio.sleep(0.01)
                findings.say(f"Serving on {serve.address(listening)}, as for any partner system.")
                yield serve.address(listening), url, app
            finally:
                server.should_exit = True
                await task


def _summary(findings: DemoChecks) -> bool:
    """Says whether all checks held, and which did not."""
    failed = findings.failed
    seconds = time.monotonic() - findings.begun
    if findings.quiet:
        show({"held": not failed, "checks": findings.checks, "seconds": round(seconds, 3)})
    elif failed:
        findings.out.print(f"\nThis did not hold: {'; '.join(failed)}.", style="bold", markup=False)
    else:
        line = f"\nAll {len(findings.checks)} checks held, in {seconds:.1f} s."
        findings.out.print(line, style="bold", markup=False)
    return not failed


def _links(findings: DemoChecks, address: str, keys: dict[str, str]) -> None:
    """Where to look, and with which token."""
    entries = f"{address}/ledgers/{NOTICE}/entries"
    bearer = f"-H 'Authorization: Bearer {keys['auditor']}'"
    links = {
        f"{address}/": "the pages: sign in with one of the tokens below",
        f"{address}/graphql": "ask anything: in a browser the ten questions, by POST any other",
        entries: "the entries, one a line",
        f"{address}/facts": "what may be recorded",
        f"{address}/readyz": "how the service is",
    }
    if findings.quiet:
        show({"address": address, "links": list(links), "tokens": keys})
        return
    width = max(map(len, links))
    for title, lines in {
        "Look around": [f"{link:<{width}}  {meaning}" for link, meaning in links.items()],
        "A token for everybody (they open this demo and nothing else)": [
            f"{actor:<24}  {key}" for actor, key in keys.items()
        ],
        "Try": [f"curl -s {bearer} {entries} | tail -n 3"],
        "Serving until Ctrl-C": ["What is in stays in: start it again, and nothing is recorded twice."],
    }.items():
        findings.out.print(f"\n{title}", style="bold", markup=False)
        for line in lines:
            findings.out.print(f"   {line}", markup=False)
