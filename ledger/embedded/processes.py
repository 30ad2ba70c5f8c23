"""Find the running processes of a cluster's server, in /proc and in the server's own postmaster.pid.

A process belongs to the server if the kernel names it `postgres` and its command line has the cluster's tag. That
needs no right to inspect other users' processes, which root lacks in most containers.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ledger.embedded.account import Account
from ledger.embedded.cluster import cluster_tag
from ledger.embedded.places import SOCKET_NAME, socket_directory

POLL_SECONDS = 0.05
ORPHAN_SECONDS = 5.0
FAST_SECONDS = 30.0


@dataclass(frozen=True)
class Postmaster:
    """The server's first process and the state it reports (such as starting, ready, stopping)."""

    pid: int
    status: str


def find_postmaster(home: Path) -> Postmaster | None:
    """Return the postmaster of this cluster's running server, or None if no server runs."""
    written = _read_pid_file(home)
    if written is None or not _belongs(written.pid, cluster_tag(home)):
        return None
    return written


def is_running(home: Path) -> bool:
    """Return whether any process of this cluster's server runs, with or without a postmaster."""
    if not (home / "data").is_dir():
        return False
    tag = cluster_tag(home)
    return any(_belongs(pid, tag) for pid in _process_ids())


def _read_pid_file(home: Path) -> Postmaster | None:
    """Return the process id and the status in postmaster.pid; None without a valid file.

    The status is `starting` before the server has written one.
    """
    try:
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _belongs(pid: int, tag: str) -> bool:
    return _is_postgres(pid) and tag.encode() in _command_line(pid)


def _is_ending(pid: int) -> bool:
    """Return whether a PostgreSQL process has lost its command line, but perhaps not yet its memory."""
    return _is_postgres(pid) and not _command_line(pid) and not _has_ended(pid)


def clear_leftovers(home: Path, account: Account, say: Callable[[str], None]) -> None:
    """Wait until all processes of a server without a supervisor have ended, and help them end.

    A postmaster gets the signal for a fast stop, later for an immediate stop. Backends without a postmaster end by
    themselves. Backends that do not end are killed: they keep a new server from starting, and crash recovery is
    due anyway.
    """
    tag, started, sent = cluster_tag(home), time.monotonic(), set[signal.Signals]()
    while True:
        pids = [pid for pid in _process_ids() if _runs_as(pid, account.uid)]
        remaining = [pid for pid in pids if _belongs(pid, tag)]
        if not remaining and not any(_is_ending(pid) for pid in pids):
            break
        say("waiting for the previous server to stop")
        waited = time.monotonic() - started
        postmaster = find_postmaster(home)
        if postmaster is not None:
            how = signal.SIGINT if waited < FAST_SECONDS else signal.SIGQUIT
            if how not in sent:
                sent.add(how)
                _send(postmaster.pid, how)
        elif waited > ORPHAN_SECONDS:
            for pid in remaining:
                _send(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    _forget_dead_postmaster(home)


def _forget_dead_postmaster(home: Path) -> None:
    """Remove the lock files of a postmaster that has ended, or whose process id another program has by now.

    PostgreSQL itself would take two kinds of process for a running server. One has ended but was not collected, as
    an orphan in some containers. The other has a reused process id, as usual after a container's restart.
    """
    written = _read_pid_file(home)
    if written is None or not _is_postgres(written.pid) or _has_ended(written.pid):
        (home / "data" / "postmaster.pid").unlink(missing_ok=True)
        (socket_directory(home) / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    return _read(pid, "comm") == b"postgres\n"


def _has_ended(pid: int) -> bool:
    """Return whether a process is gone, or only waits for its parent to collect it."""
    stat = _read(pid, "stat")
    return not stat or stat.rpartition(b")")[2].split()[0] in (b"Z", b"X")


def _command_line(pid: int) -> bytes:
    return _read(pid, "cmdline")


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _runs_as(pid: int, uid: int) -> bool:
    lines = _read(pid, "status").splitlines()
    return any(line.split()[2] == str(uid).encode() for line in lines if line.startswith(b"Uid:"))


def _send(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
