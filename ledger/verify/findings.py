"""Define kinds of damage, findings and reports of verification. Imports nothing of the project."""

from enum import Enum

from msgspec import Struct, field


class Damage(Enum):
    """A kind of damage. At one position, an earlier member is reported first."""

    MISSING = "an entry is missing"
    REPEATED = "a position is taken twice"
    MOVED = "an entry is in another entry's place"
    EDITED = "the bytes are not those that were hashed"
    UNREADABLE = "the bytes are not an entry"
    COLUMN = "a column contradicts the bytes"
    ORDER = "an entry is not recorded after the one before it"
    AHEAD = "a wrong clock recorded the entry in the future"
    KEY = "a source and id are used twice"
    NOT_ALLOWED = "nobody was allowed to record the entry"
    ROOT = "the root of the tree does not follow from the entries"
    BEYOND_HEAD = "an entry is beyond the head"
    HEAD = "the head contradicts the entries"
    FRONTIER = "the head's frontier contradicts the entries"
    CHECKPOINT = "a signed checkpoint contradicts the entries"
    TILE = "a tile contradicts the entries"
    REWRITTEN = "the history is not the one that was recorded before"
    SNAPSHOT = "the snapshot does not follow from the entries"
    NARRATIVE_MISSING = "a narrative is missing"
    NARRATIVE_EDITED = "a narrative or its salt is not the one recorded"
    NARRATIVE_ORPHANED = "a narrative belongs to no entry"
    NARRATIVE_ERASED = "a narrative was erased without a recorded decision"
    NARRATIVE_KEPT = "an erased narrative is still there"
    DOCUMENT_MISSING = "a document is missing"
    DOCUMENT_EDITED = "a document or its salt is not the one recorded"
    DOCUMENT_ORPHANED = "a document belongs to no entry"
    DOCUMENT_ERASED = "a document was erased without a recorded decision"
    DOCUMENT_KEPT = "an erased document is still there"
    BUNDLE = "the bundle is not as it was made"
    CATALOGUE = "the database is not as the migrations make it"


class Finding(Struct, frozen=True):
    """One contradiction in the record."""

    notice: str
    position: int
    """Position of the entry concerned: at the end for the head, 0 for a bundle or database as a whole."""
    damage: Damage
    detail: str

    def __str__(self) -> str:
        entry = f", entry {self.position}" if self.position else ""
        return f"{self.notice or 'the database'}{entry}: {self.damage.value}: {self.detail}"


class DutyBreach(Struct, frozen=True):
    """An entry that today's separation of duties would refuse."""

    position: int
    type: str
    """Name of the fact."""
    actor: str
    """Actor who recorded the entry."""
    reason: str


class Tally(Struct):
    """A number of entries, and the first of them."""

    count: int = 0
    first: str = ""
    """Description of the first entry, with the reason; empty without entries."""

    def add(self, position: int, reason: str) -> None:
        """Count an entry, and note the first entry with its reason."""
        self.count += 1
        self.first = self.first or f"entry {position}: {reason}"


class NoticeReport(Struct):
    """Counts and findings of one notice."""

    notice: str
    entries: int = 0
    narratives: int = 0
    erased: int = 0
    """Number of erased narratives."""
    documents: int = 0
    """Number of rows of documents, destroyed documents among them."""
    root_hash: str = ""
    """Root recomputed over all entries, in base64; empty without entries."""
    seconds: float = 0.0
    reading_seconds: float = 0.0
    """Seconds spent on checking the entries, the tree, the narratives and the documents."""
    admission_seconds: float = 0.0
    """Seconds spent on judging again whether each entry could be recorded."""
    damages: int = 0
    """Number of all findings, also of findings that `findings` leaves out."""
    findings: list[Finding] = []
    """First findings, in order of position."""
    admitted_earlier: Tally = field(default_factory=Tally)
    """Entries that today's rules refuse but the rules of their time admitted. They are not damage."""
    unexplained: Tally = field(default_factory=Tally)
    """Entries against a rule whose date is not after the entry.

    These entries are in order if the rule's release was installed later.
    """
    duties: list[DutyBreach] = []
    """Entries that today's separation of duties would refuse."""


class Report(Struct):
    """Reports of all requested notices."""

    notices: list[NoticeReport]
    seconds: float
    catalogue: list[Finding] = []
    """Differences between the database and its migrations."""
    unchecked: str = ""
    """Reason why the database was compared with its migrations only in part; empty without a reason."""

    @property
    def sound(self) -> bool:
        """True if neither a notice nor the database has damage."""
        return not self.catalogue and not any(report.damages for report in self.notices)

    @property
    def first(self) -> Finding | None:
        """First finding of the first damaged notice, else of the database; None without damage."""
        first = next((report.findings[0] for report in self.notices if report.findings), None)
        return first or next(iter(self.catalogue), None)
