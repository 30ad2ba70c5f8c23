"""Verify a bundle from its file alone: all that `ledger.verify` checks, and the bundle itself.

Completeness is proved with the rest: the entries are numbered 1 to N with no gap, and their tree is the one
that the signed checkpoint of N says. Shares nothing with what writes bundles or entries; memory stays flat.
"""

from array import array
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct, field

from ledger.bundle.read import BundleArchive, BundleError
from ledger.bundle.records import (
    HASH,
    DocumentRecord,
    FileRecord,
    ManifestRecord,
    NarrativeRecord,
    ViewStateRecord,
    exactly,
    unbase64,
    withheld,
)
from ledger.bundle.tiles import Tiles
from ledger.domain.errors import LedgerError
from ledger.proof.checkpoint import Checkpoint, CheckpointError, VerifierKey, parse
from ledger.verify.attachments import FileRow, NarrativeRow
from ledger.verify.entries import EarlierCopy, Examination, KnownCheckpoint
from ledger.verify.findings import Damage, NoticeReport, Report

FORMAT = "improvement-ledger bundle 1"
_SMALL = 1_000_000
_MANIFEST = 100_000_000
_UNREADABLE = 0
_ENTRY = 65_536
_TEXT = 8_000_000  # 1 MB of text, each byte of it escaped
_BEFORE = [
    "README.txt",
    "verify.py",
    "checkpoint",
    "key",
    "entries.ndjson",
    "narratives.ndjson",
    "documents.ndjson",
]
_AFTER = ["views.json", "manifest.json"]
ProgressCallback = Callable[[str, int, int], None]
"""Told of the notice, how many of its entries were checked, and how many there are."""
_R = TypeVar("_R", "NarrativeRecord", "DocumentRecord")


class BundleReport(Struct):
    """What was found in a bundle, and what it is of."""

    report: NoticeReport
    origin: str = ""
    size: int = 0
    role: str = ""
    withheld: int = 0
    """Entries that are not shown."""
    software: str = ""
    """The version of it that made the bundle."""
    key: str = ""
    """The verifier key that signed the checkpoint."""
    later: list[tuple[int, int]] = field(default_factory=list)
    """Of what is said to be erased after the bundle's position: the entry, and the later one said to erase it."""
    absent: list[str] = field(default_factory=list)
    """Views that were asked for and that it should tell of, and does not; set by whoever asks."""

    @property
    def sound(self) -> bool:
        """Whether everything agrees with everything, and the checkpoint is signed."""
        return not self.report.damages

    def as_report(self, seconds: float) -> Report:
        """The same in the form that verifying a database has."""
        self.report.seconds = seconds
        return Report([self.report], seconds)


def manifest_of(container: BundleArchive) -> ManifestRecord:
    """What the bundle says of itself; raises BundleError."""
    manifest = exactly(container.read("manifest.json", _MANIFEST).removesuffix(b"\n"), ManifestRecord)
    if manifest.format != FORMAT:
        raise BundleError(f"it is of the format {manifest.format!r}, and this ledger reads {FORMAT!r}")
    return manifest


def _silent(_notice: str, _checked: int, _size: int) -> None:
    pass


def check(
    path: Path, progress: ProgressCallback = _silent, key: str | None = None, held: EarlierCopy | None = None
) -> BundleReport:
    """Verifies the bundle in a file.

    `key`: the verifier key that must have signed it; without it, the one in the bundle. `held`: what somebody
    holds of the same ledger. Raises LedgerError when there is no such file, or it is of another notice.
    """
    try:
        with BundleArchive(path) as container:
            manifest = manifest_of(container)
            _comparable(path, manifest, held)
            return _BundleVerification(container, manifest, key, held).all(progress)
    except BundleError as error:
        checked = BundleReport(NoticeReport(path.name))
        examination = Examination(path.name)
        examination.found(0, Damage.BUNDLE, str(error))
        checked.report = examination.report
        return checked
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}; name a bundle") from None


def _comparable(path: Path, manifest: ManifestRecord, held: EarlierCopy | None) -> None:
    if held is not None and held.notice != manifest.notice:
        raise LedgerError(f"{path} is of {manifest.notice}, and what is held of {held.notice}")
    for signed in held.signed if held is not None else ():
        if signed.size > manifest.size:
            raise LedgerError(
                f"{signed.whose} is of {signed.size} entries and {path} has {manifest.size}: "
                "compare it with a bundle that reaches it"
            )


def entries(container: BundleArchive) -> Iterator[bytes]:
    """The bytes of a bundle's entries, in order; raises BundleError."""
    return container.lines("entries.ndjson", _ENTRY)


