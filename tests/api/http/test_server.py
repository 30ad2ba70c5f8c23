"""Test the server as a process: several on one database, stopping, and failing to start."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from api.database import Database
from api.http.server import NEW_OBJECTS, listen, serve
from api.settings import Bind, Settings
from ledger.domain.errors import Unavailable
from tests.api.process import faults, serving, uri
from tests.api.service import NO_TLS, NOTICE, STRUCTURED, Notice, Service, begin, progress

pytestmark = pytest.mark.database
ENTRIES = f"/ledgers/{NOTICE}/entries"


def headers(notice: Notice) -> dict[str, str]:
    return {"Authorization": f"Bearer {notice.tokens['officer']}", "Content-Type": STRUCTURED}


async def test_processes_that_append_at_once_keep_positions_dense(database: str) -> None:
    notice = await begin(database)
    first = await position(database)

    async def append(client: httpx.AsyncClient, url: str) -> list[int]:
        answers = [await client.post(url + ENTRIES, content=json.dumps(progress())) for _ in range(25)]
        assert {answer.status_code for answer in answers} == {201}
        return [answer.json()["position"] for answer in answers]

    with Service(database, notice) as one, serving(database, LEDGER_WORKERS="2") as two:
        async with httpx.AsyncClient(headers=headers(notice), timeout=60, verify=NO_TLS) as client:
            appended = await asyncio.gather(*(append(client, url) for url in (one.url, two.url) for _ in range(4)))
        two.stop()
    positions = [position for some in appended for position in some]
    assert sorted(positions) == list(range(first + 1, first + 201))
    assert await position(database) == first + 200


async def position(database: str) -> int:
    async with await psycopg.AsyncConnection.connect(database) as connection:
        row = await (await connection.execute("SELECT max(position), count(*) FROM ledger.entries")).fetchone()
    assert row is not None
    assert row[0] == row[1]
    return int(row[0])


async def test_whoever_waits_for_a_receipt_when_the_server_is_stopped_gets_it(database: str) -> None:
    notice = await begin(database)
    before = await position(database)
    with serving(database) as process:
        async with (
            httpx.AsyncClient(headers=headers(notice), timeout=60, verify=NO_TLS) as client,
            await psycopg.AsyncConnection.connect(database) as other,
            await psycopg.AsyncConnection.connect(database, autocommit=True) as watching,
        ):
            assert (await client.get(process.url + "/healthz")).status_code == 200
            await other.execute("SELECT FROM ledger.heads WHERE notice = %s FOR UPDATE", (NOTICE,))
            waiting = asyncio.create_task(client.post(process.url + ENTRIES, content=json.dumps(progress())))
            while not await blocked(watching):
                pass
            process.popen.send_signal(signal.SIGTERM)
            await asyncio.to_thread(process.read_until, "Waiting for connections to close", "Cancel")
            await other.rollback()
            answer = await waiting
        process.rest()
    assert (answer.status_code, answer.json()["position"]) == (201, before + 1)
    assert await position(database) == before + 1


async def test_under_load_every_entry_of_a_stopped_server_has_its_receipt(database: str) -> None:
    notice = await begin(database)
    before = await position(database)
    receipts: list[int] = []
    with serving(database) as process:
        under_way = asyncio.Event()

        async def client() -> None:
            async with httpx.AsyncClient(headers=headers(notice), timeout=60, verify=NO_TLS) as sending:
                while True:
                    answer = await sending.post(process.url + ENTRIES, content=json.dumps(progress()))
                    if answer.status_code == 503:
                        return
                    assert answer.status_code == 201, answer.text
                    receipts.append(answer.json()["position"])
                    if len(receipts) > 100:
                        under_way.set()

        clients = [asyncio.create_task(client()) for _ in range(16)]
        await under_way.wait()
        process.popen.send_signal(signal.SIGTERM)
        ended = await asyncio.gather(*clients, return_exceptions=True)
        log = process.rest()
    # A request that met the closed socket was never heard; one that was heard was answered.
    refused = (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
    assert all(end is None or isinstance(end, refused) for end in ended), ended
    assert sorted(receipts) == list(range(before + 1, await position(database) + 1))
    assert faults(log) == []


async def test_whoever_follows_does_not_hold_up_the_end(database: str) -> None:
    notice = await begin(database)
    request = {"query": f'subscription {{ entries(notice: "{NOTICE}", after: 0) {{ position }} }}'}
    own = headers(notice) | {"Content-Type": "application/json", "Accept": "text/event-stream"}
    with serving(database) as process:
        async with (
            httpx.AsyncClient(headers=own, timeout=120, verify=NO_TLS) as client,
            client.stream("POST", process.url + "/graphql", json=request) as answer,
        ):
            lines = answer.aiter_lines()
            while "position" not in await anext(lines):
                pass
            process.popen.send_signal(signal.SIGTERM)
            assert [line async for line in lines if "errors" in line] == []
        log = process.rest()
    assert faults(log) == []


async def blocked(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Return True if a session waits for another's lock."""
    cursor = await connection.execute(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event <> 'advisory' "
        "AND datname = current_database()"
    )
    return cursor.rowcount > 0


