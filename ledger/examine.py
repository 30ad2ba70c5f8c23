"""The examination of one notice's record: every hash, number and link recomputed from the stored bytes.

No I/O: rows go in, in the order of their positions, and findings come out; `ledger.verify` brings them from
the database. Of the code that writes it shares the two hash functions of `ledger.merkle` and nothing else, so
that a mistake there is found here. Memory grows with erasures and findings (capped), not with entries.

What it cannot see is a record that was rewritten whole, head and all, in agreement with itself: receipts and
signed checkpoints, which others hold, are for that.
"""

import json
from base64 import b64encode
from bisect import insort
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from operator import index
from typing import NamedTuple, Self

from ledger.findings import Damage, Finding, NoticeReport
from ledger.merkle import leaf_hash, node_hash

FINDINGS = 1_000
"""Findings kept for one notice, the first by position; all are counted."""
_ERASING = "improvement-ledger.records.NarrativeErased.v"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00Z")
_MICROSECOND = timedelta(microseconds=1)


class EntryRow(NamedTuple):
    """An entry as its columns have it; `recorded_at` in microseconds since 1970, None if it is no instant."""

    position: int
    source: str
    id: str
    type: str
    recorded_at: int | None
    leaf_hash: bytes
    root_hash: bytes
    body: bytes


class TextRow(NamedTuple):
    """A narrative as its columns have it."""

    position: int
    path: str
    salt: bytes | None
    body: str | None
    erased_by: int | None


class HeadRow(NamedTuple):
    """A notice's head as its columns have it; `recorded_at` as in EntryRow."""

    size: int
    root_hash: bytes
    frontier: bytes
    recorded_at: int | None


class Examination:
    """Takes one notice's entries in order, the narratives of each after it, and at last the head."""

    def __init__(self, notice: str) -> None:
        self.notice = notice
        self.report = NoticeReport(notice)
        self.erasures: dict[int, int] = {}
        """Entry whose narratives were to be erased → the entry that says so."""
        self._position = 0
        self._recorded_at: int | None = None
        self._tree = _Tree()
        self._root_agrees = True
        self._expected: dict[str, str] | None = {}
        self._claims: list[tuple[int, str, int]] = []

    def entry(self, row: EntryRow) -> None:
        """Checks the next entry."""
        self._texts_done()
        self._place(row.position)
        self.report.entries += 1
        self._hash(row)
        self._read(row)

    def text(self, row: TextRow) -> None:
        """Checks a narrative: of the entry given last, or of none if its position says otherwise."""
        self.report.narratives += 1
        if row.position != self._position:
            self.found(row.position, Damage.TEXT_ORPHANED, f"{row.path} is kept, but there is no such entry")
        elif self._expected is not None:
            digest = self._expected.pop(row.path, None)
            if digest is None:
                self.found(row.position, Damage.TEXT_ORPHANED, f"the entry has no narrative at {row.path}")
            elif row.erased_by is not None:
                self._claims.append((row.position, row.path, row.erased_by))
            elif row.salt is None or row.body is None or _digest(row.salt, row.body) != digest:
                self.found(row.position, Damage.TEXT_EDITED, f"{row.path} does not match the digest in the entry")
        self.report.erased += row.erased_by is not None

    def untouched(self, position: int, path: str) -> None:
        """Told of each narrative that is there though its position is among the `erasures`."""
        by = self.erasures[position]
        self.found(position, Damage.TEXT_KEPT, f"{path} should have been destroyed by the decision in entry {by}")

    def repeated_key(self, position: int, first: int, source: str, key: str) -> None:
        """Told of each entry whose source and id an earlier one has."""
        self.found(position, Damage.KEY, f"source {source} and id {key} are those of entry {first} too")

    def head(self, head: HeadRow | None) -> None:
        """Checks the head, when all entries have been given."""
        self._texts_done()
        last = self._position
        self.report.root_hash = b64encode(self._tree.root()).decode() if last else ""
        for position, path, by in self._claims:
            if self.erasures.get(position) != by:
                self.found(position, Damage.TEXT_ERASED, f"{path} names entry {by}, which does not erase it")
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
                detail = f"its root is {_short(head.root_hash)}, not {_short(root)}"
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

    def _place(self, position: int) -> None:
        if position > self._position + 1:
            first, last = self._position + 1, position - 1
            missing = f"no entry {first}" if first == last else f"none of the entries {first} to {last}"
            self.found(first, Damage.MISSING, f"there is {missing}")
            self._root_agrees = False  # without the missing leaves no later root can agree: said once
        elif position <= self._position:
            self.found(position, Damage.REPEATED, "another entry stands at this position")
        self._position = position

    def _hash(self, row: EntryRow) -> None:
        """Grows the tree by the entry, and compares what the entry says of leaf and root."""
        leaf = leaf_hash(row.body)
        if leaf != row.leaf_hash:
            self.found(row.position, Damage.EDITED, f"they hash to {_short(leaf)}, not {_short(row.leaf_hash)}")
            # If it was not the column that was edited, the tree goes on over the hash once recorded, so that
            # later damage is told from this one.
            trial = self._tree.copy()
            trial.append(leaf)
            if trial.root() != row.root_hash:
                leaf = row.leaf_hash
        self._tree.append(leaf)
        root = self._tree.root()
        if self._root_agrees and root != row.root_hash:
            self.found(row.position, Damage.ROOT, f"it is {_short(root)}, not {_short(row.root_hash)}")
        self._root_agrees = root == row.root_hash

    def _read(self, row: EntryRow) -> None:
        """Checks what the bytes say of themselves, and notes what they promise of narratives."""
        self._expected = None
        try:
            envelope = json.loads(row.body.decode("utf-8"))
            recorded_at = _instant(envelope["recordedat"])
            says = tuple(envelope[name] for name in ("ledger", "position", "source", "id", "type"))
            data = envelope["data"]
            erased = index(data["position"]) if says[4].startswith(_ERASING) else None
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            self.found(row.position, Damage.UNREADABLE, f"{type(error).__name__}: {error}"[:200])
            return
        if says[:2] != (self.notice, row.position):
            self.found(row.position, Damage.MOVED, f"its bytes were recorded as {says[0]}, entry {says[1]}")
        for name, told, held in zip(("source", "id", "type"), says[2:], row[1:4], strict=True):
            if told != held:
                self.found(row.position, Damage.COLUMN, f"{name} is {held}, the bytes say {told}")
        if recorded_at != row.recorded_at:
            told = envelope["recordedat"]
            self.found(row.position, Damage.COLUMN, f"recorded_at is not the {told} of the bytes")
        if self._recorded_at is not None and recorded_at <= self._recorded_at:
            self.found(row.position, Damage.ORDER, f"it was recorded at {envelope['recordedat']}")
        self._recorded_at = recorded_at
        self._expected = dict(_narratives(data, ""))
        if erased is not None:
            self.erasures[erased] = row.position

    def _texts_done(self) -> None:
        for path in self._expected or ():
            self.found(self._position, Damage.TEXT_MISSING, f"nothing is kept for {path}")
        self._expected = {}


