"""Choose the operating system user that runs the server, and test its access.

PostgreSQL refuses to run as root, so root hands the server to another user. Any other user runs the server
directly.
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
    """Return the name of a user id; None without a passwd entry."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


@dataclass(frozen=True)
class Account:
    """Operating system user that owns the data and runs the server."""

    uid: int
    gid: int

    @property
    def foreign(self) -> bool:
        """True if this process is root and runs the server as another user."""
        return os.geteuid() == 0

    @property
    def label(self) -> str:
        """Name of the user in messages."""
        return name_of(self.uid) or f"uid {self.uid}"

    def run(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run a program as this user, with a bare environment and, for root, none of root's groups.

        Raise OSError if the user cannot execute it.
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
        """Return whether this user can enter a directory, by trying: modes do not show ACLs and mounts.

        Raise the errors of `run`.
        """
        return self.run(["/bin/sh", "-c", 'cd -- "$1"', "sh", directory]).returncode == 0

    def can_read(self, file: Path) -> bool:
        """Return whether this user can read a file, by trying. Raise the errors of `run`."""
        return self.run(["/bin/sh", "-c", 'test -r "$1"', "sh", file]).returncode == 0

    def give(self, path: Path) -> None:
        """Make this user the owner of a path that was just created."""
        if self.foreign:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def bare_environment() -> dict[str, str]:
    """Return the environment of PostgreSQL's programs: none of the caller's PG* variables, messages in English."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


def choose(data: Path) -> Account:
    """Return the account for the cluster in `data`.

    For root, this is the owner of existing data, or else the user `postgres` or `nobody`.

    Raises:
        EmbeddedPostgresError: The data has another owner or belongs to root, or no user exists for root.
    """
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
    """Return whether the data directory exists and has content."""
    return data.is_dir() and any(data.iterdir())
