"""Check one notice's record: recompute every hash, number and link from the stored bytes.

No I/O: rows are added in order of position; each contradiction becomes a finding. `ledger.verify.database` reads
rows from the database, `ledger.bundle.verify` from a bundle. This module shares only the two hash functions of
`ledger.proof.merkle` with the writer, and so finds the writer's mistakes. Memory grows with erasures, checkpoints
and findings (capped), not with entries.

A record that was rewritten whole agrees with itself. Only a comparison with copies that others keep reveals such a
record: roots of signed checkpoints, and leaves of an earlier bundle.
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
"""Maximum number of findings kept for one notice, the first by position; all are counted."""
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
_MICROSECOND = timedelta(microseconds=1)
_DECODER = json.JSONDecoder()


class Columns(NamedTuple):
    """Columns that repeat parts of an entry's bytes."""

    source: str
    id: str
    type: str
    recorded_at: int | None
    """Microseconds since 1970; None for an infinite instant."""
    leaf_hash: bytes
    root_hash: bytes


class HeadRow(NamedTuple):
    """Columns of a notice's head; `recorded_at` as in Columns."""

    size: int
    root_hash: bytes
    frontier: bytes
    recorded_at: int | None


class KnownCheckpoint(NamedTuple):
    """Root of the tree at a size, known from a signed checkpoint or an earlier copy."""

    size: int
    root_hash: bytes
    whose: str
    """Name of the checkpoint in a finding, such as `the checkpoint of 12 entries`."""
    damage: Damage = Damage.CHECKPOINT


class EarlierCopy(NamedTuple):
    """A part of one notice's ledger that somebody kept, for comparison."""

    notice: str
    signed: tuple[KnownCheckpoint, ...] = ()
    """Known roots, in order of size."""
    leaves: Iterator[bytes] | None = None
    """Leaf hashes of entries 1, 2, 3 …; can be read once."""
    documents: frozenset[int] = frozenset()
    """Positions of documents that the copy lists, even as withheld or erased."""
    size: int = 0
    """Number of entries in the copy."""


