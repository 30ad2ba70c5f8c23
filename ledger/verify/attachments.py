"""Check narratives and documents against the digests in their entries.

No I/O. Add each entry, then its rows; each contradiction is reported as a finding. A promised narrative without
a row is missing. An erased row must name the entry that decided the erasure. The module shares no code with the
writer.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from operator import index
from typing import Any, NamedTuple

from ledger.verify.findings import Damage, NoticeReport

Flag = Callable[[int, Damage, str], None]
"""Function that receives each finding: its position, kind of damage and detail."""
_NARRATIVE_ERASED = "improvement-ledger.records.NarrativeErased.v"
_EVIDENCE_ERASED = "improvement-ledger.evidence.EvidenceErased.v"
_REQUESTED = "improvement-ledger.records.ErasureRequested.v"
_SUBMITTED = "improvement-ledger.evidence.EvidenceSubmitted.v"
_NOTED_TYPES = (_NARRATIVE_ERASED, _EVIDENCE_ERASED, _REQUESTED, _SUBMITTED)


class NarrativeRow(NamedTuple):
    """Columns of a stored narrative."""

    position: int
    path: str
    salt: bytes | None
    body: str | None
    erased_by: int | None


class FileRow(NamedTuple):
    """Columns of a stored document."""

    position: int
    content: str | None
    """SHA-256 of the file, which is also the file's name in the store; None once the file is destroyed."""
    upload: str | None
    """Temporary name in the store; None once the file has its lasting name."""
    salt: bytes | None
    size: int
    media_type: str
    erased_by: int | None


class ExpectedFile(NamedTuple):
    """Digest, size and media type of a document, as its entry promises."""

    digest: str
    size: int
    media_type: str
    stored: bool | None = None
    """True if the file came with the entry, False if not. None in entries of version 1."""


