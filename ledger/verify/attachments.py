"""The examination of what lies beside the entries: narratives and documents, against the digests in the entries.

No I/O, and nothing of the code that writes: rows go in behind their entry, and findings come out. What an entry
promised and nobody brought is missing; what was erased must name the entry that decided it.
"""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from operator import index
from typing import Any, NamedTuple

from ledger.verify.findings import Damage, NoticeReport

OnDamage = Callable[[int, Damage, str], None]
"""Told of each difference: position, kind, detail."""
_TEXTS_ERASED = "improvement-ledger.records.NarrativeErased.v"
_FILE_ERASED = "improvement-ledger.evidence.EvidenceErased.v"
_REQUESTED = "improvement-ledger.records.ErasureRequested.v"
_SUBMITTED = "improvement-ledger.evidence.EvidenceSubmitted.v"
_TELLING = (_TEXTS_ERASED, _FILE_ERASED, _REQUESTED, _SUBMITTED)


class NarrativeRow(NamedTuple):
    """A narrative as its columns have it."""

    position: int
    path: str
    salt: bytes | None
    body: str | None
    erased_by: int | None


class FileRow(NamedTuple):
    """A document as its columns have it."""

    position: int
    content: str | None
    """SHA-256 of the file, by which the store has it; None: it was destroyed."""
    upload: str | None
    """Its name in the store until it has its lasting one."""
    salt: bytes | None
    size: int
    media_type: str
    erased_by: int | None


class ExpectedFile(NamedTuple):
    """What an entry says of the document that it submitted."""

    digest: str
    size: int
    media_type: str


class AttachmentExamination:
    """Takes each entry's data, and after it the narratives and documents of that position."""

    def __init__(self, report: NoticeReport, found: OnDamage) -> None:
        self.texts_erased: dict[int, int] = {}
        """Entry whose narratives were to be erased → the entry that says so."""
        self.files_erased: dict[int, int] = {}
        """Entry whose document was to be erased → the entry that says so."""
        self.later: list[tuple[int, int]] = []
        """Of what an entry beyond the last one erased: the entry, and that later one."""
        self._report, self._found = report, found
        self._position = 0
        self.owed: dict[str, str] | None = {}
        """What the last entry promised of narratives and nobody has brought, path → digest; None: it is unread."""
        self._file: ExpectedFile | None = None
        self._requests: dict[int, int] = {}
        self._claims: list[tuple[int, Damage, str, int]] = []

    @property
    def promised(self) -> ExpectedFile | None:
        """What the entry given last says of its document; None: it submitted none, or cannot be read."""
        return self._file

    def unread(self, position: int) -> None:
        """The next entry's bytes tell nothing, so nothing can be said of what lies beside it."""
        self._position, self.owed, self._file = position, None, None

    def withheld(self, position: int) -> None:
        """The next entry is not shown, and nothing may lie beside it."""
        self._position, self.owed, self._file = position, {}, None

    def entry(self, position: int, kind: str, data: Any) -> None:  # noqa: ANN401 - whatever JSON the bytes hold
        """Notes what the next entry promises; raises LookupError, TypeError and the like if it is unreadable."""
        self.unread(position)
        if kind.startswith(_TELLING):
            self._decide(position, kind, data)
        self.owed = _narratives(data)

    def _decide(self, position: int, kind: str, data: Any) -> None:  # noqa: ANN401 - as above
        if kind.startswith(_REQUESTED):
            self._requests[position] = index(data["position"])
        elif kind.startswith(_TEXTS_ERASED):
            self.texts_erased[index(data["position"])] = position
        elif kind.startswith(_SUBMITTED):
            self._file = ExpectedFile(str(data["digest"]), index(data["size"]), str(data["mediaType"]))
        elif target := self._requests.get(index(data["request"])):
            self.files_erased[target] = position

    def text(self, row: NarrativeRow) -> None:
        """Checks a narrative: of the entry given last, or of none if its position says otherwise."""
        self._report.narratives += 1
        self._report.erased += row.erased_by is not None
        if row.position != self._position:
            self._found(row.position, Damage.TEXT_ORPHANED, f"{row.path} is kept, but there is no such entry")
        elif self.owed is not None:
            digest = self.owed.pop(row.path, None)
            if digest is None:
                self._found(row.position, Damage.TEXT_ORPHANED, f"the entry has no narrative at {row.path}")
            elif row.erased_by is not None:
                self._claims.append((row.position, Damage.TEXT_ERASED, row.path, row.erased_by))
            elif row.salt is None or row.body is None or _digest(row.salt, row.body) != digest:
                self._found(row.position, Damage.TEXT_EDITED, f"{row.path} does not match the digest in the entry")

    def file(self, row: FileRow) -> ExpectedFile | None:
        """Checks a document's row as `text` does; what the entry promised of the file, if it is to be read."""
        self._report.documents += 1
        promise, self._file = self._file, None  # an entry has one document
        if row.position != self._position or (self.owed is not None and promise is None):
            self._found(
                row.position, Damage.FILE_ORPHANED, "a document is kept, but the entry submitted no such one"
            )
            return None
        if promise is None:
            return None
        if row.erased_by is not None:
            self._claims.append((row.position, Damage.FILE_ERASED, "the document", row.erased_by))
            return None
        if (row.size, row.media_type) != promise[1:]:
            detail = f"its row says {row.size} bytes of {row.media_type}, the entry otherwise"
            self._found(row.position, Damage.FILE_EDITED, detail)
        return promise

    def texts_done(self) -> None:
        """All narratives of the entry given last have been brought."""
        for path in self.owed or ():
            self._found(self._position, Damage.TEXT_MISSING, f"nothing is kept for {path}")
        self.owed = {}

    def done(self, within: int | None = None) -> None:
        """All has been brought: checks the decisions by which things were erased.

        `within`: the record is a part that ends there; what later entries erased stands in `later`.
        """
        for position, damage, what, by in self._claims:
            decided = self.texts_erased if damage is Damage.TEXT_ERASED else self.files_erased
            if within is not None and by > within and position not in decided:
                self.later.append((position, by))
            elif decided.get(position) != by:
                self._found(position, damage, f"{what} names entry {by}, which does not erase it")


def _narratives(data: object) -> dict[str, str]:
    """Where narratives stand in an entry's data, with their digests: objects that hold `sha256` alone."""
    found: dict[str, str] = {}
    waiting: list[tuple[str, object]] = [("", data)]
    for where, value in waiting:  # which grows as it is read
        if type(value) is dict:
            if len(value) == 1 and "sha256" in value and _is_digest(value["sha256"]):
                found[where] = value["sha256"]
                continue
            for name, inner in value.items():
                kind = type(inner)
                if kind is dict or kind is list:
                    waiting.append((f"{where}.{name}" if where else name, inner))
        elif type(value) is list:
            waiting += [(f"{where}[{place}]", inner) for place, inner in enumerate(value)]
    return found


def _is_digest(value: object) -> bool:
    """Whether it can be one: a notice's parameter may be called sha256, but no word of a list ends in `=`."""
    return isinstance(value, str) and len(value) == 44 and value.endswith("=")


def _digest(salt: bytes, body: str) -> str:
    return b64encode(sha256(salt + body.encode("utf-8", "surrogatepass")).digest()).decode()
