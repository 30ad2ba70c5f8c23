"""One notice's share of a batch: facts are judged, and admitted facts get a position and bytes, then are stored.

Placing a fact advances the state. If storing then fails, the caller must discard that state.
"""

import os
from base64 import b64encode
from datetime import timedelta

import msgspec

from ledger.append.clock import Clock, MachineClock
from ledger.append.fold import FoldedState
from ledger.append.outcome import AppendRequest, Doubtful, Outcome, Placed, Repeated
from ledger.append.repetition import StoredKeys, attachments_of, repeated
from ledger.domain.areas.evidence import EvidenceErased
from ledger.domain.areas.records import NarrativeErased
from ledger.domain.attributes import clause_refusals, time_refusals
from ledger.domain.authorisation import Credential, authorise
from ledger.domain.entry import Entry
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fact import When
from ledger.domain.registry import KINDS
from ledger.domain.state import State, admit, evolve
from ledger.intake.envelope import MAXIMUM_BYTES, Envelope, encoder, from_envelope
from ledger.intake.parse import SubmittedFact, SubmittedFile, SubmittedNarrative
from ledger.proof.merkle import leaf_hash
from ledger.store import entries as store
from ledger.store.entries import EntryRow, Guard, Head
from ledger.store.writer_connections import RecordingConnection

_STEP = timedelta(microseconds=1)


