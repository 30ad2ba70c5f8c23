"""Verify a bundle from its file alone: its entries and attachments as `ledger.verify` does, and the bundle itself.

Completeness is proved too. Entries are numbered 1 to N with no gap; their tree has the root of the signed
checkpoint of N. Hashes, paths of tiles, signed notes and the replay of admission share code with the writers.
Members are read as streams.
"""

from array import array
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import islice, pairwise
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

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
from ledger.proof.note import open_note
from ledger.verify.admission import AdmissionReplay
from ledger.verify.attachments import ExpectedFile, FileRow, NarrativeRow
from ledger.verify.entries import EarlierCopy, Examination, KnownCheckpoint
from ledger.verify.findings import Damage, NoticeReport, Report
from ledger.verify.lookahead import BEYOND, Lookahead

UNSIGNED, SIGNED = "improvement-ledger bundle 1", "improvement-ledger bundle 2"
"""Formats of a bundle, without and with a signature of its manifest."""
NOTE = "manifest.note"
_SMALL = 1_000_000
_MANIFEST = 100_000_000
_UNREADABLE = 0
_ENTRY = 65_536
_NARRATIVE = 8_000_000  # a narrative of 1 MB, each byte escaped
_POSITION = attrgetter("position")
_BEFORE = ["README.txt", "verify.py", "checkpoint", "key"]
_BEFORE += ["entries.ndjson", "narratives.ndjson", "documents.ndjson"]
_AFTER = ["views.json", "manifest.json"]
ProgressCallback = Callable[[str, int, int], None]
"""Function called with the notice, the number of entries checked, and the number of all entries."""
_R = TypeVar("_R", "NarrativeRecord", "DocumentRecord")


class BundleReport(Struct):
    """Findings of a bundle's verification, and a summary of its contents."""

    report: NoticeReport
    origin: str = ""
    size: int = 0
    role: str = ""
    withheld: int = 0
    """Number of withheld entries."""
    manifest_signed: bool = False
    """True for the format in which a signature binds every member; false for the first format."""
    software: str = ""
    """Version of the software that wrote the bundle."""
    key: str = ""
    """Verifier key that signed the checkpoint; empty if the checkpoint is invalid."""
    later: list[tuple[int, int]] = []
    """Erasures after the bundle's last entry: positions of the erased entry and of the deciding entry."""
    absent: list[str] = []
    """Requested views that the bundle lacks; set by the caller."""

    @property
    def sound(self) -> bool:
        """True if nothing differs and the checkpoint is signed."""
        return not self.report.damages

    def as_report(self, seconds: float) -> Report:
        """Return this report in the form of the report on a database."""
        self.report.seconds = seconds
        return Report([self.report], seconds)


def manifest_of(archive: BundleArchive) -> ManifestRecord:
    """Return the bundle's manifest. Raise BundleError if it is missing or malformed."""
    manifest = exactly(archive.read("manifest.json", _MANIFEST).removesuffix(b"\n"), ManifestRecord)
    if manifest.format not in (UNSIGNED, SIGNED):
        raise BundleError(f"it has the format {manifest.format!r}, but this ledger reads {SIGNED!r}")
    return manifest


def _silent(_notice: str, _checked: int, _size: int) -> None:
    pass


def check(
    path: Path,
    progress: ProgressCallback = _silent,
    key: str | None = None,
    earlier: EarlierCopy | None = None,
    *,
    unsigned: bool = False,
) -> BundleReport:
    """Verify the bundle in a file, and return the report.

    Args:
        path: The bundle.
        progress: Function called every 500 entries, and after the last.
        key: Verifier key that must have signed the checkpoint; None for the key in the bundle.
        earlier: Earlier copy of the ledger, to compare with the bundle.
        unsigned: True to accept the first format, whose manifest no key has signed.

    Raises:
        LedgerError: The file cannot be read, belongs to another notice than the earlier copy, or ends before it.
    """
    try:
        with BundleArchive(path) as archive:
            manifest = manifest_of(archive)
            _require_comparable(path, manifest, earlier)
            _require_signature(manifest, unsigned)
            return _BundleVerification(archive, manifest, key, earlier).run(progress)
    except BundleError as error:
        examination = Examination(path.name)
        examination.flag(0, Damage.BUNDLE, str(error))
        return BundleReport(examination.report)
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}; name a bundle") from None


