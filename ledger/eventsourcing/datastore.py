"""The library's PostgreSQL datastore on the ledger's own URL, settings and roles."""

from typing import Any, Literal

import psycopg
from eventsourcing.persistence import OperationalError
from eventsourcing.postgres import PostgresDatastore

from ledger.store.database import connection_arguments, session_settings

GUEST_SCHEMA = "guests"
"""The schema in which guest projections keep their tables."""
Role = Literal["ledger_projector", "ledger_guest", "ledger_writer"]


class LedgerDatastore(PostgresDatastore):
    """Pool of connections in one of the ledger's roles, with text originator ids and single-row tracking.

    The library creates tables only in `GUEST_SCHEMA`.
    """

    def __init__(self, url: str, role: Role, *, pool_size: int = 2, max_overflow: int = 8) -> None:
        super().__init__(
            dbname="",
            host="",
            port="",
            user="",
            password="",
            schema=GUEST_SCHEMA,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pre_ping=True,  # a pool may hold more connections of a lost server than there are attempts
            originator_id_type="text",
        )
        self.url, self.role = url, role
        self._arguments = connection_arguments(url, session_settings(role))
        kwargs: dict[str, Any] = {"row_factory": psycopg.rows.dict_row, **self._arguments}
        self.pool.conninfo, self.pool.kwargs = url, kwargs

    def listening_connection(self) -> psycopg.Connection[Any]:
        """Return a separate connection for LISTEN, outside the pool.

        Raises:
            OperationalError: The database cannot be reached.
        """
        try:
            return psycopg.connect(self.url, **self._arguments)
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error
