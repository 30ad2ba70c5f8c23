"""Test a real PgBouncer between the service and the database: what it breaks is named at the start."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvloop
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from ledger.domain.errors import LedgerError, Unavailable
from ledger.eventsourcing.datastore import LedgerDatastore
from ledger.store import pooling
from ledger.store.database import PINNED, connect, migrate, pending
from ledger.store.pooling import refuse_transaction_pooling
from projections.query.standbys import Standby
from tests.journeys.tcp_server import TcpServer, tcp_server

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
pytestmark = [
    pytest.mark.long,
    pytest.mark.database,
    pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not on this machine: apt-get install pgbouncer"),
]


@pytest.fixture(scope="module")
def behind() -> Iterator[TcpServer]:
    with tcp_server() as server:
        yield server


@contextmanager
def bouncer(
    server: TcpServer, place: Path, mode: str, *, ignores_options: bool, pool_size: int = 20
) -> Iterator[str]:
    """Run PgBouncer in a mode, and yield the URL of the database `postgres` behind it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    place.chmod(0o755)
    for parent in place.parents[:-2]:
        parent.chmod(parent.stat().st_mode | 0o011)
    (place / "users").write_text('"postgres" "postgres"\n', "utf-8")
    (place / "bouncer.ini").write_text(
        f"""[databases]
postgres = host=127.0.0.1 port={server.port} user=postgres password=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {place / "users"}
pool_mode = {mode}
default_pool_size = {pool_size}
{"ignore_startup_parameters = options" if ignores_options else ""}
""",
        "utf-8",
    )
    assert PROGRAM is not None
    command = [PROGRAM, "-q", "-u", "nobody", str(place / "bouncer.ini")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 30
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    assert time.monotonic() < deadline
                    assert process.poll() is None
            yield f"postgresql://postgres:postgres@127.0.0.1:{port}/postgres"
        finally:
            process.terminate()


@pytest.mark.parametrize("mode", ["session", "transaction"])
async def test_a_pooler_that_drops_the_settings_is_named(behind: TcpServer, tmp_path: Path, mode: str) -> None:
    with bouncer(behind, tmp_path, mode, ignores_options=True) as url:
        with pytest.raises(LedgerError, match=r"lacks its settings: .* such as PgBouncer drops them"):
            await connect(url)
        for work in (pending, migrate):
            with pytest.raises(LedgerError, match="connect to PostgreSQL directly"):
                await work(url)


def test_a_guest_does_not_run_with_the_rights_of_the_login_behind_a_pooler(
    behind: TcpServer, tmp_path: Path
) -> None:
    """Check every door of the library's datastore: the pool's first connection, its later ones, and LISTEN."""
    with bouncer(behind, tmp_path, "session", ignores_options=True) as url:
        datastore = LedgerDatastore(url, "ledger_guest")
        try:
            with pytest.raises(LedgerError, match=r"role is .* such as PgBouncer"), datastore.transaction():
                pass
            with pytest.raises(LedgerError, match=r"role is .* such as PgBouncer drops them"):
                datastore.listening_connection()
            with (
                psycopg.connect(url, autocommit=True, row_factory=dict_row) as later,
                pytest.raises(LedgerError, match="role is"),
            ):
                datastore.after_connect_func()(later)
        finally:
            datastore.close()


async def test_a_pooler_that_refuses_the_settings_is_an_error_that_names_them(
    behind: TcpServer, tmp_path: Path
) -> None:
    with (
        bouncer(behind, tmp_path, "session", ignores_options=False) as url,
        pytest.raises(Unavailable, match="options"),
    ):
        await connect(url)


@pytest.mark.parametrize(("mode", "pool_size"), [("session", 20), ("transaction", 20), ("transaction", 5)])
async def test_only_transaction_pooling_changes_the_session(
    behind: TcpServer, tmp_path: Path, mode: str, pool_size: int
) -> None:
    with bouncer(behind, tmp_path, mode, ignores_options=True, pool_size=pool_size) as url:
        another = partial(AsyncConnection.connect, url, autocommit=True)
        async with await another() as first:
            if mode == "session":
                await refuse_transaction_pooling(first, another)
            else:
                with pytest.raises(LedgerError, match=r"PgBouncer in transaction pooling, .* connect directly"):
                    await refuse_transaction_pooling(first, another)


@pytest.mark.parametrize(
    ("mode", "pool_size", "run"), [("session", 5, asyncio.run), ("transaction", 1, uvloop.run)]
)
def test_a_pooler_with_too_few_connections_is_named(
    behind: TcpServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    pool_size: int,
    run: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    monkeypatch.setattr(pooling, "WAIT_SECONDS", 1)

    async def check(url: str) -> None:
        another = partial(AsyncConnection.connect, url, autocommit=True)
        async with await another() as first:
            await refuse_transaction_pooling(first, another)

    with (
        bouncer(behind, tmp_path, mode, ignores_options=True, pool_size=pool_size) as url,
        pytest.raises(LedgerError, match=r"PgBouncer, .* fewer than 6 connections \(default_pool_size\); connect"),
    ):
        run(check(url))


@pytest.mark.parametrize("mode", ["session", "transaction"])
async def test_a_pooler_that_keeps_the_settings_may_not_pool_transactions(
    behind: TcpServer, tmp_path: Path, mode: str
) -> None:
    """Give the login the settings itself, so that no connection lacks them."""
    async with await AsyncConnection.connect(
        f"{behind.url('postgres', 'postgres')}/postgres", autocommit=True
    ) as administrator:
        for name, value in PINNED.items():
            parts = sql.SQL(".").join(map(sql.Identifier, name.split(".")))
            words = sql.SQL(", ").join(map(sql.Literal, value.split(", ")))
            await administrator.execute(sql.SQL("ALTER ROLE postgres SET {} = {}").format(parts, words))
        try:
            with bouncer(behind, tmp_path, mode, ignores_options=True) as url:
                if mode == "session":
                    await pending(url)
                else:
                    for work in (pending, migrate):
                        with pytest.raises(LedgerError, match="PgBouncer in transaction pooling, for example"):
                            await work(url)
                    standby = Standby("standby", url)
                    assert await standby.look() is None
                    assert "PgBouncer in transaction pooling, for example" in (standby.error or "")
                    query = "SELECT FROM pg_locks WHERE locktype = 'advisory'"
                    assert (await administrator.execute(query)).rowcount == 0
        finally:
            await administrator.execute("ALTER ROLE postgres RESET ALL")


async def test_a_direct_connection_is_no_pooler(behind: TcpServer) -> None:
    await pending(f"{behind.url('postgres', 'postgres')}/postgres")
