"""Which operating-system user runs the server, and what that user can reach. Standard library only.

PostgreSQL refuses to run as root, so root hands the server to another user; anybody else runs it themselves.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.embedded.errors import EmbeddedPostgresError

CANDIDATES = ("postgres", "nobody")


def name_of(uid: int) -> str | None:
    """The user name of a numeric user id, or None when the id has no passwd entry."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


@dataclass(frozen=True)
class Account:
    """The operating-system user that owns the data and runs the server."""

    uid: int
    gid: int

    @property
    def foreign(self) -> bool:
        """Whether we are root and run the server as somebody else."""
        return os.geteuid() == 0

    @property
    def label(self) -> str:
        """How to name this user in a message."""
        return name_of(self.uid) or f"uid {self.uid}"

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Runs a program as this user, with no supplementary groups and a bare environment.

        Raises OSError when the user cannot execute it.
        """
        return subprocess.run(
            command,
            user=self.uid if self.foreign else None,
            group=self.gid if self.foreign else None,
            extra_groups=[self.gid] if self.foreign else None,
            env=bare_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def can_enter(self, directory: Path) -> bool:
        """Whether this user can enter a directory: tried, since modes alone do not tell (ACLs, mounts)."""
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory]).returncode == 0

    def can_read(self, file: Path) -> bool:
        """Whether this user can read a file, tried likewise."""
        return self.run(["/bin/sh", "-c", 'test -r "$1"', "sh", file]).returncode == 0

    def give(self, path: Path) -> None:
        """Makes this user the owner of a path that we have just created."""
        if self.foreign:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def bare_environment() -> dict[str, str]:
    """What PostgreSQL's programs get: none of the caller's PG* variables, messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def choose(data: Path) -> Account:
    """The account for the cluster in `data`: as root the owner of existing data, else a user that exists."""
    owner = data.stat() if holds_cluster(data) else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise EmbeddedPostgresError(
                f"{data} belongs to {Account(owner.st_uid, owner.st_gid).label}: run as that user, "
                "or set LEDGER_DATA to a directory of your own."
            )
        return Account(os.geteuid(), os.getegid())
    if owner is not None:
        if owner.st_uid == 0:
            raise EmbeddedPostgresError(
                f"{data} belongs to root, as which PostgreSQL refuses to run: "
                "give it back with chown -R to the user that owned it (usually postgres)."
            )
        return Account(owner.st_uid, owner.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL refuses to run as root, and this machine has neither a user postgres nor nobody: "
        "add one, run as an ordinary user, or set LEDGER_DATABASE_URL."
    )


def holds_cluster(data: Path) -> bool:
    """Whether the data directory is there and not empty."""
    return data.is_dir() and any(data.iterdir())
