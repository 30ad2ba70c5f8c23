"""The library's PostgreSQL datastore on the ledger's own URL, settings and roles."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import psycopg
from eventsourcing.persistence import OperationalError
from eventsourcing.postgres import PostgresDatastore
from psycopg.rows import tuple_row

from ledger.store.database import connection_arguments, judge_session, session_query, session_settings

GUEST_SCHEMA = "guests"
"""The schema in which guest projections keep their tables."""
Role = Literal["ledger_projector", "ledger_guest", "ledger_writer"]


class LedgerDatastore(PostgresDatastore):
    """Pool of connections in one of the ledger's roles, with text originator ids and single-row tracking.

    The library creates tables only in `GUEST_SCHEMA`. Each connection is checked for its role and settings.
    """

    def __init__(self, url: str, role: Role, *, pool_size: int = 2, max_overflow: int = 8) -> None:
        self._settings, self._is_checked = session_settings(role), False
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
        self._arguments = connection_arguments(url, self._settings)
        kwargs: dict[str, Any] = {"row_factory": psycopg.rows.dict_row, **self._arguments}
        self.pool.conninfo, self.pool.kwargs = url, kwargs

    def after_connect_func(self) -> Callable[[psycopg.Connection[Any]], None]:
        """Return the function that checks each new connection of the pool."""
        settings = self._settings  # the library advises against a bound method, which the pool would keep
        return lambda connection: _check(connection, settings)

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[Any]]:
        """Yield a connection of the pool.

        Raises:
            OperationalError: The database cannot be reached.
            LedgerError: A pooler or the server drops the role or the settings of connections.
        """
        if not self._is_checked:  # the pool itself repeats what fails, and then only says that time is up
            self.listening_connection().close()
            self._is_checked = True
        with super().get_connection() as connection:
            yield connection

    def listening_connection(self) -> psycopg.Connection[Any]:
        """Return a separate connection for LISTEN, outside the pool.

        Raises:
            OperationalError: The database cannot be reached.
            LedgerError: A pooler or the server drops the role or the settings of the connection.
        """
        try:
            connection = psycopg.connect(self.url, **self._arguments)
            try:
                _check(connection, self._settings)
            except BaseException:
                connection.close()
                raise
        except psycopg.OperationalError as error:
            raise OperationalError(str(error)) from error
        return connection


def _check(connection: psycopg.Connection[Any], settings: Mapping[str, str]) -> None:
    statement, names = session_query(settings)
    with connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(statement.encode(), (names,)).fetchone()
    judge_session(connection, settings, row)
