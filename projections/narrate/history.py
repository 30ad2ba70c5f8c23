"""History of a notice, entry by entry: a sentence, the evidence for it, and its changes. Pure.

The changes of an entry are the difference between the values before and after it. A correction therefore shows all
its effects. The history needs the entries only, and no view.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field, structs

from ledger.domain.areas.access import AccessProvided, AccessRequested
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.notice import ClauseState, NoticeIssued
from ledger.domain.areas.plan import DEFAULT_SCALE, Dimension, ProgressRecorded, RatingScaleAdopted
from ledger.domain.areas.records import EntryCorrected, ErasureRequested, NarrativeErased
from ledger.domain.corrections import REPLACEMENT, Effect, effects
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, STORED_TYPES, Kind, in_order, values_at
from ledger.domain.rules.concern import clauses_of, includes
from ledger.domain.rules.links import LinkedValues
from projections.engine.narrative import NarrativeRef
from projections.narrate.board_notes import BoardNotes
from projections.narrate.changes import Aspect, Change, Values, difference
from projections.narrate.sentence import (
    NO_NAMES,
    data_path,
    fields_of,
    phrase,
    quote,
    required_fields_of,
    with_full_stop,
    with_name,
    zone_of,
)

Narratives = Mapping[str, NarrativeRef]
"""Path in an entry's data → its narrative."""
_DEFAULT_LABELS = {code: code.capitalize() for code in DEFAULT_SCALE}


class EvidenceCited(Struct, frozen=True):
    """A document of the register at the time of an entry."""

    evidence: str
    position: int
    """Position of the entry that submitted the document."""


class NarratedEntry(Struct, frozen=True, rename="camel"):
    """An entry in plain words."""

    position: int
    type: str
    source: str
    sentence: str
    actor: str
    role: str
    occurred_at: datetime | None
    """Time at which the fact happened; None if it was recorded at that time."""
    recorded_at: datetime
    clauses: tuple[str, ...]
    subjects: tuple[str, ...]
    """Ids of all the entry's subjects."""
    narratives: dict[str, str] = field(name="texts")
    """Path → narrative outside the sentence, or a note if the narrative was erased."""
    evidence: tuple[EvidenceCited, ...]
    """Documents that the entry cites."""
    other_evidence: tuple[EvidenceCited, ...] = field(name="held")
    """Other documents in the register that support the entry's subjects."""
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    """Attendance, chair, interests and warnings of a meeting or decision of the board."""
    reads_now: str | None = None
    """Sentence of the corrected entry after this correction; None if this entry is not a correction."""
    corrected_by: int | None = None
    """Position of the later entry that corrected this entry; None if this entry was not corrected."""
    decision: bool = False

    @property
    def unstated_changes(self) -> tuple[Change, ...]:
        """Changes except first values that the sentence states."""
        return tuple(
            change
            for change in self.changes
            if change.before is not None
            or change.after is None
            or not re.search(rf"(?<!\w){re.escape(change.after)}(?!\w)", self.sentence)
        )


class Selection(Struct, frozen=True, kw_only=True):
    """Filter of entries; a field with the value None does not filter."""

    subject: str | None = None
    clause: str | None = None
    actor: str | None = None
    decisions: bool = False
    """True for decisions only."""

    def matches(self, entry: NarratedEntry) -> bool:
        """Return True if an entry passes the filter; clause 9 includes 9a to 9d."""
        return (
            self.subject in (None, *entry.subjects)
            and (self.clause is None or any(includes(self.clause, clause) for clause in entry.clauses))
            and self.actor in (None, entry.actor)
            and (entry.decision or not self.decisions)
        )


