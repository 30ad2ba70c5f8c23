"""Chaos: two servers of three workers each on one PostgreSQL, killed and cut off at random while clients work.

Every receipt holds, nothing is recorded twice, and positions have no gap. No feed skips or repeats an entry. The
record verifies, the views equal a rebuild, and both servers are ready in the end.

At least 200 kills are SIGKILLs of processes of the servers. Every twentieth ends a whole server, or its supervisor
alone; all others end one worker. Kills of the database's processes, and ended connections, come on top.
"""

import asyncio
import os
import random
import signal
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import count, zip_longest

import httpx
import psycopg
import pytest

from api.http.supervisor import LONGEST_PAUSE_SECONDS
from ledger.embedded import EmbeddedPostgres
from ledger.store.database import migrate
from ledger.verify.database import verify
from projections.engine.digest import digests
from projections.views.registry import ALL
from tests.api.http.test_supervisor import workers_of
from tests.api.process import Process, uri
from tests.api.service import Notice, begin, run
from tests.journeys.chaos_clients import FOLLOWERS, PATIENCE, Clients, Seen
from tests.ledger.embedded.tools import FAST, alive, kill, make_place

pytestmark = pytest.mark.database
SERVERS, WORKERS = 2, 3
KILLS, CUTS = 200, 500
RECORDERS = 3


