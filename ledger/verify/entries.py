"""The examination of one notice's record: every hash, number and link recomputed from the stored bytes.

No I/O: rows go in, in the order of their positions, and findings come out. `ledger.verify.database` reads the rows
from the database, `ledger.bundle.verify` from a bundle. This code shares only the two hash functions of
`ledger.proof.merkle` with the code that writes, so that it finds a mistake there. Memory grows with erasures and
findings (capped), not with entries.

What it cannot see by itself is a record that was rewritten whole, head and all, in agreement with itself: for that
it is given what others hold, the roots of signed checkpoints and the leaves of an earlier bundle.
"""

import json
from base64 import b64encode
from bisect import insort
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self

from ledger.proof.merkle import leaf_hash, node_hash
from ledger.verify.attachments import AttachmentExamination, ExpectedFile, FileRow, NarrativeRow
from ledger.verify.checkpoints import CheckpointExamination, CheckpointRow, TileRow
from ledger.verify.findings import Damage, Finding, NoticeReport

FINDINGS = 1_000
"""Findings kept for one notice, the first by position; all are counted."""
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
_MICROSECOND = timedelta(microseconds=1)
_DECODER = json.JSONDecoder()


class Columns(NamedTuple):
    """What stands in the database beside an entry's bytes, and repeats them."""

    source: str
    id: str
    type: str
    recorded_at: int | None
    """Microseconds since 1970; None if it is no instant."""
    leaf_hash: bytes
    root_hash: bytes


class HeadRow(NamedTuple):
    """A notice's head as its columns have it; `recorded_at` as in Columns."""

    size: int
    root_hash: bytes
    frontier: bytes
    recorded_at: int | None


class KnownCheckpoint(NamedTuple):
    """The root of the tree at a size, as somebody signed it or held it before."""

    size: int
    root_hash: bytes
    whose: str
    """What is compared, to be named in a finding: `the checkpoint of 12 entries`."""
    damage: Damage = Damage.CHECKPOINT


class EarlierCopy(NamedTuple):
    """What somebody holds of one notice's ledger, to be compared with it."""

    notice: str
    signed: tuple[KnownCheckpoint, ...] = ()
    """Roots, by their sizes."""
    leaves: Iterator[bytes] | None = None
    """The leaf hashes of entries 1, 2, 3 …; can be read once."""