def _require_signature(manifest: ManifestRecord, unsigned: bool) -> None:
    """Raise BundleError for the unsigned format unless it is accepted: anybody can make such a bundle."""
    if manifest.format == UNSIGNED and not unsigned:
        raise BundleError("its manifest is not signed; accept such an old bundle with --unsigned")


def _require_comparable(path: Path, manifest: ManifestRecord, earlier: EarlierCopy | None) -> None:
    if earlier is None:
        return
    if earlier.notice != manifest.notice:
        raise LedgerError(f"{path} belongs to {manifest.notice}, the earlier copy to {earlier.notice}")
    if earlier.size > manifest.size:  # later entries may be lost
        raise LedgerError(
            f"the earlier copy has {earlier.size} entries and {path} only {manifest.size}: "
            "compare it with a bundle that reaches it"
        )


def entries(archive: BundleArchive) -> Iterator[bytes]:
    """Yield the bytes of a bundle's entries, in order. Raise BundleError if a line is malformed."""
    return archive.lines("entries.ndjson", _ENTRY)


def documents(archive: BundleArchive) -> Iterator[int]:
    """Yield the positions of a bundle's documents, also withheld or erased. Raise BundleError for a bad line."""
    for line in archive.lines("documents.ndjson", _SMALL):
        yield exactly(line, DocumentRecord).position


def leaves(archive: BundleArchive) -> Iterator[bytes]:
    """Yield the leaf hashes of a bundle's entries, in order. Raise BundleError if a line is malformed."""
    for line in entries(archive):
        record = withheld(line)
        yield sha256(b"\0" + line).digest() if record is None else unbase64(record.leaf_hash)