class Chaos:
    """Servers on one database, and the means to kill any part of them."""

    def __init__(self, database: EmbeddedPostgres, chance: random.Random) -> None:
        self.database, self.chance = database, chance
        self.url = database.start()
        self.notice = run(self._prepare())
        self.servers = [self._serve() for _ in range(SERVERS)]
        self.clients = Clients(self.notice.name, self.notice.tokens["officer"], self.address, chance)
        self.done: Counter[str] = Counter()
        self.log: list[dict[str, str]] = []
        """Lines of the logs of servers that were killed."""

    async def _prepare(self) -> Notice:
        await migrate(self.url)
        return await begin(self.url)

    def _serve(self) -> Process:
        """Start a server, and again if the database recovers from a kill at that moment."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return Process(uri(self.url), LEDGER_WORKERS=str(WORKERS))
            except (AssertionError, ValueError):  # the process ended with a line that is not one of the log
                assert time.monotonic() < deadline, "no server starts any more"

    def address(self) -> str:
        """Return the address of one of the servers."""
        return self.chance.choice(self.servers).url

    # --- what may end at any moment

    def kill_processes(self, number: int, kills: int) -> None:
        """Kill processes of a server, one at a time; wait for a receipt and all workers before the next."""
        for turn in range(1, kills + 1):
            until(lambda: len(self._workers(number)) == WORKERS, "no worker starts")
            if turn % 20 == 0:
                self.kill_server(number, whole=turn % 40 == 0)
            else:
                self.kill_worker(number, newest=turn % 5 == 0)
            await_receipt(self.clients)

    def kill_worker(self, number: int, *, newest: bool) -> None:
        """Kill the worker that has run longest, or the newest, which may still be starting."""
        worker = self._workers(number)[-1 if newest else 0]
        os.kill(worker, signal.SIGKILL)
        until(lambda: not alive(worker), "a worker survives SIGKILL")
        self.done["newest worker" if newest else "worker"] += 1

    def _workers(self, number: int) -> list[int]:
        """Return the live workers of a server, oldest first."""
        return [worker for worker in workers_of(self.servers[number].popen.pid) if alive(worker)]

    def kill_server(self, number: int, *, whole: bool) -> None:
        """Kill a server with all its workers, or its supervisor alone, and start another server."""
        server = self.servers[number]
        workers = self._workers(number)
        if whole:
            os.killpg(server.popen.pid, signal.SIGKILL)
        else:
            server.popen.kill()
        self.done["whole server" if whole else "supervisor"] += 1
        until(lambda: not any(alive(worker) for worker in workers), "workers outlive their supervisor")
        server.kill()
        server.count("")
        self.log += server.lines
        self.servers[number] = self._serve()

    def end_connections(self, most: int) -> None:
        """End up to this many connections to the database."""
        with suppress(psycopg.OperationalError), psycopg.connect(self.url) as connection:
            for pid in self._backends(connection)[:most]:
                connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
                self.done["connection"] += 1

    def kill_backend(self) -> None:
        """Kill one process of the database, which then recovers with all connections lost."""
        with suppress(psycopg.OperationalError, ProcessLookupError), psycopg.connect(self.url) as connection:
            for pid in self._backends(connection)[:1]:
                kill(pid)
                self.done["process of the database"] += 1

    def _backends(self, connection: psycopg.Connection) -> list[int]:
        """Return the processes of all other connections, in random order."""
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid"
        ).fetchall()
        return self.chance.sample([int(pid) for (pid,) in rows], len(rows))

    def size(self) -> int:
        """Return the number of entries; more than any number while the database recovers."""
        with suppress(psycopg.OperationalError), psycopg.connect(self.url) as connection:
            row = connection.execute(
                "SELECT size FROM ledger.heads WHERE notice = %s", (self.notice.name,)
            ).fetchone()
            return int(row[0]) if row else 0
        return sys.maxsize


@pytest.fixture
def chaos() -> Iterator[Chaos]:
    seed = int(os.environ.get("LEDGER_TEST_SEED", random.randrange(2**32)))
    sys.stderr.write(f"LEDGER_TEST_SEED={seed}\n")  # shown when the test fails: the same choices come again
    with make_place() as place, EmbeddedPostgres(place, FAST) as database:
        chaos = Chaos(database, random.Random(seed))
        try:
            yield chaos
        finally:
            chaos.clients.ended.set()
            chaos.clients.complete.set()
            for server in chaos.servers:
                server.kill()


def endure(chaos: Chaos, kills: int, cuts: int) -> None:
    """Kill processes again and again while clients work, and let the clients finish."""
    clients = chaos.clients
    with (
        ThreadPoolExecutor() as killers,
        ThreadPoolExecutor(RECORDERS + 2) as recorders,
        ThreadPoolExecutor() as followers,
    ):
        following = [followers.submit(clients.follow, name, chaos.size) for name in FOLLOWERS]
        recording = [recorders.submit(clients.record, f"r{number}") for number in range(RECORDERS)]
        recording += [recorders.submit(clients.cut_requests, cuts) for _ in range(2)]
        killing = [killers.submit(chaos.kill_processes, number, kills // SERVERS) for number in range(SERVERS)]
        try:
            for turn in count(1):
                if all(each.done() for each in killing):
                    break
                chaos.end_connections(5)
                if turn % 10 == 0:
                    chaos.kill_backend()
                await_receipt(clients, [*recording, *following])
                clients.ended.wait(1)
        finally:
            clients.ended.set()
            wait([*killing, *recording], 6 * PATIENCE)
            clients.complete.set()
        for each in [*killing, *recording, *following]:
            each.result(PATIENCE)


def await_receipt(clients: Clients, working: "list[Future[None]] | None" = None) -> None:
    """Wait until a recorder gets another receipt; raise the error of a client that has failed."""
    before = len(clients.receipts)

    def has_more() -> bool:
        for each in working or ():
            if each.done():
                each.result()
        return len(clients.receipts) > before

    until(has_more, "no recorder gets a receipt any more")


def until(condition: Callable[[], bool], failure: str) -> None:
    """Return once the condition holds; fail after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(0.02)


