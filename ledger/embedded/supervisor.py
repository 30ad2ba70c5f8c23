"""Start the server, and stop it when nobody uses it any more: a small process of its own.

The module runs as an isolated script, with its job as JSON on stdin, and imports the standard library only. The
process inherits two open lock files. `supervisor.lock` is already locked; the lock shows that a supervisor lives.
Every user of the server has a shared lock on `users.lock`. Once the supervisor has the exclusive lock, nobody is
left, and the next user waits until the server has stopped.

If this process is killed, the kernel tells the server to stop (the parent-death signal). That signal follows the
thread that forked. So the main thread, which lives as long as the process, starts the server.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

PR_SET_PDEATHSIG = 1
FAST_SECONDS = 30.0


class Job(TypedDict):
    """Job of a supervisor: command line, identity, lock files, and a directory to remove at the end."""

    command: list[str]
    environment: dict[str, str]
    uid: int | None
    gid: int | None
    supervisor_lock: int
    users_lock: int
    temporary: str | None


def main() -> None:
    """Detach from the parent, run the server until it ends, and note its exit code in the lock file."""
    job: Job = json.load(sys.stdin)
    if os.fork():
        os._exit(0)
    _note(job, f"{os.getpid()}\n")
    server = subprocess.Popen(
        job["command"],
        env=job["environment"],
        user=job["uid"],
        group=job["gid"],
        extra_groups=None if job["gid"] is None else [job["gid"]],
        stdin=subprocess.DEVNULL,
        preexec_fn=_die_with(os.getpid()),
    )
    threading.Thread(target=_stop_when_unused, args=(job["users_lock"], server), daemon=True).start()
    server.wait()
    if job["temporary"] is not None:
        with contextlib.suppress(OSError):
            Path(job["temporary"]).rmdir()
    _note(job, f"{os.getpid()} {server.returncode}\n")


def _note(job: Job, text: str) -> None:
    os.ftruncate(job["supervisor_lock"], 0)
    os.pwrite(job["supervisor_lock"], text.encode(), 0)


def _die_with(supervisor: int) -> Callable[[], None]:
    """Return a function to run before the server's program, to interrupt the server when this process dies."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        if prctl(PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != supervisor:
            os._exit(1)

    return ask


def _stop_when_unused(users_lock: int, server: "subprocess.Popen[bytes]") -> None:
    fcntl.flock(users_lock, fcntl.LOCK_EX)
    server.send_signal(signal.SIGINT)
    time.sleep(FAST_SECONDS)
    server.send_signal(signal.SIGQUIT)


if __name__ == "__main__":
    main()