class Placement:
    """The share of one notice in a batch."""

    def __init__(self, notice: str, folded: FoldedState, clock: Clock) -> None:
        self.notice = notice
        self.folded = folded
        self.state = folded.state
        """The notice's state after the facts placed so far."""
        self.size = folded.state.position
        """Number of entries before this batch."""
        self._root_hash = folded.root_hash
        self.entries: list[Entry] = []
        self.rows: list[EntryRow] = []
        """Rows of `entries`; empty until `store` is called."""
        last = folded.state.recorded_at
        at = clock()
        self._clock = at if isinstance(clock, MachineClock) else None
        self._at = at if last is None or at > last else last + _STEP
        self._narratives: list[tuple[int, SubmittedNarrative]] = []
        self._files: list[tuple[int, SubmittedFile]] = []
        self._placed: dict[tuple[str, str], tuple[Envelope, SubmittedFact, Placed]] = {}
        self._bodies: list[bytes] = []
        self._envelopes: list[Envelope] = []

    def take(self, request: AppendRequest, stored: StoredKeys | None) -> list[Outcome]:
        """Judge the facts of a request, and place each fact that may be recorded.

        Args:
            request: Facts from one caller, in order.
            stored: Entries already stored under the facts' keys; None if the keys have not been looked up yet.

        Returns:
            One outcome per fact, in the same order. An outcome is doubtful only before the keys are looked up.

        Raises:
            Damaged: A stored entry cannot be read.
        """
        if request.strict:
            trial = self._trial(request, stored)
            if any(isinstance(outcome, Refused) for outcome in trial):
                message = "another event of this strict batch was refused, so none is recorded"
                spared = Refused.because("NOT_RECORDED", message)
                return [outcome if isinstance(outcome, Refused) else spared for outcome in trial]
        outcomes: list[Outcome] = []
        expected = request.expected
        for item in request.items:
            outcomes.append(self._outcome(item, request.credential, expected, stored))
            expected = None
        return outcomes

    def _trial(self, request: AppendRequest, stored: StoredKeys | None) -> list[Outcome]:
        """Return the outcomes that the facts would get, by placing them on a copy of the state."""
        state = msgspec.convert(msgspec.to_builtins(self.state), State)
        at = self._at
        trial = Placement(self.notice, FoldedState(state, self.folded.frontier.copy()), lambda: at)
        return trial.take(msgspec.structs.replace(request, strict=False), stored)

    def _outcome(
        self, item: SubmittedFact, credential: Credential, expected: int | None, stored: StoredKeys | None
    ) -> Outcome:
        """Judge one fact, place it if allowed, and return its outcome.

        A caller without rights must not learn whether a key is used.

        Raise Damaged if a stored entry cannot be read.
        """
        judged = self.judge(item, credential)
        if isinstance(judged, Refused) and judged.refusals[0].code == "FORBIDDEN":
            return judged
        earlier = (stored.outcome(item) if stored is not None else None) or self._repeated(item)
        if earlier is not None:
            return earlier
        if expected is not None and expected != self.state.position:
            judged = self._unexpected(expected)
        outcome = judged if isinstance(judged, Refused) else self._place(item, credential, judged)
        return Doubtful(outcome) if stored is None and isinstance(outcome, Refused) else outcome

    def judge(self, item: SubmittedFact, credential: Credential) -> str | Refused:
        """Return the role in which a fact may be recorded now, or its refusal."""
        kind = KINDS[item.type]
        who = authorise(self.state, credential, kind.name, item.type, item.source, self._at)
        if isinstance(who, Refusal):
            return Refused((who,))
        ahead = tuple(time_refusals(item.time, self._at))
        if ahead:
            return Refused(ahead)
        refusals = [*admit(self.state, item.fact, who, When(item.time or self._at, self._at))]
        if item.clauses:
            refusals += clause_refusals(self.state.notice, item.clauses.split())
        return Refused(refusals) if refusals else who.role

    def _repeated(self, item: SubmittedFact) -> Repeated | Refused | None:
        """Return the outcome of a fact whose key was placed in this batch; None for any other fact."""
        earlier = self._placed.get((item.source, item.id))
        if earlier is None:
            return None
        envelope, first, placed = earlier
        return repeated(envelope, attachments_of(first), item, placed)

    def refold(self, state: State) -> None:
        """Replace the state with a state that was folded again after a correction."""
        self.state = self.folded.state = state

    def _unexpected(self, expected: int) -> Refused:
        return Refused.because(
            "EXPECTED_POSITION",
            f"the ledger is at position {self.state.position}, not {expected}; "
            "read the entries recorded since then, and decide again",
        )

    def _place(self, item: SubmittedFact, credential: Credential, role: str) -> Placed | Refused:
        """Give a fact the next position and fold it into the state, or refuse an entry that is too large."""
        position = self.state.position + 1
        envelope = Envelope(
            specversion="1.0",
            id=item.id,
            source=item.source,
            type=item.type,
            subject=item.subject,
            time=item.time,
            clauses=item.clauses,
            confirm=item.confirm,
            ledger=self.notice,
            position=position,
            recordedat=self._at,
            actor=credential.actor,
            actorrole=role,
            nonce=b64encode(os.urandom(16)).decode(),
            datacontenttype="application/json",
            data=msgspec.Raw(item.data),
        )
        body = encoder.encode(envelope)
        if len(body) > MAXIMUM_BYTES:
            return Refused.because(
                "TOO_LARGE",
                f"the entry would have {len(body):,} bytes, of at most {MAXIMUM_BYTES:,}; "
                "split it, or submit evidence",
                "data",
            )
        entry = from_envelope(envelope, item.fact)
        evolve(self.state, entry)
        placed = Placed(len(self._bodies))
        self._placed[item.source, item.id] = (envelope, item, placed)
        self.entries.append(entry)
        self._narratives += ((position, text) for text in item.narratives)
        if item.file is not None:
            self._files.append((position, item.file))
        self._bodies.append(body)
        self._envelopes.append(envelope)
        self._at += _STEP
        return placed

    async def store(self, connection: RecordingConnection) -> bool:
        """Store the placed facts in the database.

        Returns:
            True if they were stored. False if another process has recorded entries of the notice, or the clock
            differs from the database's, so that nothing was stored.
        """
        head = self._hash()
        erasing = [entry.position for entry in self.entries if isinstance(entry.fact, NarrativeErased)]
        destroying = [entry.position for entry in self.entries if isinstance(entry.fact, EvidenceErased)]
        if not (erasing or destroying or self._files):
            return await self._write(connection, head)
        async with connection.transaction():
            if not await self._write(connection, head):
                return False
            for position in erasing:
                await store.erase_narratives(connection, self.notice, position)
            for position, file in self._files:
                await store.add_file(connection, self.notice, position, file)
            for position in destroying:
                await store.erase_file(connection, self.notice, position)
        return True

    async def _write(self, connection: RecordingConnection, head: Head) -> bool:
        guard = Guard(self.size, self._root_hash, self._clock)
        return await store.write(connection, self.notice, guard, head, self.rows, self._narratives)

    def _hash(self) -> Head:
        """Hash the entries into rows, and return the new head."""
        leaves = [leaf_hash(body) for body in self._bodies]
        frontier = self.folded.frontier
        roots = frontier.extend_with_roots(leaves)
        self.rows = [
            EntryRow(e.position, e.source, e.id, e.type, e.recordedat, leaf, root, body)
            for e, leaf, root, body in zip(self._envelopes, leaves, roots, self._bodies, strict=True)
        ]
        last = self.rows[-1]
        self.folded.root_hash = last.root_hash
        return Head(last.position, last.root_hash, frontier.to_bytes(), last.recorded_at)