class _BundleVerification:
    """Verification of one bundle. An instance runs once."""

    def __init__(
        self, archive: BundleArchive, manifest: ManifestRecord, key: str | None, earlier: EarlierCopy | None
    ) -> None:
        self._archive = archive
        self._manifest = manifest
        notice = manifest.notice
        checkpoint, self._key, fault = _checkpoint(archive, key)
        signed = [*(earlier.signed if earlier is not None else ())]
        if checkpoint is not None:
            signed.append(KnownCheckpoint(checkpoint.size, checkpoint.root_hash, "the bundle's signed checkpoint"))
        signed.sort(key=lambda known: known.size)
        copy = earlier if earlier is not None else EarlierCopy(notice)
        self._examination = Examination(notice, signed, copy.leaves, copy.documents)
        if fault is not None:
            self._examination.flag(0, Damage.CHECKPOINT, fault)
        self._checkpoint = checkpoint
        self._tiles = Tiles(archive, self._examination.flag)
        self._names = [*_BEFORE]
        self._withheld = 0

    def run(self, progress: ProgressCallback) -> BundleReport:
        """Check everything in the bundle, and return the report."""
        examination, manifest = self._examination, self._manifest
        try:
            self._check_entries(progress)
        except BundleError as error:
            examination.flag(examination.report.entries + 1, Damage.BUNDLE, str(error))
        examination.finish(within=examination.report.entries)
        self._names += [*self._tiles.finish(), *_AFTER]
        self._names += [NOTE] if manifest.format == SIGNED else []
        try:
            self._check_file()
        except BundleError as error:
            examination.flag(0, Damage.BUNDLE, str(error))
        return BundleReport(
            examination.report,
            manifest.origin,
            manifest.size,
            manifest.role,
            self._withheld,
            manifest.format == SIGNED,
            manifest.software,
            self._key,
            examination.attachments.later,
        )

    def _check_entries(self, progress: ProgressCallback) -> None:
        size = self._manifest.size
        narratives = Lookahead(self._lines("narratives.ndjson", _NARRATIVE, NarrativeRecord), _POSITION)
        documents = Lookahead(self._lines("documents.ndjson", _SMALL, DocumentRecord), _POSITION)
        keys = array("Q")
        for position, line in enumerate(entries(self._archive), 1):
            self._check_entry(position, line, keys)
            self._check_attachments(narratives.up_to(position), documents.up_to(position))
            if position % 500 == 0 or position == size:
                progress(self._manifest.notice, position, size)
        self._check_attachments(narratives.up_to(BEYOND), documents.up_to(BEYOND))
        self._check_repeated_keys(keys)
        self._check_erasures()
        self._replay_admission()
        if self._checkpoint is not None:
            signer = self._checkpoint.signatures[0].key
            self._examination.checkpoints.check_signer(signer, self._checkpoint.size)

    def _check_entry(self, position: int, line: bytes, keys: "array[int]") -> None:
        record = withheld(line)
        if record is None:
            leaf = sha256(b"\0" + line).digest()
            self._examination.add_entry(position, line)
            keys.append(_key(line))
        else:
            leaf = unbase64(record.leaf_hash)
            self._examination.skip_withheld(position, leaf)
            self._withheld += 1
            if record.position != position:
                detail = f"its line has the position {record.position}"
                self._examination.flag(position, Damage.MOVED, detail)
        self._tiles.append(leaf)

    def _replay_admission(self) -> None:
        """Judge again whether each entry could be recorded, if the bundle shows all entries intact."""
        if self._withheld or not self._examination.intact:
            return
        replay = AdmissionReplay(self._examination.report, self._examination.flag)
        for position, line in enumerate(entries(self._archive), 1):
            if replay.add_entry(position, line):
                replay.refold(islice(entries(self._archive), position))

    def _check_attachments(
        self, narratives: Iterator[NarrativeRecord], documents: Iterator[DocumentRecord]
    ) -> None:
        for line in narratives:
            self._check_narrative(line)
        for document in documents:
            self._check_document(document)

    def _check_narrative(self, line: NarrativeRecord) -> None:
        salt = None if line.salt is None else unbase64(line.salt)
        erased = NarrativeRecord(line.position, line.path, erased_by=line.erased_by)
        if line.erased_by is not None and line != erased:
            detail = f"{line.path} is both erased and shown"
            self._examination.flag(line.position, Damage.NARRATIVE_KEPT, detail)
        self._examination.add_narrative(NarrativeRow(line.position, line.path, salt, line.text, line.erased_by))

    def _check_document(self, line: DocumentRecord) -> None:
        examination, position = self._examination, line.position
        if line.withheld and line != DocumentRecord(position, withheld=True):
            examination.flag(position, Damage.DOCUMENT_EDITED, "its line both withholds and shows it")
        if line.erased_by is not None and line != DocumentRecord(position, erased_by=line.erased_by):
            examination.flag(position, Damage.DOCUMENT_KEPT, "its line is both erased and shown")
        salt = None if line.salt is None else unbase64(line.salt)
        promise = examination.attachments.promised
        size, kind = (promise.size, promise.media_type) if promise is not None else (0, "")
        promise = examination.add_document(FileRow(position, None, None, salt, size, kind, line.erased_by))
        if promise is None or line.withheld:
            return
        if line.included:
            self._check_included(position, salt, promise)
        elif salt is None or len(salt) != HASH:
            examination.flag(position, Damage.DOCUMENT_EDITED, "its salt is missing")

    def _check_included(self, position: int, salt: bytes | None, promise: ExpectedFile) -> None:
        """Compare a file in the bundle with the digest in its entry. Raise BundleError for bad base64."""
        examination, name = self._examination, f"evidence/{position}"
        self._names.append(name)
        digest = sha256(salt or b"")
        for piece in self._archive.pieces(name):
            digest.update(piece)
        if self._archive.size(name) is None:
            examination.flag(position, Damage.DOCUMENT_MISSING, f"the bundle has no {name}")
        elif digest.digest() != unbase64(promise.digest) or self._archive.size(name) != promise.size:
            detail = "the file does not match the digest in the entry"
            examination.flag(position, Damage.DOCUMENT_EDITED, detail)

    def _check_repeated_keys(self, keys: "array[int]") -> None:
        """Report each source and id that two entries share. Read entries again only if two hashes are equal."""
        ordered = sorted(keys)
        twice = {key for key, successor in pairwise(ordered) if key == successor} - {_UNREADABLE}
        first: dict[tuple[str, str], int] = {}
        for position, line in enumerate(entries(self._archive), 1) if twice else ():
            if withheld(line) is None and _key(line) in twice:
                event = msgspec.json.decode(line)
                key = (event["source"], event["id"])
                if key in first:
                    self._examination.report_repeated_key(position, first[key], *key)
                first.setdefault(key, position)

    def _check_erasures(self) -> None:
        """Report narratives and documents that are shown after their erasure."""
        erased = self._examination.attachments.narratives_erased
        for line in self._lines("narratives.ndjson", _NARRATIVE, NarrativeRecord) if erased else ():
            if line.position in erased and line.erased_by is None:
                self._examination.report_unerased_narrative(line.position, line.path)
        erased = self._examination.attachments.documents_erased
        for document in self._lines("documents.ndjson", _SMALL, DocumentRecord) if erased else ():
            if document.position in erased and document.erased_by is None:
                self._examination.report_unerased_document(document.position)

    def _check_file(self) -> None:
        """Raise BundleError if the checkpoint, a member, the manifest, a view's state or the seal is wrong."""
        manifest, archive = self._manifest, self._archive
        entries, root = self._examination.report.entries, self._examination.report.root_hash
        summary = (manifest.size, manifest.root_hash, manifest.withheld)
        if summary != (entries, root, self._withheld > 0) or self._withheld not in (0, entries):
            raise BundleError(f"its manifest of {manifest.size} entries does not match the entries")
        if self._checkpoint is not None and (
            self._checkpoint.origin != manifest.origin
            or not manifest.origin.endswith(f"/ledgers/{manifest.notice}")
        ):
            raise BundleError(f"its checkpoint belongs to {self._checkpoint.origin}, not to {manifest.origin}")
        if self._checkpoint is not None and self._checkpoint.size != entries:
            raise BundleError(f"its checkpoint signs {self._checkpoint.size} entries, and it has {entries}")
        if archive.names != self._names:
            differing = sorted(set(archive.names) ^ set(self._names)) or ["their order"]
            raise BundleError(f"its members are not those of a bundle: {differing[0]}")
        members = [FileRecord(name, archive.size(name) or 0, archive.digest(name)) for name in archive.names]
        listed = members[: archive.names.index("manifest.json")]
        if listed != manifest.files:
            differing = [file.name for file in listed if file not in manifest.files] or ["a member"]
            raise BundleError(f"{differing[0]} is not as its manifest lists it")
        if views_of(archive) and manifest.withheld:
            raise BundleError("it has states of views, but withholds the entries that show them")
        if manifest.format == SIGNED and self._key:
            self._check_note()
        archive.check_seal()

    def _check_note(self) -> None:
        """Raise BundleError unless the key of the checkpoint signed the manifest."""
        digest = sha256(self._archive.read("manifest.json", _MANIFEST)).hexdigest()
        try:
            text, _ = open_note(self._archive.read(NOTE, _SMALL), [self._key])
        except CheckpointError as error:
            raise BundleError(f"its manifest is not signed: {error}") from None
        if text != f"improvement-ledger bundle manifest\n{self._manifest.origin}\n{digest}\n":
            raise BundleError(f"its {NOTE} belongs to another manifest")

    def _lines(self, name: str, limit: int, kind: type[_R]) -> Iterator[_R]:
        for line in self._archive.lines(name, limit):
            yield exactly(line, kind)


