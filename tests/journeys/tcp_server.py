"""Run a PostgreSQL server as in production: on a TCP port, with logins by password only."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from ledger.embedded import account, binaries, places

_HOST = "127.0.0.1"


class TcpServer:
    """A server, and its programs."""

    def __init__(
        self,
        user: account.Account,
        programs: Path,
        data: Path,
        port: int,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.programs, self.port = programs, port
        self._user, self._data, self._settings = user, data, settings

    def url(self, user: str, password: str) -> str:
        """Return the URL of a login, without a database."""
        return f"postgresql://{user}:{password}@{_HOST}:{self.port}"

    def start(self) -> None:
        """Start the server."""
        options: dict[str, object] = {
            "listen_addresses": _HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options |= self._settings
        words = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        self._control("start", "-l", self._data / "log", "-o", words)

    def stop(self) -> None:
        """Stop the server as a crash does."""
        self._control("stop", "--mode=immediate")

    def copy(self, port: int) -> "TcpServer":
        """Return a hot standby of this server on another port, not yet started."""
        data = self._data.with_name(f"standby-{port}")
        data.mkdir(mode=0o700)
        self._user.give(data)
        source = f"host={_HOST} port={self.port} user=postgres password=postgres"
        result = self._user.run(
            [self.programs / "pg_basebackup", "-d", source, "-D", data, "-R", "-X", "stream", "-c", "fast"]
        )
        assert result.returncode == 0, result.stderr
        return TcpServer(self._user, self.programs, data, port, self._settings)

    def back_up(self) -> Path:
        """Copy the files of the server, slots included, while it is stopped; return their folder."""
        place = self._data.with_name("backup")
        subprocess.run(["cp", "-a", self._data, place], check=True)
        return place

    def restore(self, backup: Path) -> None:
        """Put the files of a backup in the place of the server's own, while it is stopped."""
        shutil.rmtree(self._data)
        backup.rename(self._data)

    def promote(self) -> None:
        """Make a standby a primary."""
        self._control("promote")

    def _control(self, action: str, *words: str | Path) -> None:
        ran = self._user.run([self.programs / "pg_ctl", action, "--wait", "-D", self._data, *words])
        assert ran.returncode == 0, ran.stdout + ran.stderr


def programs_of_tests() -> Path | None:
    """Return the folder of the programs that LEDGER_TEST_SERVER names; None for the embedded ones."""
    chosen = os.environ.get("LEDGER_TEST_SERVER", "embedded")
    return None if chosen == "embedded" else Path(chosen)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server((_HOST, 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def tcp_server(**settings: str) -> Iterator[TcpServer]:
    """Run a server with these settings, whose administrator is `postgres`, and stop it at the end."""
    place = Path(tempfile.mkdtemp(prefix="tcp-server-"))
    place.chmod(0o711)
    data = place / "data"
    user = account.choose(data)
    programs = binaries.find(programs_of_tests(), user, places.SYSTEM_DIRECTORY).directory
    data.mkdir(mode=0o700)
    (place / "password").write_text("postgres", "utf-8")
    (place / "password").chmod(0o644)
    user.give(data)
    result = user.run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
            "--pwfile",
            place / "password",
        ]
    )
    assert result.returncode == 0, result.stderr
    server = TcpServer(user, programs, data, free_port(), settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(place)