def leaves(container: BundleArchive) -> Iterator[bytes]:
    """The leaf hashes of a bundle's entries, in order; raises BundleError."""
    for line in entries(container):
        stand_in = withheld(line)
        yield sha256(b"\0" + line).digest() if stand_in is None else unbase64(stand_in.leaf_hash)


class _Ahead(Generic[_R]):
    """Lines in the order of their positions, read as far as they are wanted."""

    def __init__(self, lines: Iterator[_R]) -> None:
        self._lines: Iterator[_R] = lines
        self._next: _R | None = next(lines, None)

    def up_to(self, position: int | None) -> Iterator[_R]:
        """The lines up to a position that have not been read; None: all of them."""
        while (line := self._next) is not None and (position is None or line.position <= position):
            yield line
            self._next = next(self._lines, None)


class _BundleVerification:
    """One bundle, checked once."""

    def __init__(
        self, container: BundleArchive, manifest: ManifestRecord, key: str | None, held: EarlierCopy | None
    ) -> None:
        self._container = container
        self._manifest = manifest
        notice = manifest.notice
        checkpoint, self._key, fault = _checkpoint(container, key)
        signed = [*(held.signed if held is not None else ())]
        if checkpoint is not None:
            signed.append(KnownCheckpoint(checkpoint.size, checkpoint.root_hash, "the bundle's signed checkpoint"))
        signed.sort(key=lambda one: one.size)
        self._examination = Examination(notice, signed, held.leaves if held is not None else None)
        if fault is not None:
            self._examination.found(0, Damage.CHECKPOINT, fault)
        self._checkpoint = checkpoint
        self._tiles = Tiles(container, self._examination.found)
        self._names = [*_BEFORE]
        self._withheld = 0

    def all(self, progress: ProgressCallback) -> BundleReport:
        examination, manifest = self._examination, self._manifest
        try:
            self._entries(progress)
        except BundleError as error:
            examination.found(examination.report.entries + 1, Damage.BUNDLE, str(error))
        examination.end(within=examination.report.entries)
        self._names += [*self._tiles.end(), *_AFTER]
        try:
            self._whole()
        except BundleError as error:
            examination.found(0, Damage.BUNDLE, str(error))
        return BundleReport(
            examination.report,
            manifest.origin,
            manifest.size,
            manifest.role,
            self._withheld,
            manifest.software,
            self._key,
            examination.beside.later,
        )

    def _entries(self, progress: ProgressCallback) -> None:
        examination, size = self._examination, self._manifest.size
        texts = _Ahead(self._rows("narratives.ndjson", _TEXT, NarrativeRecord))
        documents = _Ahead(self._rows("documents.ndjson", _SMALL, DocumentRecord))
        keys = array("Q")
        for position, line in enumerate(entries(self._container), 1):
            stand_in = withheld(line)
            if stand_in is None:
                leaf = sha256(b"\0" + line).digest()
                examination.entry(position, line)
                keys.append(_key(line))
            else:
                leaf = unbase64(stand_in.leaf_hash)
                examination.withheld(position, leaf)
                self._withheld += 1
                if stand_in.position != position:
                    examination.found(position, Damage.MOVED, f"it says to be entry {stand_in.position}")
            self._tiles.append(leaf)
            self._beside(texts.up_to(position), documents.up_to(position))
            if position % 500 == 0 or position == size:
                progress(self._manifest.notice, position, size)
        self._beside(texts.up_to(None), documents.up_to(None))
        self._repeated(keys)
        self._untouched()
        if self._checkpoint is not None:
            self._examination.above.signer(self._checkpoint.signatures[0].key, self._checkpoint.size)

    def _beside(self, texts: Iterator[NarrativeRecord], documents: Iterator[DocumentRecord]) -> None:
        for text in texts:
            salt = None if text.salt is None else unbase64(text.salt)
            if text.erased_by is not None and text != NarrativeRecord(
                text.position, text.path, erased_by=text.erased_by
            ):
                self._examination.found(text.position, Damage.TEXT_KEPT, f"{text.path} is both erased and shown")
            self._examination.text(NarrativeRow(text.position, text.path, salt, text.text, text.erased_by))
        for document in documents:
            self._document(document)

    def _document(self, line: DocumentRecord) -> None:
        examination, position = self._examination, line.position
        if line.withheld and line != DocumentRecord(position, withheld=True):
            examination.found(position, Damage.FILE_EDITED, "its line both withholds and shows it")
        if line.erased_by is not None and line != DocumentRecord(position, erased_by=line.erased_by):
            examination.found(position, Damage.FILE_KEPT, "its line both says that it is erased and shows it")
        salt = None if line.salt is None else unbase64(line.salt)
        promise = examination.beside.promised
        size, kind = (promise.size, promise.media_type) if promise is not None else (0, "")
        promise = examination.file(FileRow(position, None, None, salt, size, kind, line.erased_by))
        if promise is None or line.withheld:
            return
        if not line.included:
            if salt is None or len(salt) != HASH:
                examination.found(position, Damage.FILE_EDITED, "its salt is missing")
            return
        name = f"evidence/{position}"
        self._names.append(name)
        digest = sha256(salt or b"")
        for piece in self._container.pieces(name):
            digest.update(piece)
        if self._container.size(name) is None:
            examination.found(position, Damage.FILE_MISSING, f"the bundle has no {name}")
        elif digest.digest() != unbase64(promise.digest) or self._container.size(name) != promise.size:
            examination.found(position, Damage.FILE_EDITED, "the file does not match the digest in the entry")

    def _repeated(self, keys: "array[int]") -> None:
        """Tells of a source and id that two entries have; one pass over hashes tells that there is none."""
        ordered = sorted(keys)
        twice = {one for one, other in pairwise(ordered) if one == other} - {_UNREADABLE}
        first: dict[tuple[str, str], int] = {}
        for position, line in enumerate(entries(self._container), 1) if twice else ():
            if withheld(line) is None and _key(line) in twice:
                event = msgspec.json.decode(line)
                key = (event["source"], event["id"])
                if key in first:
                    self._examination.repeated_key(position, first[key], *key)
                first.setdefault(key, position)

    def _untouched(self) -> None:
        """Tells of what should be gone by a decision that is in the bundle."""
        beside = self._examination.beside
        for text in self._rows("narratives.ndjson", _TEXT, NarrativeRecord) if beside.texts_erased else ():
            if text.position in beside.texts_erased and text.erased_by is None:
                self._examination.untouched(text.position, text.path)
        for line in self._rows("documents.ndjson", _SMALL, DocumentRecord) if beside.files_erased else ():
            if line.position in beside.files_erased and line.erased_by is None:
                self._examination.file_untouched(line.position)

    def _whole(self) -> None:
        """The bundle as a file: its manifest, its members, its seal; raises BundleError."""
        manifest, container = self._manifest, self._container
        entries, root = self._examination.report.entries, self._examination.report.root_hash
        told = (manifest.size, manifest.root_hash, manifest.withheld)
        if told != (entries, root, self._withheld > 0) or self._withheld not in (0, entries):
            raise BundleError(f"its manifest tells of {manifest.size} entries otherwise than they are")
        if self._checkpoint is not None and (
            self._checkpoint.origin != manifest.origin
            or not manifest.origin.endswith(f"/ledgers/{manifest.notice}")
        ):
            raise BundleError(f"its checkpoint is of {self._checkpoint.origin}, not of {manifest.origin}")
        if self._checkpoint is not None and self._checkpoint.size != entries:
            raise BundleError(f"its checkpoint signs {self._checkpoint.size} entries, and it has {entries}")
        if container.names != self._names:
            differing = sorted(set(container.names) ^ set(self._names)) or ["their order"]
            raise BundleError(f"its members are not those of a bundle: {differing[0]}")
        there = [FileRecord(name, container.size(name) or 0, container.digest(name)) for name in container.names]
        if there[:-1] != manifest.files:
            differing = [file.name for file in there[:-1] if file not in manifest.files] or ["a member"]
            raise BundleError(f"{differing[0]} is not as its manifest has it")
        if views_of(container) and manifest.withheld:
            raise BundleError("it tells of views, and withholds the entries that would show them")
        container.check_seal()

    def _rows(self, name: str, limit: int, kind: type[_R]) -> Iterator[_R]:
        for line in self._container.lines(name, limit):
            yield exactly(line, kind)


def views_of(container: BundleArchive) -> list[ViewStateRecord]:
    """The states of views that the bundle tells of; raises BundleError."""
    return [exactly(line, ViewStateRecord) for line in container.lines("views.json", _SMALL)]


def _checkpoint(container: BundleArchive, key: str | None) -> tuple[Checkpoint | None, str, str | None]:
    """The checkpoint, the key that signed it, and what is wrong with them."""
    try:
        there = container.read("key", _SMALL).decode().removesuffix("\n")
        known = key or there
        checkpoint = parse(container.read("checkpoint", _SMALL), [known])
        if VerifierKey.parse(there).public_key != VerifierKey.parse(known).public_key:
            return checkpoint, known, f"the bundle names another key than the one held, {there[:200]}"
    except (CheckpointError, BundleError, UnicodeDecodeError) as error:
        return None, "", str(error)
    return checkpoint, known, None


def _key(line: bytes) -> int:
    """A number that two entries of one source and id share, and hardly any others."""
    try:
        event = msgspec.json.decode(line)
        return int.from_bytes(sha256(f"{event['source']}\n{event['id']}".encode()).digest()[:8])
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        return _UNREADABLE