class Examination:
    """Check of one notice: add entries in order, each followed by its attachments, then the head.

    Args:
        notice: Id of the notice.
        signed: Roots to compare with the tree, in order of size.
        leaves: Leaf hashes of entries 1, 2, 3 … to compare.
        documents: Positions of documents that an earlier copy lists, even as withheld or erased.
    """

    def __init__(
        self,
        notice: str,
        signed: Iterable[KnownCheckpoint] = (),
        leaves: Iterator[bytes] | None = None,
        documents: Iterable[int] = (),
    ) -> None:
        self.notice = notice
        self.report = NoticeReport(notice)
        self.attachments = AttachmentExamination(self.report, self.flag, documents)
        self.checkpoints = CheckpointExamination(notice, self.flag)
        self._position = 0
        self._recorded_at: int | None = None
        self._tree = _Tree()
        self._root_agrees = True
        self.intact = True
        """True while all entries so far are present, in their places and with unchanged bytes."""
        self._signed = iter(signed)
        self._next_signed = next(self._signed, None)
        self._leaves = leaves

    def add_entry(self, position: int, body: bytes, columns: Columns | None = None) -> None:
        """Check the next entry and its columns, if it has any."""
        self._begin(position)
        self._hash(position, body, columns)
        self._read(position, body, columns)

    def skip_withheld(self, position: int, leaf: bytes) -> None:
        """Add the leaf hash of a withheld entry to the tree."""
        self._begin(position)
        self._grow(position, leaf, None)
        self.attachments.skip_withheld(position)

    def add_narrative(self, row: NarrativeRow) -> None:
        """Check a narrative's row. Report a row that does not belong to the last entry as an orphan."""
        self.attachments.add_narrative(row)

    def add_document(self, row: FileRow) -> ExpectedFile | None:
        """Check a document's row. Return the promised file if its content has to be checked, else None."""
        return self.attachments.add_document(row)

    def add_tile(self, row: TileRow) -> None:
        """Check a complete tile, after the last entry that it covers."""
        root = self._tree.completed.get(8 * (row.level + 1)) if self._root_agrees else None
        self.checkpoints.add_tile(row, self._position, root)

    def add_checkpoint(self, row: CheckpointRow) -> None:
        """Check a signed checkpoint, after the last entry that it signs."""
        root = self._tree.root() if self._root_agrees else None
        self.checkpoints.add_checkpoint(row, self._position, root)

    def report_unerased_narrative(self, position: int, path: str) -> None:
        """Report a narrative that is still there after its erasure."""
        by = self.attachments.narratives_erased[position]
        self.flag(position, Damage.NARRATIVE_KEPT, f"entry {by} decided to erase {path}")

    def report_unerased_document(self, position: int) -> None:
        """Report a document whose salt is still there after its erasure."""
        by = self.attachments.documents_erased[position]
        self.flag(position, Damage.DOCUMENT_KEPT, f"entry {by} decided to erase it, and its salt is still stored")

    def report_repeated_key(self, position: int, first: int, source: str, key: str) -> None:
        """Report an entry whose source and id an earlier entry has."""
        self.flag(position, Damage.KEY, f"entry {first} also has source {source} and id {key}")

    def finish(self, within: int | None = None) -> None:
        """Finish after all entries: check erasures and known checkpoints.

        Args:
            within: Last position, if the record is only a part and may go on.
        """
        self.attachments.finish_entry()
        self.attachments.finish(within)
        last = self._position
        self.report.root_hash = b64encode(self._tree.root()).decode() if last else ""
        if within is not None:
            return
        while (signed := self._next_signed) is not None:
            if signed.size > last:
                self.flag(
                    last + 1, signed.damage, f"{signed.whose} has {signed.size} entries, but they end at {last}"
                )
            self._next_signed = next(self._signed, None)
        if self._leaves is not None and next(self._leaves, None) is not None:
            self.flag(last + 1, Damage.REWRITTEN, f"the earlier copy goes on, but the entries end at {last}")

    def check_head(self, head: HeadRow | None) -> None:
        """Check the notice's head. All entries must be added before."""
        self.finish()
        last = self._position
        self.checkpoints.finish(last)
        if head is None:
            self.flag(last, Damage.HEAD, "the notice has no head")
        elif head.size > last:
            self.flag(last + 1, Damage.MISSING, f"the head says {head.size} entries, but they end at {last}")
        elif head.size < last:
            self.flag(head.size + 1, Damage.BEYOND_HEAD, f"the head says {head.size}, but they go on to {last}")
        else:
            self._compare_head(head)

    def _compare_head(self, head: HeadRow) -> None:
        if self._root_agrees:
            root = self._tree.root()
            if head.root_hash != root:
                detail = f"its root is {short(head.root_hash)}, not {short(root)}"
                self.flag(head.size, Damage.HEAD, detail)
            if head.frontier != self._tree.frontier():
                self.flag(head.size, Damage.FRONTIER, "appending to it would give wrong roots")
        if head.recorded_at != self._recorded_at:
            self.flag(head.size, Damage.HEAD, "it names another instant than the last entry")

    def flag(self, position: int, damage: Damage, detail: str) -> None:
        """Count a finding, and add it to the report."""
        self.report.damages += 1
        insort(self.report.findings, Finding(self.notice, position, damage, detail), key=_rank)
        del self.report.findings[FINDINGS:]

    def _begin(self, position: int) -> None:
        if self.attachments.incomplete:
            self.attachments.finish_entry()
        if position != self._position + 1:
            self._misplaced(position)
        self._position = position
        self.report.entries += 1

    def _misplaced(self, position: int) -> None:
        if position > self._position + 1:
            first, last = self._position + 1, position - 1
            missing = f"no entry {first}" if first == last else f"none of the entries {first} to {last}"
            self.flag(first, Damage.MISSING, f"there is {missing}")
            self.intact = False
            self._root_agrees = False  # without the missing leaves no later root can agree: reported once
        else:
            self.intact = False
            self.flag(position, Damage.REPEATED, "another entry has this position")

    def _hash(self, position: int, body: bytes, columns: Columns | None) -> None:
        """Hash an entry, compare its leaf column, and add its leaf to the tree."""
        leaf = leaf_hash(body)
        if columns is None:
            self._grow(position, leaf, None)
            return
        if leaf != columns.leaf_hash:
            self.intact = False
            self.flag(position, Damage.EDITED, f"they hash to {short(leaf)}, not {short(columns.leaf_hash)}")
            # Unless the column was edited, the tree continues with the recorded hash, so that later damage
            # is reported separately.
            trial = self._tree.copy()
            trial.append(leaf)
            if trial.root() != columns.root_hash:
                leaf = columns.leaf_hash
        self._grow(position, leaf, columns.root_hash)

    def _grow(self, position: int, leaf: bytes, root_hash: bytes | None) -> None:
        """Add a leaf to the tree; compare it and the new root with columns and earlier copies."""
        self._tree.append(leaf)
        if root_hash is not None:
            root = self._tree.root()
            if self._root_agrees and root != root_hash:
                self.flag(position, Damage.ROOT, f"it is {short(root)}, not {short(root_hash)}")
            self._root_agrees = root == root_hash
        if self._leaves is not None:
            self._compare_earlier(position, leaf, self._leaves)
        while (signed := self._next_signed) is not None and signed.size <= position:
            if signed.size == position and self._root_agrees and signed.root_hash != self._tree.root():
                detail = f"{signed.whose} has {short(signed.root_hash)}, not {short(self._tree.root())}"
                self.flag(position, signed.damage, detail)
            self._next_signed = next(self._signed, None)

    def _compare_earlier(self, position: int, leaf: bytes, leaves: Iterator[bytes]) -> None:
        """Report the first leaf that differs from the earlier copy. Later leaves are not compared."""
        earlier = next(leaves, None)
        if earlier is not None and earlier != leaf:
            self.flag(
                position, Damage.REWRITTEN, f"its hash is {short(leaf)}, in the earlier copy {short(earlier)}"
            )
            self._leaves = None

    def _read(self, position: int, body: bytes, columns: Columns | None) -> None:
        """Check the envelope in the bytes, and note the narratives and documents it promises."""
        try:
            envelope = _decode(body)
            recorded_at = _instant(envelope["recordedat"])
            place = envelope["ledger"], envelope["position"]
            attributes = envelope["source"], envelope["id"], envelope["type"]
            self.attachments.add_entry(position, attributes[2], envelope["data"])
            self.checkpoints.add_entry(attributes[2], envelope["data"])
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            self.attachments.skip_unreadable(position)
            self.intact = False
            self.flag(position, Damage.UNREADABLE, f"{type(error).__name__}: {error}"[:200])
            return
        if place != (self.notice, position):
            self.intact = False
            self.flag(position, Damage.MOVED, f"its bytes were recorded as {place[0]}, entry {place[1]}")
        if columns is not None and (*attributes, recorded_at) != columns[:4]:
            for name, value, column in zip(("source", "id", "type"), attributes, columns[:3], strict=True):
                if value != column:
                    self.flag(position, Damage.COLUMN, f"{name} is {column}, in the bytes {value}")
            if recorded_at != columns.recorded_at:
                recorded = envelope["recordedat"]
                self.flag(position, Damage.COLUMN, f"recorded_at is not the {recorded} of the bytes")
        if self._recorded_at is not None and recorded_at <= self._recorded_at:
            self.flag(position, Damage.ORDER, f"it was recorded at {envelope['recordedat']}")
        self._recorded_at = recorded_at


class _Tree:
    """Complete subtrees of a growing tree (RFC 6962 section 2.1): one for each set bit of its size."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self._size = size
        self._peaks = list(peaks)
        self.completed: dict[int, bytes] = {}
        """Height → root of the last complete subtree of that height, at every eighth height."""

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
    """Return the sort key of a finding. Findings without an entry come last."""
    return not finding.position, finding.position, _ORDER[finding.damage]


def _decode(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Decode the JSON of an entry's bytes. Raise ValueError if the bytes are not JSON."""
    text = body.decode("utf-8")
    if text.startswith("{"):  # looking for whitespace around it would take a third of the time
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    return json.loads(text)


def _instant(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def short(digest: bytes) -> str:
    """Return the first characters of a hash in base64."""
    return f"{b64encode(digest).decode()[:12]}…"
