"""The ledger's own snapshots of folded states, behind the library's interface."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from eventsourcing.persistence import AggregateRecorder, StoredEvent

from ledger.domain.state import State
from ledger.eventsourcing.mapper import SNAPSHOT_TOPIC
from ledger.eventsourcing.recording import WriterThread

LARGEST_POSITION = 2**31 - 1


class SnapshotRecorder(AggregateRecorder):
    """Recorder of one notice's latest snapshot. Older snapshots are not kept, so a version may lack a snapshot."""

    def __init__(self, notice: str, writer: WriterThread) -> None:
        self.notice = notice
        self._writer = writer

    def insert_events(self, stored_events: Sequence[StoredEvent], **_kwargs: object) -> None:
        """Store each snapshot, unless one of the same or a later position is stored already.

        Raise the errors of `WriterThread.write_snapshot`.
        """
        for event in stored_events:
            self._writer.write_snapshot(msgspec.json.decode(event.state, type=State))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,  # noqa: ARG002 (there is one at most)
        limit: int | None = None,  # noqa: ARG002
    ) -> Sequence[StoredEvent]:
        """Return the snapshot after `gt` up to `lte` as a stored event; empty without such a snapshot.

        Raise the errors of `WriterThread.snapshot`.
        """
        if originator_id != self.notice:
            return []
        state = self._writer.snapshot(LARGEST_POSITION if lte is None else lte)
        if state.position <= (gt or 0):
            return []
        return [StoredEvent(self.notice, state.position, SNAPSHOT_TOPIC, msgspec.json.encode(state))]