class History(Struct):
    """State of a history after some entries; add each entry once, in order."""

    names: Mapping[str, str] = NO_NAMES
    """Actor → name, for actors whose names the reader may see."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    corrected: Mapping[int, int] = {}
    """Position of a corrected entry → position of its correction, for all entries to be added."""
    clauses: Mapping[str, ClauseState] = {}
    """Clauses of the notice after all entries to be added."""
    links: LinkedValues = {}
    """Values that facts leave out because their subjects state them, after all entries to be added."""
    board: BoardNotes = field(default_factory=BoardNotes)
    """Data for notes on the boards' meetings and decisions, from all entries to be added."""
    requests: dict[str | int, AccessRequested] = {}
    """Requests for access by their ids."""
    values: Values = field(default_factory=Values)
    scales: dict[Dimension, dict[int, dict[str, str]]] = {}
    """Dimension → each position that adopted a scale for it, with the label of each code; the last scale holds."""
    register: dict[str, tuple[int, frozenset[str]]] = {}
    """Document → position of the entry that submitted it, and the ids that the document supports."""
    subjects: dict[int, tuple[str, ...]] = {}
    """Position of an entry → ids of the entry's subjects."""

    def narrate(self, entry: Entry, narratives: Narratives) -> NarratedEntry:
        """Add the next entry, and return it in plain words."""
        fact, kind = entry.fact, KIND_OF[type(entry.fact)]
        if isinstance(fact, NoticeIssued):
            self.zone = zone_of(fact.zone)
        subjects = self._subjects(entry, kind)
        evidence, other_evidence = self._evidence(fact, kind, subjects)
        changes, reads_now = self._add(entry, narratives)
        return NarratedEntry(
            entry.position,
            entry.type,
            entry.source,
            with_full_stop(f"{self._phrase(fact.sentence.sentence, fact, narratives)}{self._request_of(fact)}"),
            entry.actor,
            entry.actor_role.replace("_", " ").lower(),
            entry.occurred_at if entry.occurred_at != entry.recorded_at else None,
            entry.recorded_at,
            clauses_of(fact, entry.clauses, self.clauses, self.links),
            subjects,
            {
                path: quote(narratives[path])
                for path in in_order(kind, narratives)
                if _list_path(path) not in _paths_in(fact)
            },
            evidence,
            other_evidence,
            changes,
            self.board.of(entry, self.zone, self.names),
            reads_now,
            self.corrected.get(entry.position),
            fact.sentence.decision,
        )

    def _phrase(self, template: str, fact: Fact, narratives: Narratives) -> str:
        return phrase(template, self._labelled(fact), narratives, self.zone, self.names)

    def _labelled(self, fact: Fact) -> Fact:
        """Return a fact with the labels of its ratings in place of their codes."""
        if not isinstance(fact, ProgressRecorded):
            return fact
        return structs.replace(
            fact,
            activity_rating=self._label(Dimension.ACTIVITY, fact.activity_rating),
            impact_rating=fact.impact_rating and self._label(Dimension.IMPACT, fact.impact_rating),
        )

    def _label(self, dimension: Dimension, code: str) -> str:
        """Return the label of a rating on the plan's scale; an unknown code is its own label."""
        scales = self.scales.get(dimension)
        labels = scales[max(scales)] if scales else _DEFAULT_LABELS
        return labels.get(code, code)

    def _request_of(self, fact: Fact) -> str:
        """Remember a request for access, or return a note on the request that another fact answers.

        The note is an empty string if the fact answers no request.
        """
        if isinstance(fact, AccessRequested):
            self.requests[fact.request] = fact
            return ""
        request = self.requests.get(getattr(fact, "request", ""))
        if request is None:
            return ""
        kind = "" if isinstance(fact, AccessProvided) else f"{request.kind.meaning}, "
        return f" ({kind}for {with_name(request.grantee, self.names)})"

    def _subjects(self, entry: Entry, kind: Kind) -> tuple[str, ...]:
        data: Any = msgspec.to_builtins(entry.fact)
        ids = [entry.subject] if entry.subject else []
        ids += [value for _, path in kind.references for _, value in values_at(data, path) if value]
        for name in ("supports", "relates_to"):
            ids += getattr(entry.fact, name, ())
        if isinstance(entry.fact, EntryCorrected | ErasureRequested | NarrativeErased):
            ids += self.subjects.get(entry.fact.position, ())
        self.subjects[entry.position] = tuple(dict.fromkeys(ids))
        return self.subjects[entry.position]

    def _evidence(
        self, fact: Fact, kind: Kind, subjects: tuple[str, ...]
    ) -> tuple[tuple[EvidenceCited, ...], tuple[EvidenceCited, ...]]:
        """Return the documents that a fact cites, and the other documents that support its subjects."""
        if isinstance(fact, EvidenceSubmitted):
            return (), ()
        data: Any = msgspec.to_builtins(fact)
        paths = [path for ref, path in kind.references if ref == "evidence"]
        ids = dict.fromkeys(value for path in paths for _, value in values_at(data, path))
        cited = tuple(EvidenceCited(name, self.register[name][0]) for name in ids if name in self.register)
        others = tuple(
            EvidenceCited(name, position)
            for name, (position, supports) in self.register.items()
            if name not in ids and supports.intersection(subjects)
        )
        return cited, others

    def _add(self, entry: Entry, narratives: Narratives) -> tuple[tuple[Change, ...], str | None]:
        before: dict[Aspect, str | None] = {}
        reads_now = None
        for effect in effects(entry):
            if effect.corrected_by is not None:
                reads_now = self._correct(effect, narratives, before)
            elif effect.fact is not None:
                self._settle(effect.position, effect.fact, narratives, before)
        after = {aspect: self.values.value(aspect) for aspect in before}
        return tuple(difference(before, after)), reads_now

    def _settle(self, position: int, fact: Fact, narratives: Narratives, before: dict[Aspect, str | None]) -> None:
        """Set the values, rating labels and evidence that a fact declares.

        Note in `before` the values that they replace.
        """
        for subject, name, value in fact.sentence.settles:
            if _is_unset(fact, value):
                continue
            aspect = (self._phrase(subject, fact, narratives), self._phrase(name, fact, narratives))
            before.setdefault(aspect, self.values.value(aspect))
            self.values.put(position, aspect, self._phrase(value, fact, narratives))
        if isinstance(fact, RatingScaleAdopted):
            labels = {level.code: level.label for level in fact.levels}
            self.scales.setdefault(fact.dimension, {})[position] = labels
        if isinstance(fact, EvidenceSubmitted):
            self.register[fact.evidence] = (position, frozenset(fact.supports))

    def _correct(self, effect: Effect, narratives: Narratives, before: dict[Aspect, str | None]) -> str:
        """Replace the values of a corrected entry, and return its new sentence."""
        position, fact = effect.position, effect.fact
        for aspect in self.values.aspects_of(position):
            before.setdefault(aspect, self.values.value(aspect))
        self.values.remove(position)
        for scales in self.scales.values():
            scales.pop(position, None)
        self.register = {name: document for name, document in self.register.items() if document[0] != position}
        if fact is None:
            return "Nothing: the entry counts as not recorded."
        prefix = effect.narratives
        own = {path.removeprefix(prefix): item for path, item in narratives.items() if path.startswith(prefix)}
        self._settle(position, fact, own, before)
        return with_full_stop(self._phrase(fact.sentence.sentence, fact, own))


def _is_unset(fact: Fact, value: str) -> bool:
    """Return True if a fact leaves out all required fields of a value's template, so that the value stays."""
    fields = required_fields_of(value)
    return bool(fields) and all(getattr(fact, name.partition(".")[0], None) is None for name in fields)


def _paths_in(fact: Fact) -> set[str]:
    """Return the paths of the narratives in a fact's sentence, and in the sentence of its replacement."""
    paths = set(map(data_path, fields_of(fact.sentence.sentence)))
    if isinstance(fact, EntryCorrected) and fact.replacement is not None:
        sentence = STORED_TYPES[fact.replacement.type].kind.struct.sentence.sentence
        paths |= {REPLACEMENT + data_path(name) for name in fields_of(sentence)}
    return paths


def _list_path(path: str) -> str:
    """Return a path without its index in a list: `themes` for `themes[0]`."""
    return path.removesuffix("]").rstrip("0123456789").removesuffix("[") if path.endswith("]") else path
