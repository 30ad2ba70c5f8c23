"""States of notices in memory, by which the access of a request's reader is judged.

Reading a notice's head takes a round trip, and the request's database snapshot sees the head anyway. The request's
answer is released only if the request's snapshots have seen the heads of these states.
"""

from ledger.append.committed_state import CommittedStates
from ledger.domain.state import State


class Unconfirmed(Exception):
    """A reader cannot be judged from memory: the head has moved, or no snapshot shows it."""


class RecalledStates:
    """States in memory that one request is judged by, and the heads that its database snapshots have seen."""

    def __init__(self, states: CommittedStates) -> None:
        self._states = states
        self._judged: set[tuple[str, int, bytes]] = set()
        self._seen: set[tuple[str, int, bytes]] = set()

    async def current(self, notice: str) -> State:
        """Return the notice's state as last read. Use it before awaiting anything, since later reads change it.

        Raises:
            Unconfirmed: No state is in memory, or that state is known to be outdated.
        """
        folded = self._states.recall(notice)
        if folded is None:
            raise Unconfirmed
        self._judged.add((notice, folded.state.position, folded.root_hash))
        return folded.state

    def confirm(self, notice: str, size: int, root_hash: bytes) -> None:
        """Compare the head that a database snapshot has seen with the state by which the reader was judged.

        Raises:
            Unconfirmed: The reader was not judged by the state at this head.
        """
        self._seen.add((notice, size, root_hash))
        if {head for head in self._judged if head[0] == notice} != {(notice, size, root_hash)}:
            raise Unconfirmed

    @property
    def are_confirmed(self) -> bool:
        """True if the request's database snapshots have seen the heads of all these states, and no other head."""
        return self._judged == self._seen
