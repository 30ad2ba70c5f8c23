"""Run the service for tests: a notice with people, a server in a thread, clients and events."""

import asyncio
import hashlib
import json
import secrets
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Self

import httpx
import psycopg
import uvicorn

from api.app import create_app
from api.http import server
from api.settings import Bind, Settings
from ledger.append.clock import Clock, now
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.domain.roles import Role
from ledger.intake.parse import accept
from ledger.store.database import connect

NOTICE = "tameside"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
ROLES = {
    "officer": "COUNCIL_OFFICER",
    "chair": "CHAIR",
    "member": "BOARD_MEMBER",
    "adviser": "ADVISER",
    "system": "INTEGRATION",
}
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""TLS context for clients on loopback, which saves loading certificates."""
DIGEST = "A" * 43 + "="
_ids = count(1)


@dataclass
class Notice:
    """A notice and the tokens of its actors."""

    name: str
    tokens: dict[str, str]


def event(name: str, data: Any, source: str = "officer", **attributes: Any) -> dict[str, Any]:
    """Return a CloudEvent of the fact `area.Name`, with a new id."""
    fixed = {"specversion": "1.0", "id": f"e-{next(_ids)}", "source": source}
    return {**fixed, "type": f"improvement-ledger.{name}.v1", "data": data, **attributes}


def progress(
    narrative: str = "Ten visits were made.", source: str = "officer", **attributes: Any
) -> dict[str, Any]:
    """Return a valid ProgressRecorded."""
    data = {"objective": "O1", "narrative": narrative, "activityRating": "GREEN", "impactRating": "AMBER"}
    return event("plan.ProgressRecorded", data, source, **attributes)


async def issue(url: str, notice: str, actor: str, role: str, **bounds: Any) -> str:
    """Issue a token for an actor and a role in a notice, and return it."""
    token = "ledger_" + secrets.token_urlsafe(32)
    name = f"t-{next(_ids)}"
    async with await connect(url, "ledger_writer") as connection:
        await connection.execute(
            "INSERT INTO ledger.tokens (secret_hash, notice, token) VALUES (%s, %s, %s)",
            (hashlib.sha256(token.encode()).digest(), notice, name),
        )
    data = {"token": name, "actor": actor, "role": role, **bounds}
    await record(url, notice, [event("people.TokenIssued", data, "operator")])
    return token


async def record(url: str, notice: str, events: list[dict[str, Any]]) -> None:
    """Record events as the operator."""
    async with Writer(url) as writer:
        items = [accept(one) for one in events]
        answers = await writer.append_all(notice, items, Credential("operator", role=Role.OPERATOR))
    assert not [answer for answer in answers if isinstance(answer, Refused)], answers


async def revoke(url: str, notice: str, token: str) -> None:
    """Revoke a token as the operator."""
    async with await connect(url, "ledger_writer") as connection:
        cursor = await connection.execute(
            "SELECT token FROM ledger.tokens WHERE secret_hash = sha256(%s::bytea)", (token.encode(),)
        )
        ((name,),) = await cursor.fetchall()
    await record(
        url, notice, [event("people.TokenRevoked", {"token": name, "reason": "It was lost."}, "operator")]
    )


async def begin(url: str, name: str = NOTICE) -> Notice:
    """Issue a notice with one area, one objective and a person in each role; return its tokens by actor."""
    issued = {
        "kind": "IMPROVEMENT_NOTICE",
        "council": "E08000008",
        "issuer": "DfE",
        "issuedOn": "2022-07-05",
        "title": "An improvement notice",
        "trigger": "A visit",
        "packDigest": DIGEST,
    }
    objective = {
        "objective": "O1",
        "title": "See children sooner",
        "areas": ["1a"],
        "owner": "officer",
        "due": "2023-06-30",
    }
    await record(
        url,
        name,
        [
            event("notice.NoticeIssued", issued, "operator"),
            event("notice.AreaRegistered", {"area": "1a", "title": "Leaders"}, "operator"),
            *(event("people.RoleGranted", {"actor": a, "role": r}, "operator") for a, r in ROLES.items()),
            event("plan.ObjectiveAdded", objective, "operator"),
        ],
    )
    system = {"source": "system", "facts": ["improvement-ledger.plan.ProgressRecorded.v1"]}
    tokens = {a: await issue(url, name, a, r, **(system if a == "system" else {})) for a, r in ROLES.items()}
    return Notice(name, tokens)


class _Server(uvicorn.Server):
    """Server that leaves the signals of the test's process alone."""

    loop: asyncio.AbstractEventLoop
    """Event loop of the service's thread."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Service:
    """The service on a database, in a thread of its own, on a free port."""

    def __init__(self, url: str, notice: Notice, clock: Clock = now, **settings: Any) -> None:
        self.database = url
        self.notice = notice
        self._folder = tempfile.TemporaryDirectory()
        self.data = Path(self._folder.name)
        chosen = Settings(database_url=url, data=self.data, log="warning", **settings)
        config = server.config(chosen)
        config.app = partial(create_app, chosen, clock)
        self._listening = server.listen(Bind("127.0.0.1", 0))
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):  # as between two towns: loopback's hold megabytes
            self._listening.setsockopt(socket.SOL_SOCKET, buffer, 65_536)
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listening],))
        self.url = server.address(self._listening)
        self.entries = f"/ledgers/{notice.name}/entries"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._folder.cleanup()

    def profile(self, profiler: Callable[[FrameType, str, object], None]) -> None:
        """Call the profiler for each call and return in the service's thread, until it removes itself."""
        self._server.loop.call_soon_threadsafe(sys.setprofile, profiler)

    def headers(self, actor: str | None) -> dict[str, str]:
        """Return the headers that identify an actor; none for nobody."""
        return {"Authorization": f"Bearer {self.notice.tokens[actor]}"} if actor else {}

    def client(self, actor: str | None = None, connections: int = 1) -> httpx.Client:
        """Return a client of an actor, with a limit of connections."""
        limits = httpx.Limits(max_connections=connections)
        return httpx.Client(
            base_url=self.url, headers=self.headers(actor), limits=limits, timeout=30, verify=NO_TLS
        )

    def position(self) -> int:
        """Return the position of the notice from the database."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(
                "SELECT size FROM ledger.heads WHERE notice = %s", (self.notice.name,)
            ).fetchone()
        assert row is not None
        return int(row[0])

    def post(self, client: httpx.Client, event: dict[str, Any], **headers: str) -> httpx.Response:
        """Post one event in the structured mode."""
        lines = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(self.entries, content=json.dumps(event), headers={"Content-Type": STRUCTURED, **lines})


def local_port(response: httpx.Response) -> int:
    """Return the client's port of an answer's connection."""
    return int(response.extensions["network_stream"].get_extra_info("client_addr")[1])


def run(coroutine: Any) -> Any:
    """Run a coroutine from a synchronous test, in a thread without a browser driver's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
