"""Run a PostgreSQL server as in production: on a TCP port, with logins by password only."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from ledger.embedded import account, binaries, places

_HOST = "127.0.0.1"


class TcpServer(Struct, frozen=True):
    """A running server, and its programs."""

    port: int
    programs: Path

    def url(self, user: str, password: str) -> str:
        """Return the URL of a login, without a database."""
        return f"postgresql://{user}:{password}@{_HOST}:{self.port}"


def programs_of_tests() -> Path | None:
    """Return the folder of the programs that LEDGER_TEST_SERVER names; None for the embedded ones."""
    chosen = os.environ.get("LEDGER_TEST_SERVER", "embedded")
    return None if chosen == "embedded" else Path(chosen)


@contextmanager
def tcp_server() -> Iterator[TcpServer]:
    """Run a server whose administrator is `postgres`, and stop it at the end."""
    place = Path(tempfile.mkdtemp(prefix="tcp-server-"))
    place.chmod(0o711)
    data = place / "data"
    user = account.choose(data)
    programs = binaries.find(programs_of_tests(), user, places.SYSTEM_DIRECTORY).directory
    data.mkdir(mode=0o700)
    (place / "password").write_text("postgres", "utf-8")
    (place / "password").chmod(0o644)
    user.give(data)
    made = user.run(
        [
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--encoding=UTF8",
            "--auth=scram-sha-256",
            "--pwfile",
            place / "password",
        ]
    )
    assert made.returncode == 0, made.stderr
    with socket.create_server((_HOST, 0)) as free:
        port = free.getsockname()[1]
    options = {"listen_addresses": _HOST, "port": port, "unix_socket_directories": "", "fsync": "off"}
    start: list[str | Path] = [programs / "pg_ctl", "start", "--wait", "-D", data, "-l", data / "log"]
    started = user.run([*start, "-o", " ".join(f"-c {name}='{value}'" for name, value in options.items())])
    assert started.returncode == 0, started.stdout + started.stderr
    try:
        yield TcpServer(port, programs)
    finally:
        user.run([programs / "pg_ctl", "stop", "--wait", "--mode=immediate", "-D", data])
        shutil.rmtree(place)
