"""Test that thousands of subscriptions share their work: all get each entry, and another reader is not held up."""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from types import SimpleNamespace

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from api.http import feed
from tests.api.http.test_subscriptions import ENTRIES, PATIENCE, crowd, opened
from tests.api.process import serving
from tests.api.service import NO_TLS, STRUCTURED, Service, begin, progress

SOCKETS, EACH, RECORDED = 250, 20, 10
READER = """
import json, sys, time, httpx
url, token, notice = sys.argv[1:]
query = {"query": "query($n: ID!) { notice(id: $n) { position } }", "variables": {"n": notice}}
seconds = []
with httpx.Client(base_url=url, headers={"Authorization": "Bearer " + token}, timeout=120) as client:
    client.post("/graphql", json=query).raise_for_status()
    print(flush=True)
    import threading
    ended = threading.Thread(target=sys.stdin.read)
    ended.start()
    while ended.is_alive():
        began = time.perf_counter()
        client.post("/graphql", json=query).raise_for_status()
        seconds.append(time.perf_counter() - began)
        time.sleep(0.02)
print(json.dumps(sorted(seconds)))
"""


@pytest.mark.database
@pytest.mark.long
@pytest.mark.timeout(600)
async def test_thousands_of_subscriptions_hold_up_no_other_reader(database: str) -> None:
    notice = await begin(database)
    tokens = await crowd(database, notice.name)
    with serving(database) as process:
        service = SimpleNamespace(url=process.url, notice=notice)
        officer = {"Authorization": f"Bearer {notice.tokens['officer']}"}
        async with httpx.AsyncClient(
            base_url=process.url, headers={**officer, "Content-Type": STRUCTURED}, verify=NO_TLS, timeout=PATIENCE
        ) as http:
            entries = f"/ledgers/{notice.name}/entries"
            head = (await http.post(entries, json=progress())).json()["position"]
            request = {"query": ENTRIES, "variables": {"notice": notice.name, "after": head}}
            sockets = []
            for number in range(SOCKETS):
                joined = await opened(
                    service, {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}, compression=None
                )
                await joined.recv()
                for name in range(EACH):
                    await joined.send(json.dumps({"type": "subscribe", "id": str(name), "payload": request}))
                sockets.append(joined)
            command = [sys.executable, "-c", READER, process.url, notice.tokens["adviser"], notice.name]
            reader = await asyncio.to_thread(start, command)
            with reader:
                assert reader.stdout is not None
                await asyncio.to_thread(reader.stdout.readline)
                loop = asyncio.get_running_loop()
                delays = []
                for position in range(head + 1, head + 1 + RECORDED):
                    began = loop.time()
                    await http.post(entries, json=progress())
                    async with asyncio.timeout(PATIENCE):
                        await asyncio.gather(*(heard(joined, position) for joined in sockets))
                    delays.append(loop.time() - began)
                seconds = json.loads((await asyncio.to_thread(reader.communicate, ""))[0])
            await asyncio.gather(*(joined.close() for joined in sockets))
        process.stop()
    figures = {
        "reader's p50": seconds[len(seconds) // 2],
        "reader's p99": seconds[len(seconds) * 99 // 100],
        "reader's max": seconds[-1],
        "until all subscribers got an entry": max(delays),
    }
    sys.stderr.write(f"{figures}\n")
    assert (seconds[len(seconds) // 2] < 0.5, seconds[-1] < 2) == (True, True), figures


def start(command: list[str]) -> "subprocess.Popen[str]":
    """Start a process with text pipes."""
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_an_actor_has_a_limited_number_of_graphql_streams(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that one more is refused with 429, that other actors are not concerned, and that an end makes room."""
    monkeypatch.setattr(feed, "EACH", 2)
    request = {"query": ENTRIES, "variables": {"notice": service.notice.name, "after": 0}}

    def stream(client: httpx.Client, actor: str = "officer") -> AbstractContextManager[httpx.Response]:
        headers = service.headers(actor) | {"Accept": "text/event-stream"}
        return client.stream("POST", "/graphql", json=request, headers=headers)

    with service.client(connections=10) as http:
        with stream(http) as one, stream(http) as two:
            lines = [answer.iter_lines() for answer in (one, two)]  # dropping one would close its stream
            assert all(next(each) for each in lines)
            with stream(http) as third:
                assert third.status_code == 429
                assert json.loads(third.read())["code"] == "BUSY"
            with stream(http, "adviser") as other:
                assert other.status_code == 200
        deadline = time.monotonic() + PATIENCE
        while True:  # the server notices the end of a stream a little later
            with stream(http) as again:
                if again.status_code == 200:
                    break
            assert time.monotonic() < deadline


async def heard(joined: ClientConnection, position: int) -> None:
    """Wait until each subscription of a socket got the entry at a position."""
    for _ in range(EACH):
        message = json.loads(await joined.recv())
        assert message["type"] == "next", message
        assert message["payload"]["data"]["entries"]["position"] == position
