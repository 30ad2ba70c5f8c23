"""A Citus cluster: databases on all of its nodes, and workers that are killed and started again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

URL = os.environ.get("LEDGER_TEST_CITUS", "")
"""A database on the coordinator; empty without a cluster."""
_numbers = count(1)


class Cluster:
    """A database of the same name on the coordinator and on each worker."""

    def __init__(self, name: str) -> None:
        with psycopg.connect(URL) as connection:
            query = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid <> 0 ORDER BY nodeport, nodename"
            self._hosts = connection.execute(query).fetchall()
        parts = conninfo_to_dict(URL)
        self.coordinator = urlsplit(URL)._replace(path=f"/{name}").geturl()
        self.workers = [make_conninfo(self.coordinator, host=host, port=port) for host, port in self._hosts]
        self._own = (parts["host"], int(parts.get("port") or 5432))

    @property
    def nodes(self) -> list[str]:
        """URLs of all nodes, the coordinator first."""
        return [self.coordinator, *self.workers]

    def add_workers(self, first: int = 0, end: int | None = None) -> None:
        """Make the cluster, or some of its workers, known to the coordinator's database."""
        with psycopg.connect(self.coordinator, autocommit=True) as connection:
            connection.execute("SELECT citus_set_coordinator_host(%s, %s)", self._own)
            for host in self._hosts[first:end]:
                connection.execute("SELECT citus_add_node(%s, %s)", host)

    def move(self, notice: str, worker: int) -> None:
        """Move the shards with a notice to another worker, as rebalancing does with many."""
        old, new = self._hosts[self.worker_of(notice)], self._hosts[worker]
        with psycopg.connect(self.coordinator, autocommit=True) as connection:
            query = "SELECT get_shard_id_for_distribution_column('ledger.heads', %s::text)"
            shard = connection.execute(query, (notice,)).fetchone() or (0,)
            connection.execute(
                "SELECT citus_move_shard_placement(%s, %s, %s, %s, %s, 'block_writes')", (*shard, *old, *new)
            )
            connection.execute("CALL citus_cleanup_orphaned_resources()")

    def worker_of(self, notice: str) -> int:
        """Return the index of the worker that has a notice."""
        with psycopg.connect(self.coordinator) as connection:
            query = """SELECT nodename, nodeport FROM pg_dist_placement JOIN pg_dist_node USING (groupid)
                WHERE shardid = get_shard_id_for_distribution_column('ledger.heads', %s::text)"""
            host = connection.execute(query, (notice,)).fetchone()
        return self._hosts.index(host or ("", 0))

    def on_each_worker(self, prefix: str) -> list[str]:
        """Return a notice of each of two workers."""
        names = {self.worker_of(name): name for name in (f"{prefix}-{number}" for number in range(50))}
        return [names[0], names[1]]


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Yield an empty database on all nodes of the cluster, and drop it afterwards."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    made = Cluster(name)
    servers = [make_conninfo(node, dbname="postgres") for node in made.nodes]
    try:
        for server, node in zip(servers, made.nodes, strict=True):
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            with psycopg.connect(node, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION citus")
        yield made
    finally:
        for server in servers:
            with psycopg.connect(server, autocommit=True) as connection:
                drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                with suppress(psycopg.errors.ObjectInUse):  # Citus' own process may hold it a moment longer
                    connection.execute(drop)


class Server:
    """The PostgreSQL server of a node on this machine."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        self._url, self._folder = url, Path(row[0] if row else "")
        pid = (self._folder / "postmaster.pid").read_text().splitlines()[0]
        self._programs = Path(f"/proc/{pid}/exe").resolve().parent
        self._port: int | None = None

    def kill(self) -> None:
        """End the server at once, as in a crash: it recovers when it starts again."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        port = () if self._port is None else ("-o", f"-p {self._port}")
        self._control("start", "-l", str(self._folder / "restart.log"), *port)

    def promote(self) -> None:
        """Make a standby a primary."""
        self._control("promote")

    def copy(self, place: Path, port: int, *, follows: bool) -> "Server":
        """Return a copy in a folder of its own for another port, not yet started: a backup, or a standby."""
        other = copy(self)
        other._folder, other._port = place / "data", port
        owner = self._folder.stat()
        os.chown(place, owner.st_uid, owner.st_gid)
        server = make_conninfo(self._url, dbname="")
        standby = ["-R"] if follows else []
        self._run("pg_basebackup", "-d", server, "-D", str(other._folder), "-X", "stream", "-c", "fast", *standby)
        return other

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._folder), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        owner = self._folder.stat() if self._folder.exists() else self._folder.parent.stat()
        environment = {**os.environ, "HOME": str(self._folder)}  # libpq looks for certificates there
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            user=owner.st_uid,
            group=owner.st_gid,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
