"""What is running of a cluster's server, read from /proc and from the server's own postmaster.pid.

A process belongs to the server when the kernel names it `postgres`, and its command line holds the
cluster's tag. That needs no right to inspect other users' processes, which root lacks in most containers.
Standard library only.
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
    """The server's first process, and its own word on its state (such as starting, ready, stopping)."""

    pid: int
    status: str


def find_postmaster(home: Path) -> Postmaster | None:
    """The running server of this cluster, or None."""
    written = _read_pid_file(home)
    if written is None or not _belongs(written.pid, cluster_tag(home)):
        return None
    return written


def is_running(home: Path) -> bool:
    """Whether any process of this cluster's server runs, with or without a postmaster."""
    if not (home / "data").is_dir():
        return False
    tag = cluster_tag(home)
    return any(_belongs(pid, tag) for pid in _process_ids())


def _read_pid_file(home: Path) -> Postmaster | None:
    """What postmaster.pid says: the process id in line 1, the status in line 8 once it has got that far."""
    try:
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
        return Postmaster(int(lines[0]), lines[7].strip() if len(lines) > 7 else "starting")
    except (FileNotFoundError, IndexError, ValueError):
        return None


def _belongs(pid: int, tag: str) -> bool:
    return _is_postgres(pid) and tag.encode() in _command_line(pid)


def _is_ending(pid: int) -> bool:
    """Whether this is a PostgreSQL process whose command line is gone, but whose memory may not be yet."""
    return _is_postgres(pid) and not _command_line(pid) and not _has_ended(pid)


def clear_leftovers(home: Path, account: Account, say: Callable[[str], None]) -> None:
    """Waits until nothing is left of a server that lost its supervisor or its postmaster, helping it along.

    A postmaster is asked to stop (fast, then at once). Backends without a postmaster end by themselves; those
    that do not are killed, as they keep a new server from starting, and crash recovery is due anyway.
    """
    tag, begun, asked = cluster_tag(home), time.monotonic(), set[signal.Signals]()
    while True:
        pids = [pid for pid in _process_ids() if _runs_as(pid, account.uid)]
        left = [pid for pid in pids if _belongs(pid, tag)]
        if not left and not any(_is_ending(pid) for pid in pids):
            break
        say("waiting for the previous server to stop")
        waited = time.monotonic() - begun
        postmaster = find_postmaster(home)
        if postmaster is not None:
            how = signal.SIGINT if waited < FAST_SECONDS else signal.SIGQUIT
            if how not in asked:
                asked.add(how)
                _send(postmaster.pid, how)
        elif waited > ORPHAN_SECONDS:
            for pid in left:
                _send(pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
    _forget_dead_postmaster(home)


def _forget_dead_postmaster(home: Path) -> None:
    """Removes the lock files of a postmaster that has ended, or whose number another program has by now.

    PostgreSQL itself would take for a running server: a process that has ended but that nobody collects (an
    orphan in a container whose first process does not), and any of its user's under a number used again (usual
    after a container's restart).
    """
    written = _read_pid_file(home)
    if written is None or not _is_postgres(written.pid) or _has_ended(written.pid):
        (home / "data" / "postmaster.pid").unlink(missing_ok=True)
        (socket_directory(home) / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _is_postgres(pid: int) -> bool:
    return _read(pid, "comm") == b"postgres\n"


def _has_ended(pid: int) -> bool:
    """Whether a process is gone, or waits only for its parent to collect it."""
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