def views_of(archive: BundleArchive) -> list[ViewStateRecord]:
    """Return the records of views' states in the bundle. Raise BundleError if a line is malformed."""
    return [exactly(line, ViewStateRecord) for line in archive.lines("views.json", _SMALL)]


def _checkpoint(archive: BundleArchive, key: str | None) -> tuple[Checkpoint | None, str, str | None]:
    """Return the checkpoint (None if invalid), the key that signed it, and their fault (None if sound)."""
    try:
        enclosed = archive.read("key", _SMALL).decode().removesuffix("\n")
        known = key or enclosed
        checkpoint = parse(archive.read("checkpoint", _SMALL), [known])
        if VerifierKey.parse(enclosed).public_key != VerifierKey.parse(known).public_key:
            return checkpoint, known, f"the bundle contains another key than yours: {enclosed[:200]}"
    except (CheckpointError, BundleError, UnicodeDecodeError) as error:
        return None, "", str(error)
    return checkpoint, known, None


def _key(line: bytes) -> int:
    """Return a number that hardly any entries with another source or id share; 0 for an unreadable entry."""
    try:
        event = msgspec.json.decode(line)
        return int.from_bytes(sha256(f"{event['source']}\n{event['id']}".encode()).digest()[:8])
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        return _UNREADABLE
