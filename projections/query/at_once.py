"""Answers in one round trip: the statements are sent before this process knows the snapshot's position.

The statements form one transaction, which ends with the pipeline. If the outcome shows that the snapshot was not
the requested snapshot, the answers are thrown away. A query sets the notice and position of the transaction, and
no worker of a cluster would receive these settings. So a distributed database is read in two round trips, by
`Reader.at`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from ledger.domain.errors import Unavailable
from projections.query.snapshot import AsOf, Snapshot, StatementRequest, prepared, run_statements
from projections.query.standbys import Pool, take

LOOKUP = b"""SELECT f.*, (SELECT h.root_hash FROM ledger.heads h WHERE h.notice = s.notice) FROM (
        SELECT set_config('ledger.notices', $1, true) AS notice,
            set_config('plan_cache_mode', 'force_generic_plan', true),
            set_config('transaction_read_only', 'on', true)
        OFFSET 0
    ) s CROSS JOIN LATERAL views.found(s.notice, $2::text[], $3::integer[], $4::integer, $5::timestamptz) f
    WHERE set_config('ledger.position', coalesce($4::integer, f.known, f.reached)::text, true) IS NOT NULL"""
"""Query that sets the transaction's notice, returns the notice's positions, and sets the transaction's position.

The last value is the root hash at the head.
"""
_UNKNOWN = frozenset({"position", "recorded_at", "root_hash"})
"""Names of a snapshot's values that are unknown when its statements are sent."""


class AnswerAtOnce(Struct, frozen=True):
    """Answers of composed statements, and the snapshot that they come from."""

    snapshot: Snapshot
    """The snapshot, which has ended."""
    head: tuple[int, bytes]
    """Size and root hash of the notice's whole ledger, even if the snapshot is at an earlier position."""
    answers: list[tuple[bytes, int] | None]


class OneTripReader:
    """Reader that answers in one round trip, if a notice's views have reached the requested position.

    Args:
        pool: Connections to the primary.
        versions: The version of each view; a view stored by another version counts as being at position 0.
        connection_seconds: Seconds to wait for a connection.
    """

    def __init__(self, pool: Pool, versions: Mapping[str, int], connection_seconds: float) -> None:
        self._pool = pool
        self._views = [list(versions.keys()), list(versions.values())]
        self._connection_seconds = connection_seconds

    async def answer(
        self,
        notice: str,
        requests: Sequence[StatementRequest],
        *,
        as_of: AsOf,
        at_least: int | None = None,
        seconds: float | None = None,
    ) -> AnswerAtOnce | None:
        """Open a snapshot and answer composed statements.

        Args:
            notice: The notice.
            requests: The statements.
            as_of: The position, or the instant known.
            at_least: A position that the views must have reached.
            seconds: Seconds that all statements together may take; None for no limit.

        Returns:
            The answers; None if `Reader.at` has to be used. This happens if a view is behind or has stopped. It
            happens if the notice, position or instant has no entry yet, or if the connection was lost. It also
            happens if a statement needs the position, recording time or root hash of the snapshot.

        Raises:
            Unavailable: The database cannot be reached.
            LedgerError: The errors of `Snapshot.answer`.
        """
        if any(not _UNKNOWN.isdisjoint(each.parameters) for each, _, _ in requests):
            return None
        now = datetime.now(UTC)
        statements = [prepared(request, {"notice": notice, "on": now}) for request in requests]
        lookup = (LOOKUP, [notice, *self._views, as_of.position, as_of.known_at])
        connection = await take(self._pool, self._connection_seconds)
        try:
            (*row, head_root), *answers = await run_statements(connection, [lookup, *statements], seconds=seconds)
        except Unavailable:
            return None
        finally:
            await self._pool.putconn(connection)
        entry = _entry(as_of, at_least or 1, row)
        if entry is None:
            return None
        return AnswerAtOnce(Snapshot(connection, notice, entry, now, {}), (row[0], head_root), answers)


def _entry(as_of: AsOf, at_least: int, row: Sequence[Any]) -> tuple[int, datetime, bytes] | None:
    """Return the snapshot's position, and the recording time and root hash of its entry.

    None means that the snapshot is not the requested snapshot.
    """
    size, reached, stopped, known, recorded_at, root_hash = row
    if size is None or reached < at_least:
        return None
    position = reached if as_of == AsOf() else as_of.position if as_of.position is not None else known
    if position is None or not 1 <= position <= reached or any(at < position for at in stopped.values()):
        return None
    return position, recorded_at, root_hash
