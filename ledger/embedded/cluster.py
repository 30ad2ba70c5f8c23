"""Create the cluster, its access rules and its settings.

The server listens on a Unix socket only, of mode 700 in a directory of mode 700. That alone keeps other users of
the machine out. In addition, the server asks the kernel for the caller (peer authentication). It maps root and its
own user to any database role, so an opened directory does not open the database. There is no password that could
leak.

Peer authentication looks the caller up in the passwd file, and mapping to *any* role needs PostgreSQL 16. A user
id without an entry, and an older server, rely on the permissions alone.
"""

import os
import pwd
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ledger.embedded.account import Account, holds_cluster, name_of
from ledger.embedded.binaries import Binaries
from ledger.embedded.errors import EmbeddedPostgresError
from ledger.embedded.places import open_own

SUPERUSER = "postgres"
PORT = 5432
PEER_MAP_MAJOR = 16
BUILTIN_LOCALE_MAJOR = 17

# The server's log must not contain narratives: statements and failing rows are not logged.
SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
}


def create(home: Path, account: Account, binaries: Binaries, *, durable: bool) -> None:
    """Create the cluster `home/data` unless it exists, complete or not at all.

    An interrupted attempt leaves only `data.new-*`.

    Raises:
        EmbeddedPostgresError: initdb failed, or the cluster is of another version of PostgreSQL.
    """
    data = home / "data"
    for abandoned in home.glob("data.new-*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    if holds_cluster(data):
        _check_version(data, binaries)
        return
    new = Path(tempfile.mkdtemp(dir=home, prefix="data.new-"))
    account.give(new)
    answer = account.run(_initdb(new, account, binaries) + ([] if durable else ["--no-sync"]))
    if answer.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        nameless = f" ({account.label} has no passwd entry, which initdb needs: add one)"
        raise EmbeddedPostgresError(
            f"initdb could not make a database in {data}: {answer.stderr.strip()}"
            f"{nameless if name_of(account.uid) is None else ''}; fix that, or set LEDGER_DATA."
        )
    new.rename(data)
    _sync_directory(home)


def _initdb(new: Path, account: Account, binaries: Binaries) -> list[str | Path]:
    """Return the command that creates a cluster: UTF-8, checksums, code point order in any locale."""
    command = [*_with_a_name(account), binaries.directory / "initdb", "-D", new, "-U", SUPERUSER]
    command += ["--encoding=UTF8", "--data-checksums", "--auth-local=peer", "--auth-host=reject"]
    if binaries.major >= BUILTIN_LOCALE_MAJOR:
        return [*command, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return [*command, "--locale=C.UTF-8"]


def _with_a_name(account: Account) -> list[str | Path]:
    """Return initdb's command prefix: a user namespace if the account has no passwd entry, else nothing."""
    if name_of(account.uid) is not None:
        return []
    named = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0), account.uid)
    return ["unshare", "--user", f"--map-user={named}"]


def _check_version(data: Path, binaries: Binaries) -> None:
    try:
        major = int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError):
        raise EmbeddedPostgresError(
            f"{data} is not empty but holds no PostgreSQL database: move it away, or set LEDGER_DATA."
        ) from None
    if major != binaries.major:
        raise EmbeddedPostgresError(
            f"{data} was written by PostgreSQL {major}, but the programs in {binaries.directory} are of "
            f"{binaries.major}: carry it over with pg_upgrade, or install the version that wrote it."
        )


def write_access_rules(home: Path, account: Account, binaries: Binaries) -> None:
    """Write the access rules outside the data directory, so that the server cannot change them."""
    name = name_of(account.uid)
    if name is None or binaries.major < PEER_MAP_MAJOR:
        _write(home / "hba.conf", "local all all trust\n", account)
        _write(home / "ident.conf", "", account)
        return
    users = dict.fromkeys(filter(None, (name_of(0), name)))
    _write(home / "hba.conf", "local all all peer map=ledger\n", account)
    _write(home / "ident.conf", "".join(f'ledger "{user}" all\n' for user in users), account)


def _write(path: Path, text: str, account: Account) -> None:
    descriptor = open_own(path, os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(descriptor, "w") as file:
        if account.foreign:
            os.fchown(descriptor, -1, account.gid)
        os.fchmod(descriptor, 0o640)
        file.write(text)


def server_command(home: Path, run: Path, binaries: Binaries, options: Mapping[str, str]) -> list[str]:
    """Return the server's command line. Its privacy settings come last, so no option overrides them."""
    private = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(run),
        "unix_socket_permissions": "0700",
        "hba_file": str(home / "hba.conf"),
        "ident_file": str(home / "ident.conf"),
        "cluster_name": cluster_tag(home),
    }
    command = [str(binaries.directory / "postgres"), "-D", str(home / "data")]
    for key, value in (SETTINGS | dict(options) | private).items():
        command += ["-c", f"{key}={value}"]
    return command


def cluster_tag(home: Path) -> str:
    """Return the tag in the command lines of this cluster's processes.

    A cluster moved within its file system has the same tag; a copy of the cluster has another tag.
    """
    status = (home / "data").stat()
    return f"ledger-{status.st_dev:x}-{status.st_ino:x}"


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