class _Tree:
    """The complete subtrees of a growing tree, with their heights (RFC 6962 section 2.1)."""

    def __init__(self, peaks: Iterable[tuple[int, bytes]] = ()) -> None:
        self._peaks = list(peaks)

    def copy(self) -> Self:
        return type(self)(self._peaks)

    def append(self, leaf: bytes) -> None:
        height, node = 0, leaf
        while self._peaks and self._peaks[-1][0] == height:
            node = node_hash(self._peaks.pop()[1], node)
            height += 1
        self._peaks.append((height, node))

    def root(self) -> bytes:
        if not self._peaks:
            return b""
        node = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            node = node_hash(left, node)
        return node

    def frontier(self) -> bytes:
        return b"".join(node for _, node in self._peaks)


def _narratives(data: object, where: str) -> Iterator[tuple[str, str]]:
    """Where narratives stand in an entry's data, with their digests: objects that hold `sha256` alone."""
    if isinstance(data, dict):
        if data.keys() == {"sha256"} and _is_digest(data["sha256"]):
            yield where, data["sha256"]
            return
        for name, value in data.items():
            if isinstance(value, dict | list):
                yield from _narratives(value, f"{where}.{name}" if where else name)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _narratives(value, f"{where}[{index}]")


def _is_digest(value: object) -> bool:
    """Whether it can be one: a notice's parameter may be called sha256, but no word of a list ends in `=`."""
    return isinstance(value, str) and len(value) == 44 and value.endswith("=")


_ORDER = {damage: order for order, damage in enumerate(Damage)}


def _rank(finding: Finding) -> tuple[int, int]:
    return finding.position, _ORDER[finding.damage]


def _instant(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def _digest(salt: bytes, body: str) -> str:
    return b64encode(sha256(salt + body.encode()).digest()).decode()


def _short(digest: bytes) -> str:
    return f"{b64encode(digest).decode()[:12]}…"