async def test_the_log_is_json_without_tokens_texts_or_addresses(database: str) -> None:
    notice = await begin(database)
    with serving(database) as process:
        async with httpx.AsyncClient(
            headers=headers(notice), base_url=process.url, verify=NO_TLS, timeout=60
        ) as client:
            await client.post(ENTRIES, content=json.dumps(progress("A telling sentence.")))
            await client.get(f"/{notice.tokens['officer']}?who=Somebody")
            await client.post("/ledgers/Somebody/entries", content=b"A telling sentence.")
        log = process.stop()
    requests = [line for line in log if line["message"] == "request"]
    assert [(line["route"], line["status"], line.get("notice")) for line in requests] == [
        ("/ledgers/{notice}/entries", 201, NOTICE),
        (None, 404, None),
        ("/ledgers/{notice}/entries", 404, None),
    ]
    telling = (notice.tokens["officer"], "telling", "Somebody")
    assert [line for line in log if any(word in json.dumps(line) for word in telling)] == []


def ended_script(script: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a script of Python with these settings to its end."""
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused_start(**settings: str) -> str:
    """Return the error of a server that cannot start."""
    ended = ended_script(
        "from api.http.server import serve; from api.settings import Settings\n"
        "from ledger.domain.errors import LedgerError\n"
        "try: serve(Settings.from_environment())\n"
        "except LedgerError as error: print(error); raise SystemExit(1)",
        **settings,
    )
    assert ended.returncode == 1, ended.stderr
    return ended.stdout


def test_a_search_for_unreachable_objects_passes_over_the_imported_modules(tmp_path: Path) -> None:
    ended = ended_script(
        "import gc; from api.http.server import config; from api.settings import Settings\n"
        "config(Settings.from_environment()).load()\n"
        "print(gc.get_freeze_count(), len(gc.get_objects()), gc.get_threshold()[0])",
        LEDGER_DATA=str(tmp_path),
    )
    assert ended.returncode == 0, ended.stderr
    frozen, searched, threshold = map(int, ended.stdout.split())
    assert frozen > 100_000
    assert searched < 10_000
    assert threshold == NEW_OBJECTS


def test_a_database_without_the_schema_is_not_served(template: str) -> None:
    with psycopg.connect(template, autocommit=True) as connection:
        connection.execute("CREATE DATABASE unmigrated")
    message = refused_start(
        LEDGER_DATABASE_URL=uri(template.replace("/ledger?", "/unmigrated?")), LEDGER_BIND="127.0.0.1:0"
    )
    assert "run ledger migrate" in message
    assert message.count("\n") == 1


def test_a_database_that_cannot_be_reached_is_said_in_one_line() -> None:
    message = refused_start(LEDGER_DATABASE_URL="postgresql://u:secret@127.0.0.1:1/x", LEDGER_BIND="127.0.0.1:0")
    assert "cannot be reached" in message
    assert "secret" not in message
    assert message.count("\n") == 1


def test_a_connection_that_is_lost_during_the_start_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def lose_connection(_database: Database) -> list[str]:
        raise psycopg.errors.AdminShutdown("terminating connection due to administrator command")

    async def open_database(_database: Database, _progress: object) -> str:
        return "postgresql://"

    monkeypatch.setenv("LEDGER_DATA", str(tmp_path))
    monkeypatch.setenv("LEDGER_BIND", "127.0.0.1:0")
    monkeypatch.setattr(Database, "open", open_database)
    monkeypatch.setattr(Database, "check_login", lose_connection)
    with pytest.raises(Unavailable, match="the database cannot be reached: terminating connection due to"):
        serve(Settings.from_environment())


def test_an_address_that_is_taken_is_named() -> None:
    with listen(Bind("127.0.0.1", 0)) as taken:
        message = refused_start(LEDGER_BIND=f"127.0.0.1:{taken.getsockname()[1]}")
    assert message.startswith("LEDGER_BIND")
    assert message.count("\n") == 1


def test_an_answer_is_sent_at_once() -> None:
    """Check the option without which an answer takes 48 ms instead of 3 ms."""
    with listen(Bind("127.0.0.1", 0)) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