def check(chaos: Chaos) -> None:
    """Compare receipts, entries, feeds and views."""
    with psycopg.connect(chaos.url) as connection:
        rows = connection.execute(
            "SELECT position, id, leaf_hash, root_hash FROM ledger.entries WHERE notice = %s ORDER BY position",
            (chaos.notice.name,),
        ).fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1)), "positions have a gap"
    assert [name for name, times in Counter(row[1] for row in rows).items() if times > 1] == [], "recorded twice"
    stored = {name: (position, encoded(leaf), encoded(root)) for position, name, leaf, root in rows}
    for name, receipt in chaos.clients.receipts.items():
        assert stored.get(name) == (receipt["position"], receipt["leafHash"], receipt["rootHash"]), name
    for name in FOLLOWERS:
        check_feed(chaos.clients, name, [(position, event) for position, event, *_ in rows])
    report = asyncio.run(verify(chaos.url))
    assert report.sound, report.first
    views = asyncio.run(digests(chaos.url, ALL))
    assert [digest for digest in views if not digest.sound or digest.position != len(rows)] == []


def check_feed(clients: Clients, name: str, entries: list[Seen]) -> None:
    """Compare what a follower has seen with the entries; a failure shows the connections around it."""
    seen = clients.seen[name]
    expected = entries[: len(seen)]
    if seen != expected:
        first = next(place for place, pair in enumerate(zip_longest(seen, expected)) if pair[0] != pair[1])
        over = [each for each in clients.connections[name] if each.after <= first][-2:]
        raise AssertionError(f"{name} saw {seen[max(first - 1, 0) : first + 2]} at {first + 1}, over {over}")
    # A request that was cut off may be recorded after the last follower has ended.
    assert max(receipt["position"] for receipt in clients.receipts.values()) <= len(seen), "a feed ended early"


def check_servers(chaos: Chaos) -> None:
    """Wait until both servers are ready with all their workers, and check the pauses of their supervisors."""
    for server in chaos.servers:
        until(lambda server=server: is_ready(server), "a server does not get ready")  # type: ignore[misc]
        until(lambda server=server: len(workers_of(server.popen.pid)) == WORKERS, "workers are missing")  # type: ignore[misc]
        server.count("")
        chaos.log += server.lines
    ends = [line["message"] for line in chaos.log if "; it starts again in " in line["message"]]
    pauses = Counter(int(message.split()[-2]) for message in ends)
    sys.stderr.write(f"seconds before restarts: {dict(pauses)}\n")
    assert max(pauses) < LONGEST_PAUSE_SECONDS


def is_ready(server: Process) -> bool:
    """Return True if a server is ready, and neither entries, views nor checkpoints are in doubt."""
    with suppress(httpx.HTTPError):
        answer = httpx.get(f"{server.url}/readyz", timeout=20)
        if answer.status_code == 200:
            body = answer.json()
            stopped = [view for view in body["views"] if view["stopped"]]
            in_doubt = [body[name] for name in ("checkpoints", "rolledBack", "highWaterMarks")]
            return (stopped, in_doubt) == ([], [{"refused": 0}, {"notices": 0}, {"readable": True}])
    return False


def encoded(digest: bytes) -> str:
    return b64encode(digest).decode()


@pytest.mark.long(seconds=130)
@pytest.mark.timeout(900)
def test_nothing_is_lost_skipped_or_repeated_in_chaos(chaos: Chaos) -> None:
    endure(chaos, KILLS, CUTS)
    check_servers(chaos)
    clients, done = chaos.clients, chaos.done
    sys.stderr.write(f"{dict(done)}, {clients.cut} cut requests, {len(clients.receipts):,} receipts\n")
    killed = done["worker"] + done["newest worker"] + done["whole server"] + done["supervisor"]
    assert (killed >= KILLS, clients.cut >= CUTS) == (True, True)
    until(lambda: views_are_current(chaos), "the views do not follow")
    check(chaos)


def views_are_current(chaos: Chaos) -> bool:
    """Return True once every view has reached the last entry."""
    with psycopg.connect(chaos.url) as connection:
        row = connection.execute(
            "SELECT min(p.position) = (SELECT size FROM ledger.heads WHERE notice = %s) FROM views.progress p",
            (chaos.notice.name,),
        ).fetchone()
    return bool(row and row[0])
