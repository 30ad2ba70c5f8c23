"""One notice's share of a batch: each fact judged against the state so far, given its position and its bytes.

No I/O. What comes out is rows ready to store; the state has then been moved past them, so that a caller whose
store fails has to forget the state.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct, field

from ledger.append.fold import FoldedState
from ledger.append.receipt import Receipt
from ledger.domain.areas.people import Credential, authorise
from ledger.domain.entry import Entry
from ledger.domain.errors import Refusal, Refused
from ledger.domain.fact import When
from ledger.domain.registry import KINDS
from ledger.domain.state import State, admit, evolve
from ledger.intake.envelope import MAXIMUM_BYTES, Envelope, encoder, from_envelope
from ledger.intake.parse import SubmittedFact, SubmittedFile, SubmittedNarrative
from ledger.proof.merkle import leaf_hash
from ledger.store.entries import EntryRow, Head

Clock = Callable[[], datetime]
AHEAD = timedelta(seconds=60)
"""How far a fact's own time may lie ahead of the ledger's clock."""
_STEP = timedelta(microseconds=1)


def now() -> datetime:
    """The clock of a real ledger."""
    return datetime.now(UTC)


class AppendRequest(Struct):
    """What one caller submitted together, and what is answered for each of it."""

    notice: str
    credential: Credential
    items: list[SubmittedFact]
    expected: int | None = None
    """The position that the first item must be recorded after."""
    strict: bool = False
    answers: list[Receipt | Refused | None] = field(default_factory=list)


class BatchShare(Struct):
    """The rows of one notice in a batch, before they are stored."""

    size: int
    """How many entries the notice had."""
    rows: list[EntryRow] = field(default_factory=list)
    texts: list[tuple[int, SubmittedNarrative]] = field(default_factory=list)
    files: list[tuple[int, SubmittedFile]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    placed: dict[tuple[str, str], tuple[Envelope, SubmittedFact, int]] = field(default_factory=dict)
    """(source, id) → what was placed under that key in this very batch, and the index of its row."""


class Placement:
    """Judges and places items one after the other."""

    def __init__(self, notice: str, folded: FoldedState, clock: Clock) -> None:
        self.notice = notice
        self.state: State = folded.state
        self.folded = folded
        self.clock = clock
        self.share = BatchShare(folded.state.position)
        last = folded.state.recorded_at
        at = clock()
        self.at = at if last is None or at > last else last + _STEP
        """The instant at which the next item is recorded."""
        self._bodies: list[bytes] = []
        self._envelopes: list[Envelope] = []

    def judge(self, item: SubmittedFact, credential: Credential) -> str | Refused:
        """The role in which the item may be recorded now, or why it may not."""
        kind = KINDS[item.type]
        who = authorise(self.state, credential, kind.name, item.type, item.source, self.at)
        if isinstance(who, Refusal):
            return Refused((who,))
        if item.time is not None and item.time > self.at + AHEAD:
            return Refused.because(
                "TIME_AHEAD",
                f"the time lies ahead of the ledger's clock, {self.at:%Y-%m-%dT%H:%M:%SZ}; "
                "record it once it has happened",
                "time",
            )
        refusals = [*admit(self.state, item.fact, who, When(item.time or self.at, self.at))]
        if item.clauses:
            refusals += self._unknown_clauses(item.clauses.split())
        return Refused(refusals) if refusals else who.role

    def _unknown_clauses(self, named: list[str]) -> Iterator[Refusal]:
        """A refusal for each clause that the notice lacks, once its clauses are registered."""
        clauses = self.state.notice.clauses
        for name in named:
            if clauses and name not in clauses:
                there = ", ".join(clauses)
                yield Refusal("NOT_FOUND", f"the notice has no clause {name}; its clauses are {there}", "clauses")

    def place(self, item: SubmittedFact, credential: Credential, role: str) -> None:
        """Gives the item the next position and folds it in; raises Refused when the entry would be too large."""
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
            recordedat=self.at,
            actor=credential.actor,
            actorrole=role,
            nonce=b64encode(os.urandom(16)).decode(),
            datacontenttype="application/json",
            data=msgspec.Raw(item.data),
        )
        body = encoder.encode(envelope)
        if len(body) > MAXIMUM_BYTES:
            raise Refused.because(
                "TOO_LARGE",
                f"the entry would have {len(body):,} bytes, of at most {MAXIMUM_BYTES:,}; "
                "split it, or submit evidence",
                "data",
            )
        entry = from_envelope(envelope, item.fact)
        evolve(self.state, entry)
        share = self.share
        share.placed[item.source, item.id] = (envelope, item, len(self._bodies))
        share.entries.append(entry)
        share.texts += ((position, text) for text in item.texts)
        if item.file is not None:
            share.files.append((position, item.file))
        self._bodies.append(body)
        self._envelopes.append(envelope)
        self.at += _STEP

    def finish(self) -> Head:
        """Hashes what was placed; the new head. `share.rows` are then ready to store."""
        leaves = [leaf_hash(body) for body in self._bodies]
        frontier = self.folded.frontier
        roots = frontier.extend_with_roots(leaves)
        self.share.rows = [
            EntryRow(e.position, e.source, e.id, e.type, e.recordedat, leaf, root, body)
            for e, leaf, root, body in zip(self._envelopes, leaves, roots, self._bodies, strict=True)
        ]
        last = self.share.rows[-1]
        return Head(last.position, last.root_hash, frontier.to_bytes(), last.recorded_at)
