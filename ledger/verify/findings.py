"""What verifying says: kinds of damage, findings that name an entry, and reports. Imports msgspec only."""

from enum import Enum

from msgspec import Struct, field


class Damage(Enum):
    """The kinds of damage; of several at one position the first named here is reported first."""

    MISSING = "an entry is missing"
    REPEATED = "a position is taken twice"
    MOVED = "an entry stands where another was recorded"
    EDITED = "the bytes are not those that were hashed"
    UNREADABLE = "the bytes are not an entry"
    COLUMN = "a column contradicts the bytes"
    ORDER = "an entry is not recorded after the one before it"
    KEY = "a source and id are used twice"
    ROOT = "the root of the tree does not follow from the entries"
    BEYOND_HEAD = "an entry stands beyond the head"
    HEAD = "the head contradicts the entries"
    FRONTIER = "the head's frontier contradicts the entries"
    CHECKPOINT = "a signed checkpoint contradicts the entries"
    TILE = "a tile contradicts the entries"
    REWRITTEN = "the history is not the one that was recorded before"
    SNAPSHOT = "the kept state does not follow from the entries"
    TEXT_MISSING = "a narrative is missing"
    TEXT_EDITED = "a narrative or its salt is not the one recorded"
    TEXT_ORPHANED = "a narrative belongs to no entry"
    TEXT_ERASED = "a narrative was erased without a recorded decision"
    TEXT_KEPT = "a narrative that was to be erased is still there"
    FILE_MISSING = "a document is missing"
    FILE_EDITED = "a document or its salt is not the one recorded"
    FILE_ORPHANED = "a document belongs to no entry"
    FILE_ERASED = "a document was erased without a recorded decision"
    FILE_KEPT = "a document that was to be erased is still there"
    BUNDLE = "the bundle is not as it was made"


class Finding(Struct, frozen=True):
    """One difference between the record and what follows from its bytes."""

    notice: str
    position: int
    """The entry concerned; for the head, the last entry; for a bundle as a whole, 0."""
    damage: Damage
    detail: str

    def __str__(self) -> str:
        entry = f", entry {self.position}" if self.position else ""
        return f"{self.notice}{entry}: {self.damage.value}: {self.detail}"


class NoticeReport(Struct):
    """What the examination of one notice found."""

    notice: str
    entries: int = 0
    narratives: int = 0
    erased: int = 0
    """How many of the narratives were erased."""
    documents: int = 0
    """Documents that came with their entries."""
    root_hash: str = ""
    """The root recomputed over all entries, in base64; empty where there is none."""
    seconds: float = 0.0
    reading_seconds: float = 0.0
    """How many of them went into the entries and their tree, with what lies beside them."""
    damages: int = 0
    """How many differences there are."""
    findings: list[Finding] = field(default_factory=list)
    """The first of them, by position."""


class Report(Struct):
    """What was found in all notices that were asked for."""

    notices: list[NoticeReport]
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether everything agrees with everything."""
        return not any(report.damages for report in self.notices)

    @property
    def first(self) -> Finding | None:
        """The first entry that differs, of the first notice that has one."""
        return next((report.findings[0] for report in self.notices if report.findings), None)
