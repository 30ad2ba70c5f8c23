"""Open the database of the settings: an embedded server, or another that is migrated already."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from api.settings import Settings
from ledger.domain.errors import LedgerError
from ledger.embedded import EmbeddedPostgres, EmbeddedPostgresError
from ledger.store.database import migrate, pending
from ledger.store.service_login import check_login

WATCH_SECONDS = 1.0
"""Seconds between checks that the embedded server runs, and before failed work starts again."""
StatusCallback = Callable[[str], None]


def _silent(_line: str) -> None:
    pass


class Database:
    """The database that the settings name, opened with a current schema."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url
        self._embedded = None if self._url else EmbeddedPostgres(settings.data)

    async def open(self, progress: StatusCallback = _silent) -> str:
        """Return the URL of the database once it can be used.

        An embedded database is started and migrated. An operator runs `ledger migrate` for any other database.

        Raises:
            LedgerError: The database cannot be used; the message says what to do.
        """
        if self._embedded is not None:
            try:
                url = await asyncio.to_thread(self._embedded.start, progress)
            except EmbeddedPostgresError as error:
                raise LedgerError(str(error)) from error
            await migrate(url, lambda name: progress(f"ran {name}"))
            return url
        url = self._url or ""
        waiting = await pending(url)
        if waiting:
            raise LedgerError(
                f"the database lacks {len(waiting)} migrations, the first is {waiting[0]}; "
                "run ledger migrate as the administrator"
            )
        return url

    async def check_login(self) -> list[str]:
        """Return a warning for each right that the database login should not have; empty for an embedded server.

        Raises:
            LedgerError: The login lacks a right.
        """
        return await check_login(self._url) if self._url else []

    async def keep_running(self) -> None:
        """Restart the embedded server whenever it was killed, until cancelled; without such a server, return."""
        while self._embedded is not None:
            await asyncio.sleep(WATCH_SECONDS)
            if self._embedded.pid is None:
                with suppress(EmbeddedPostgresError):  # the next look tries again; its log has the server's words
                    await asyncio.to_thread(self._embedded.ensure_running)

    def close(self) -> None:
        """Leave the database; an embedded server stops when nobody uses it."""
        if self._embedded is not None:
            self._embedded.close()
