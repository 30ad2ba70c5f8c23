"""Run three PostgreSQL nodes, Patroni, etcd and HAProxy as docs/high-availability.md configures them."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from ledger.embedded import account
from tests.journeys.documents import ROOT
from tests.journeys.tcp_server import free_port

PAGE = ROOT / "docs" / "high-availability.md"
HOST = "127.0.0.1"
NAMES = ("one", "two", "three")
PASSWORD = "secret"
PROGRAMS = {"patroni": "patroni", "etcd": "etcd-server", "haproxy": "haproxy"}


def missing() -> str | None:
    """Return the Debian packages that are not installed, or None."""
    packages = [package for program, package in PROGRAMS.items() if _program(program) is None]
    packages += [] if _server() else ["postgresql"]
    return f"install {' '.join(packages)}" if packages else None


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _server() -> Path | None:
    return max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)


def blocks(language: str) -> list[str]:
    """Return the code blocks of the page in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


class Node:
    """One machine: Patroni, which runs PostgreSQL."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port, self.api = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def state(self) -> dict[str, Any]:
        """Return the state that Patroni reports; empty if it does not answer."""
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.api}/patroni", timeout=2) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as answer:
            return dict(json.load(answer))
        except (OSError, ValueError):
            return {}


def is_primary(state: dict[str, Any]) -> bool:
    """Return whether a node's state is that of the running primary."""
    return state.get("role") in ("master", "primary") and state.get("state") == "running"


def is_standby(state: dict[str, Any]) -> bool:
    """Return whether a node's state is that of a running standby."""
    return state.get("role") == "replica" and state.get("state") in ("running", "streaming")


class Cluster:
    """Three nodes, etcd and HAProxy in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.user = account.choose(folder / "none")
        self.nodes = [Node(name) for name in NAMES]
        self.proxy = free_port()
        self._etcd = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        """Return the URL of all three machines."""
        hosts = ",".join(f"{HOST}:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{PASSWORD}@{hosts}/{database}"

    def proxy_url(self) -> str:
        """Return the URL of the primary by way of HAProxy."""
        return f"postgresql://postgres:{PASSWORD}@{HOST}:{self.proxy}/postgres"

    def start(self) -> None:
        """Start everything, without waiting."""
        peers = f"http://{HOST}:{free_port()}"
        clients = f"http://{HOST}:{self._etcd}"
        urls = {"listen-peer": peers, "initial-advertise-peer": peers, "listen-client": clients}
        words = [f"--{name}-urls={url}" for name, url in {**urls, "advertise-client": clients}.items()]
        cluster = [f"--initial-cluster=one={peers}", "--name=one", f"--data-dir={self._own('etcd')}"]
        self._run("etcd", [str(_program("etcd")), *words, *cluster])
        for node in self.nodes:
            self._configure(node)
            self.start_node(node)
        self._write("haproxy.cfg", self._haproxy())
        self._run("haproxy", [str(_program("haproxy")), "-f", str(self.folder / "haproxy.cfg")])

    def start_node(self, node: Node) -> None:
        """Start Patroni on a node."""
        node.process = self._run(node.name, [str(_program("patroni")), str(self.folder / f"{node.name}.yml")])

    def stop(self) -> None:
        """Kill everything."""
        for node in self.nodes:
            self.kill_machine(node)
        for process in self._processes:
            self._kill(process)

    def kill_postgres(self, node: Node) -> None:
        """Kill the main process of a node's PostgreSQL."""
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int((self.folder / node.name / "postmaster.pid").read_text().split()[0])
            os.kill(pid, signal.SIGKILL)

    def kill_machine(self, node: Node) -> None:
        """Kill Patroni and PostgreSQL of a node together."""
        if node.process is not None:
            self._kill(node.process)
        self.kill_postgres(node)

    def primary(self) -> Node | None:
        """Return the running primary."""
        return next((node for node in self.nodes if is_primary(node.state())), None)

    def logs(self) -> str:
        """Return the end of each log."""
        return "\n".join(f"== {log.name}\n{log.read_text()[-1500:]}" for log in self.folder.glob("*.log"))

    def _configure(self, node: Node) -> None:
        """Write the page's configuration of Patroni, with this machine's addresses and passwords."""
        (text,) = blocks("yaml")
        settings = yaml.safe_load(text)
        settings["name"] = node.name
        settings["restapi"] = {"listen": f"{HOST}:{node.api}", "connect_address": f"{HOST}:{node.api}"}
        settings["etcd3"]["hosts"] = f"{HOST}:{self._etcd}"
        address = f"{HOST}:{node.port}"
        settings["postgresql"] |= {
            "listen": address,
            "connect_address": address,
            "data_dir": str(self._own(node.name)),
            "bin_dir": str(_server().parent),  # type: ignore[union-attr]
            "pgpass": str(self.folder / f"{node.name}.pgpass"),
            "parameters": {"unix_socket_directories": str(self.folder)},
        }
        for login in settings["postgresql"]["authentication"].values():
            login["password"] = PASSWORD
        self._write(f"{node.name}.yml", yaml.safe_dump(settings))

    def _haproxy(self) -> str:
        """Return the page's configuration of HAProxy, with this machine's ports."""
        (text,) = blocks("haproxy")
        for node in self.nodes:
            text = text.replace(
                f"{node.name}.internal:5432 check port 8008", f"{HOST}:{node.port} check port {node.api}"
            )
        return text.replace("127.0.0.1:5000", f"{HOST}:{self.proxy}").replace(
            "127.0.0.1:5001", f"{HOST}:{free_port()}"
        )

    def _own(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(mode=0o700)
        self.user.give(path)
        return path

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text, "utf-8")
        path.chmod(0o600)
        self.user.give(path)

    def _run(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                user=self.user.uid if self.user.foreign else None,
                group=self.user.gid if self.user.foreign else None,
                extra_groups=[self.user.gid] if self.user.foreign else None,
                env=account.bare_environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Run a cluster, and remove it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="patroni-"))
    cluster = Cluster(folder)
    folder.chmod(0o755)
    cluster.user.give(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