class Examination:
    """Takes one notice's entries in order, what lies beside each after it, and at last the head.

    `signed`: roots to compare with those of the tree, in the order of their sizes. `leaves`: the leaf hashes of
    entries 1, 2, 3 … as somebody holds them.
    """

    def __init__(
        self, notice: str, signed: Iterable[KnownCheckpoint] = (), leaves: Iterator[bytes] | None = None
    ) -> None:
        self.notice = notice
        self.report = NoticeReport(notice)
        self.beside = AttachmentExamination(self.report, self.found)
        self.above = CheckpointExamination(notice, self.found)
        self._position = 0
        self._recorded_at: int | None = None
        self._tree = _Tree()
        self._root_agrees = True
        self._signed = iter(signed)
        self._next_signed = next(self._signed, None)
        self._leaves = leaves

    def entry(self, position: int, body: bytes, columns: Columns | None = None) -> None:
        """Checks the next entry, and its columns if it comes with any."""
        self._begin(position)
        self._hash(position, body, columns)
        self._read(position, body, columns)

    def withheld(self, position: int, leaf: bytes) -> None:
        """Takes the leaf hash of an entry that is not shown: the tree is grown by it."""
        self._begin(position)
        self._grow(position, leaf, None)
        self.beside.withheld(position)

    def text(self, row: NarrativeRow) -> None:
        """Checks a narrative: of the entry given last, or of none if its position says otherwise."""
        self.beside.text(row)

    def file(self, row: FileRow) -> ExpectedFile | None:
        """Checks a document's row; what its file must be, if it is to be read."""
        return self.beside.file(row)

    def tile(self, row: TileRow) -> None:
        """Checks a complete tile, after the last entry that it is over."""
        root = self._tree.completed.get(8 * (row.level + 1)) if self._root_agrees else None
        self.above.tile(row, self._position, root)

    def checkpoint(self, row: CheckpointRow) -> None:
        """Checks a signed checkpoint, after the last entry that it signs."""
        self.above.checkpoint(row, self._position, self._tree.root() if self._root_agrees else None)

    def untouched(self, position: int, path: str) -> None:
        """Told of each narrative that is there though its entry is among `beside.texts_erased`."""
        by = self.beside.texts_erased[position]
        self.found(position, Damage.TEXT_KEPT, f"{path} should have been destroyed by the decision in entry {by}")

    def file_untouched(self, position: int) -> None:
        """Told of each document whose salt is there though its entry is among `beside.files_erased`."""
        by = self.beside.files_erased[position]
        self.found(
            position, Damage.FILE_KEPT, f"its salt should have been destroyed by the decision in entry {by}"
        )

    def repeated_key(self, position: int, first: int, source: str, key: str) -> None:
        """Told of each entry whose source and id an earlier one has."""
        self.found(position, Damage.KEY, f"source {source} and id {key} are those of entry {first} too")

    def end(self, within: int | None = None) -> None:
        """All entries have been given: checks what was decided and signed of them.

        `within`: the record is a part that ends there, and others may go on; see `Beside.done`.
        """
        self.beside.texts_done()
        self.beside.done(within)
        last = self._position
        self.report.root_hash = b64encode(self._tree.root()).decode() if last else ""
        if within is not None:
            return
        while (signed := self._next_signed) is not None:
            if signed.size > last:
                self.found(last + 1, signed.damage, f"{signed.whose} is of {signed.size}, but they end at {last}")
            self._next_signed = next(self._signed, None)
        if self._leaves is not None and next(self._leaves, None) is not None:
            self.found(last + 1, Damage.REWRITTEN, f"what is held goes on, but the entries end at {last}")

    def head(self, head: HeadRow | None) -> None:
        """Checks the head, when all entries have been given."""
        self.end()
        last = self._position
        self.above.end(last)
        if head is None:
            self.found(last, Damage.HEAD, "the notice has no head")
        elif head.size > last:
            self.found(last + 1, Damage.MISSING, f"the head says {head.size} entries, but they end at {last}")
        elif head.size < last:
            self.found(head.size + 1, Damage.BEYOND_HEAD, f"the head says {head.size}, but they go on to {last}")
        else:
            self._compare_head(head)

    def _compare_head(self, head: HeadRow) -> None:
        if self._root_agrees:
            root = self._tree.root()
            if head.root_hash != root:
                detail = f"its root is {short(head.root_hash)}, not {short(root)}"
                self.found(head.size, Damage.HEAD, detail)
            if head.frontier != self._tree.frontier():
                self.found(head.size, Damage.FRONTIER, "appending to it would give wrong roots")
        if head.recorded_at != self._recorded_at:
            self.found(head.size, Damage.HEAD, "it names another instant than the last entry")

    def found(self, position: int, damage: Damage, detail: str) -> None:
        """Notes a difference."""
        self.report.damages += 1
        insort(self.report.findings, Finding(self.notice, position, damage, detail), key=_rank)
        del self.report.findings[FINDINGS:]

    def _begin(self, position: int) -> None:
        if self.beside.owed:
            self.beside.texts_done()
        if position != self._position + 1:
            self._misplaced(position)
        self._position = position
        self.report.entries += 1

    def _misplaced(self, position: int) -> None:
        if position > self._position + 1:
            first, last = self._position + 1, position - 1
            missing = f"no entry {first}" if first == last else f"none of the entries {first} to {last}"
            self.found(first, Damage.MISSING, f"there is {missing}")
            self._root_agrees = False  # without the missing leaves no later root can agree: said once
        else:
            self.found(position, Damage.REPEATED, "another entry stands at this position")

    def _hash(self, position: int, body: bytes, columns: Columns | None) -> None:
        """Hashes the entry and compares what its column says."""
        leaf = leaf_hash(body)
        if columns is None:
            self._grow(position, leaf, None)
            return
        if leaf != columns.leaf_hash:
            self.found(position, Damage.EDITED, f"they hash to {short(leaf)}, not {short(columns.leaf_hash)}")
            # If it was not the column that was edited, the tree goes on over the hash once recorded, so that
            # later damage is told from this one.
            trial = self._tree.copy()
            trial.append(leaf)
            if trial.root() != columns.root_hash:
                leaf = columns.leaf_hash
        self._grow(position, leaf, columns.root_hash)

    def _grow(self, position: int, leaf: bytes, root_hash: bytes | None) -> None:
        """Grows the tree by a leaf, and compares it and the new root with what is said and held of them."""
        self._tree.append(leaf)
        if root_hash is not None:
            root = self._tree.root()
            if self._root_agrees and root != root_hash:
                self.found(position, Damage.ROOT, f"it is {short(root)}, not {short(root_hash)}")
            self._root_agrees = root == root_hash
        if self._leaves is not None:
            self._compare_held(position, leaf, self._leaves)
        while (signed := self._next_signed) is not None and signed.size <= position:
            if signed.size == position and self._root_agrees and signed.root_hash != self._tree.root():
                detail = f"{signed.whose} says {short(signed.root_hash)}, not {short(self._tree.root())}"
                self.found(position, signed.damage, detail)
            self._next_signed = next(self._signed, None)

    def _compare_held(self, position: int, leaf: bytes, leaves: Iterator[bytes]) -> None:
        """The first leaf that differs from the one held is named; after it nothing can be said of the others."""
        held = next(leaves, None)
        if held is not None and held != leaf:
            self.found(position, Damage.REWRITTEN, f"it is hashed as {short(leaf)}, what is held as {short(held)}")
            self._leaves = None

    def _read(self, position: int, body: bytes, columns: Columns | None) -> None:
        """Checks what the bytes say of themselves, and notes what they promise of narratives and documents."""
        try:
            envelope = _decoded(body)
            recorded_at = _instant(envelope["recordedat"])
            where = envelope["ledger"], envelope["position"]
            says = envelope["source"], envelope["id"], envelope["type"]
            self.beside.entry(position, says[2], envelope["data"])
            self.above.entry(says[2], envelope["data"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            self.beside.unread(position)
            self.found(position, Damage.UNREADABLE, f"{type(error).__name__}: {error}"[:200])
            return
        if where != (self.notice, position):
            self.found(position, Damage.MOVED, f"its bytes were recorded as {where[0]}, entry {where[1]}")
        if columns is not None and (*says, recorded_at) != columns[:4]:
            for name, said, column in zip(("source", "id", "type"), says, columns[:3], strict=True):
                if said != column:
                    self.found(position, Damage.COLUMN, f"{name} is {column}, the bytes say {said}")
            if recorded_at != columns.recorded_at:
                says_when = envelope["recordedat"]
                self.found(position, Damage.COLUMN, f"recorded_at is not the {says_when} of the bytes")
        if self._recorded_at is not None and recorded_at <= self._recorded_at:
            self.found(position, Damage.ORDER, f"it was recorded at {envelope['recordedat']}")
        self._recorded_at = recorded_at


class _Tree:
    """The complete subtrees of a growing tree (RFC 6962 section 2.1): one for each bit of its size."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self._size = size
        self._peaks = list(peaks)
        self.completed: dict[int, bytes] = {}
        """Height → the complete subtree that ends with the last leaf; of every eighth height."""

    def copy(self) -> Self:
        return type(self)(self._size, self._peaks)

    def append(self, leaf: bytes) -> None:
        size, node, height = self._size, leaf, 0
        self._size += 1
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
            height += 1
            if not height & 7:
                self.completed[height] = node
        self._peaks.append(node)

    def root(self) -> bytes:
        if not self._peaks:
            return b""
        node = self._peaks[-1]
        for left in self._peaks[-2::-1]:
            node = node_hash(left, node)
        return node

    def frontier(self) -> bytes:
        return b"".join(self._peaks)


_ORDER = {damage: order for order, damage in enumerate(Damage)}


def _rank(finding: Finding) -> tuple[bool, int, int]:
    """What concerns no entry comes last."""
    return not finding.position, finding.position, _ORDER[finding.damage]


def _decoded(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON the bytes hold
    """The JSON of the bytes; raises ValueError."""
    text = body.decode("utf-8")
    if text.startswith("{"):  # without looking for space around it, which takes a third of the time
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    return json.loads(text)


def _instant(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def short(digest: bytes) -> str:
    """The beginning of a hash, enough to tell two apart."""
    return f"{b64encode(digest).decode()[:12]}…"
