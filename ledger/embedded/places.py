"""Find and create the directories of the cluster, and control who may reach them.

Inside LEDGER_DATA, `postgres/` (the *anchor*) always has the locks and the log. The *home* has the cluster:

- `data/`: the cluster itself, owned by the server's user, mode 700.
- `run`: the socket's directory, mode 700. It links into the temporary directory if its path is too long for a Unix
  socket or has a comma. (libpq splits hosts at commas.)
- `hba.conf`, `ident.conf`: the access rules.

Home is the anchor, unless root runs the server as a user who cannot enter it (a checkout under /root). This code
never opens other users' directories. Home is then a directory of its own under the system directory. It has a
random name, which is in the file `elsewhere` of the anchor. So a moved anchor still finds its home. After an
anchor is deleted, a new anchor starts with an empty database.
"""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from ledger.embedded.account import Account, holds_cluster
from ledger.embedded.errors import EmbeddedPostgresError

SYSTEM_DIRECTORY = Path("/var/lib/improvement-ledger")
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107


def home_of(anchor: Path) -> Path:
    """Return the directory of this anchor's cluster, even before it exists."""
    try:
        return Path((anchor / "elsewhere").read_text().rstrip("\n"))
    except FileNotFoundError:
        return anchor


def settle(anchor: Path, account: Account, system_directory: Path) -> Path:
    """Choose the cluster's home, create it if absent, let the server's user enter it, and return it.

    Raises:
        EmbeddedPostgresError: The user cannot reach the home, or the anchor is a copy of another anchor.
    """
    home = home_of(anchor)
    if home != anchor:
        _claim(home, anchor)
        return home
    _let_pass(anchor, account)
    if account.can_enter(anchor):
        return anchor
    if holds_cluster(anchor / "data"):
        raise EmbeddedPostgresError(
            f"{anchor / 'data'} cannot be reached by {account.label}, who runs its server: move "
            "LEDGER_DATA to where every directory above it can be entered by that user."
        )
    make_system_directory(system_directory)
    home = Path(tempfile.mkdtemp(dir=system_directory, prefix="cluster-"))
    _let_pass(home, account)
    if not account.can_enter(home):
        raise EmbeddedPostgresError(f"{account.label} can enter neither {anchor} nor {home}: move LEDGER_DATA.")
    _replace(home / "anchor", f"{anchor}\n")
    _replace(anchor / "elsewhere", f"{home}\n")
    return home


def make_system_directory(directory: Path) -> None:
    """Create the directory for files that the server's user cannot reach elsewhere; passable under any umask."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError:
        return
    directory.chmod(0o755)


def _claim(home: Path, anchor: Path) -> None:
    """Store an anchor's present path in its home, if the anchor was moved.

    Raises:
        EmbeddedPostgresError: The home is missing, or two ledgers would share it because the anchor was copied.
    """
    if not home.is_dir():
        raise EmbeddedPostgresError(
            f"{anchor / 'elsewhere'} says that the database is in {home}, which is not there: "
            "restore that directory, or remove the file to start an empty database."
        )
    known = Path((home / "anchor").read_text().rstrip("\n"))
    if known == anchor:
        return
    if known.is_dir() and home_of(known) == home:
        raise EmbeddedPostgresError(
            f"{anchor} is a copy of {known}, and the database of both is in {home}: "
            f"remove {anchor / 'elsewhere'} to start an empty database here."
        )
    _replace(home / "anchor", f"{anchor}\n")


def _let_pass(directory: Path, account: Account) -> None:
    """Let the server's group enter (not list) a directory if root owns it; leave other directories alone."""
    if account.foreign and directory.stat().st_uid == 0:
        os.chown(directory, -1, account.gid)
        directory.chmod(0o710)


def open_own(path: Path, flags: int) -> int:
    """Open a file, but never through a link, and return its descriptor.

    A new file has mode 600 and belongs to the directory's owner.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        os.fchown(descriptor, path.parent.stat().st_uid, -1)
    return descriptor


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.new")
    partial.write_text(text)
    partial.rename(path)


def socket_directory(home: Path) -> Path:
    """Return the directory of the server's socket, as a client names it."""
    run = home / "run"
    return run.readlink() if run.is_symlink() else run


def make_socket_directory(home: Path, account: Account) -> Path:
    """Create or check the private directory for the socket, and return it.

    Raises:
        EmbeddedPostgresError: Neither the home nor the temporary directory can have the socket.
    """
    run = home / "run"
    if _fits(run):
        if run.is_symlink():
            run.unlink()
        if not run.exists():
            run.mkdir(mode=0o700)
            account.give(run)
        return run
    if run.is_symlink():
        if _is_private(run.readlink(), account):
            return run.readlink()
        run.unlink()
    elif run.is_dir():
        shutil.rmtree(run)
    directory = Path(tempfile.mkdtemp(prefix="ledger-"))
    account.give(directory)
    if _fits(directory) and account.can_enter(directory):
        run.symlink_to(directory)
        return directory
    directory.rmdir()
    raise EmbeddedPostgresError(
        f"The path of a socket in {run} is over {SOCKET_PATH_BYTES} bytes or has a comma, and "
        f"{directory.parent} has the same fault or is closed to {account.label}: "
        "set LEDGER_DATA or TMPDIR to a shorter path."
    )


def _fits(run: Path) -> bool:
    return len(os.fsencode(run / SOCKET_NAME)) <= SOCKET_PATH_BYTES and "," not in str(run)


def _is_private(directory: Path, account: Account) -> bool:
    try:
        status = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == account.uid and stat.S_IMODE(status.st_mode) == 0o700