class AttachmentExamination:
    """Check of the narratives and documents of one notice, entry by entry."""

    def __init__(self, report: NoticeReport, flag: Flag, earlier_documents: Iterable[int] = ()) -> None:
        self.narratives_erased: dict[int, int] = {}
        """Position of an entry whose narratives were to be erased → position of the deciding entry."""
        self.documents_erased: dict[int, int] = {}
        """Position of an entry whose document was to be erased → position of the deciding entry."""
        self.later: list[tuple[int, int]] = []
        """Erasures decided after the last entry: positions of the erased entry and of the deciding entry."""
        self._report, self._flag = report, flag
        self._position = 0
        self.owed: dict[str, str] | None = {}
        """Path → digest of each narrative that the last entry promises and that has no row yet.

        None if the entry is unreadable.
        """
        self._document: ExpectedFile | None = None
        self._requests: dict[int, int] = {}
        self._claims: list[tuple[int, Damage, str, int]] = []
        self._earlier_documents = set(earlier_documents)

    @property
    def promised(self) -> ExpectedFile | None:
        """Document that the last entry promises and that has no row yet; None without such a document."""
        return self._document

    def skip_unreadable(self, position: int) -> None:
        """Skip an unreadable entry: nothing is known of its attachments."""
        self._position, self.owed, self._document = position, None, None

    def skip_withheld(self, position: int) -> None:
        """Skip a withheld entry: it must have no attachments, even if an earlier copy has its document."""
        self._earlier_documents.discard(position)
        self._position, self.owed, self._document = position, {}, None

    def add_entry(self, position: int, kind: str, data: Any) -> None:  # noqa: ANN401 - any JSON
        """Note the narratives and document that an entry promises.

        Raise LookupError, TypeError or ValueError if the data is unreadable.
        """
        self.skip_unreadable(position)
        if kind.startswith(_NOTED_TYPES):
            self._note_decision(position, kind, data)
        self.owed = _narratives(data)

    def _note_decision(self, position: int, kind: str, data: Any) -> None:  # noqa: ANN401 - any JSON
        if kind.startswith(_REQUESTED):
            self._requests[position] = index(data["position"])
        elif kind.startswith(_NARRATIVE_ERASED):
            self.narratives_erased[index(data["position"])] = position
        elif kind.startswith(_SUBMITTED):
            self._document = ExpectedFile(
                str(data["digest"]), index(data["size"]), str(data["mediaType"]), data.get("stored")
            )
        elif target := self._requests.get(index(data["request"])):
            self.documents_erased[target] = position

    def add_narrative(self, row: NarrativeRow) -> None:
        """Check a narrative's row. Report a row that does not belong to the last entry as an orphan."""
        self._report.narratives += 1
        self._report.erased += row.erased_by is not None
        if row.position != self._position:
            self._flag(
                row.position, Damage.NARRATIVE_ORPHANED, f"{row.path} is stored, but there is no such entry"
            )
        elif self.owed is not None:
            digest = self.owed.pop(row.path, None)
            if digest is None:
                self._flag(row.position, Damage.NARRATIVE_ORPHANED, f"the entry has no narrative at {row.path}")
            elif row.erased_by is not None:
                self._claims.append((row.position, Damage.NARRATIVE_ERASED, row.path, row.erased_by))
            elif row.salt is None or row.body is None or _digest(row.salt, row.body) != digest:
                self._flag(
                    row.position, Damage.NARRATIVE_EDITED, f"{row.path} does not match the digest in the entry"
                )

    def add_document(self, row: FileRow) -> ExpectedFile | None:
        """Check a document's row. Return the promised file if its content has to be checked, else None."""
        self._report.documents += 1
        self._earlier_documents.discard(row.position)
        promise, self._document = self._document, None  # an entry has at most one document
        if row.position != self._position or (self.owed is not None and promise is None):
            self._flag(
                row.position, Damage.DOCUMENT_ORPHANED, "a document is stored, but the entry submitted none"
            )
            return None
        if promise is None:
            return None
        if promise.stored is False:
            self._flag(
                row.position, Damage.DOCUMENT_ORPHANED, "a document is stored, but the entry came without its file"
            )
        if row.erased_by is not None:
            self._claims.append((row.position, Damage.DOCUMENT_ERASED, "the document", row.erased_by))
            return None
        if (row.size, row.media_type) != (promise.size, promise.media_type):
            detail = f"its row has {row.size} bytes of {row.media_type}, the entry has other values"
            self._flag(row.position, Damage.DOCUMENT_EDITED, detail)
        return promise

    @property
    def incomplete(self) -> bool:
        """True if a narrative of the last entry, or a document that came with the entry, has no row yet."""
        return bool(self.owed) or (self._document is not None and self._document.stored is True)

    def finish_entry(self) -> None:
        """Report each narrative of the last entry, and a document that came with the entry, without a row."""
        for path in self.owed or ():
            self._flag(self._position, Damage.NARRATIVE_MISSING, f"nothing is stored for {path}")
        if self._document is not None and self._document.stored is True:
            self._flag(
                self._position, Damage.DOCUMENT_MISSING, "the entry came with its file, and no document is stored"
            )
        self.owed, self._document = {}, None

    def finish(self, within: int | None = None) -> None:
        """Check, after all rows, the decision of each erasure and the documents of the earlier copy.

        Args:
            within: Last position, if the record is only a part. Erasures by later entries go to `later`.
        """
        for position in sorted(self._earlier_documents):
            if within is None or position <= within:
                self._flag(
                    position, Damage.DOCUMENT_MISSING, "the earlier copy has its document, and none is stored"
                )
        for position, damage, subject, by in self._claims:
            decisions = self.narratives_erased if damage is Damage.NARRATIVE_ERASED else self.documents_erased
            if within is not None and by > within and position not in decisions:
                self.later.append((position, by))
            elif decisions.get(position) != by:
                self._flag(position, damage, f"{subject} names entry {by}, which does not erase it")


def _narratives(data: object) -> dict[str, str]:
    """Return the digest of each narrative in an entry's data, by path; a narrative has only a `sha256`."""
    digests: dict[str, str] = {}
    pending: list[tuple[str, object]] = [("", data)]
    for path, value in pending:  # grows while it is read
        if type(value) is dict:
            if len(value) == 1 and "sha256" in value and _is_digest(value["sha256"]):
                digests[path] = value["sha256"]
                continue
            for name, member in value.items():
                kind = type(member)
                if kind is dict or kind is list:
                    pending.append((f"{path}.{name}" if path else name, member))
        elif type(value) is list:
            pending += [(f"{path}[{index}]", member) for index, member in enumerate(value)]
    return digests


def _is_digest(value: object) -> bool:
    """Return whether a value can be a digest. A parameter may be named sha256, but no code ends in `=`."""
    return isinstance(value, str) and len(value) == 44 and value.endswith("=")


def _digest(salt: bytes, body: str) -> str:
    return b64encode(sha256(salt + body.encode("utf-8", "surrogatepass")).digest()).decode()
