"""The history of a notice told entry by entry: who recorded what, on which evidence, and what it changed. Pure.

What an entry changed is the difference between what held before and after it, so a correction shows all that
it moved. Works from the entries alone; no view is needed.
"""

from bisect import insort
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct, field

from ledger.domain.areas.access import AccessProvided, AccessRequested
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.notice import NoticeIssued
from ledger.domain.areas.records import EntryCorrected, ErasureRequested, NarrativeErased
from ledger.domain.corrections import REPLACEMENT, Effect, effects
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, KINDS, Kind, values_at
from projections.engine.narrative import NarrativeRef
from projections.narrate.sentence import NOBODY, asked_by, called, ended, fields_of, phrase, place, quoted, zone_of
from projections.narrate.templates import TEMPLATES

Texts = Mapping[str, NarrativeRef]
Aspect = tuple[str, str]
"""Of what, and which aspect of it: ("objective O1", "due")."""


class Change(Struct, frozen=True):
    """Something that an entry, or a stretch of the history, changed."""

    of: str
    aspect: str
    before: str | None
    """None: nothing was known of it."""
    after: str | None


class EvidenceCited(Struct, frozen=True):
    """A piece of evidence in the register at the time."""

    evidence: str
    position: int
    """The entry that submitted it."""


class Sentence(Struct, frozen=True, rename="camel"):
    """One entry in plain words."""

    position: int
    type: str
    source: str
    sentence: str
    actor: str
    role: str
    occurred_at: datetime | None
    """When it happened; None: nobody said, so when it was recorded."""
    recorded_at: datetime
    clauses: tuple[str, ...]
    subjects: tuple[str, ...]
    """The ids of everything that it is about."""
    texts: dict[str, str]
    """The free text that the sentence doesn't hold, by its path; as it can be read now."""
    evidence: tuple[EvidenceCited, ...]
    """What the entry names as its ground."""
    held: tuple[EvidenceCited, ...]
    """What else the register held for its subjects."""
    changes: tuple[Change, ...]
    reads_now: str | None = None
    """For a correction: what stands at the corrected position from then on."""
    corrected_by: int | None = None
    """The entry that corrected this one later."""
    decision: bool = False


class Selection(Struct, frozen=True, kw_only=True):
    """Which entries are told; what is None asks nothing."""

    subject: str | None = None
    clause: str | None = None
    actor: str | None = None
    decisions: bool = False

    def takes(self, told: Sentence) -> bool:
        """Whether the entry is one of them; asking for clause 9 takes 9a to 9d too."""
        return (
            self.subject in (None, *told.subjects)
            and (self.clause is None or any(_within(clause, self.clause) for clause in told.clauses))
            and self.actor in (None, told.actor)
            and (told.decision or not self.decisions)
        )


def _within(clause: str, asked: str) -> bool:
    return clause == asked or (
        asked.isdigit() and clause[: len(asked)] == asked and clause[len(asked) :].isalpha()
    )


class History(Struct):
    """What is known while a history is told; entries come in order, each once."""

    names: Mapping[str, str] = NOBODY
    """Actor → the name by which people know them, where whoever reads may know it."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/London"))
    corrected: Mapping[int, int] = field(default_factory=dict)
    requests: dict[str | int, AccessRequested] = field(default_factory=dict)
    """Requests for access by their ids."""
    """Corrected position → the correcting one, of the whole stretch that is told."""
    settled: dict[Aspect, list[tuple[int, str]]] = field(default_factory=dict)
    by_position: dict[int, set[Aspect]] = field(default_factory=dict)
    register: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    """Evidence → the entry that submitted it, and what it speaks for."""
    subjects: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def now(self) -> dict[Aspect, str]:
        """Everything that holds."""
        return {aspect: values[-1][1] for aspect, values in self.settled.items() if values}

    def tell(self, entry: Entry, texts: Texts) -> Sentence:
        """Takes the next entry in, and tells it."""
        fact, kind = entry.fact, KIND_OF[type(entry.fact)]
        if isinstance(fact, NoticeIssued):
            self.zone = zone_of(fact.zone)
        subjects = self._subjects(entry, kind)
        named, held = self._evidence(fact, kind, subjects)
        changes, reads_now = self._take_in(entry, texts)
        return Sentence(
            entry.position,
            entry.type,
            entry.source,
            ended(f"{self._phrase(TEMPLATES[type(fact)].sentence, fact, texts)}{self._asked_for(fact)}"),
            entry.actor,
            entry.actor_role.replace("_", " ").lower(),
            entry.occurred_at if entry.occurred_at != entry.recorded_at else None,
            entry.recorded_at,
            _clauses(entry),
            subjects,
            {path: quoted(text) for path, text in texts.items() if _top(path) not in _in_sentences(fact)},
            named,
            held,
            changes,
            reads_now,
            self.corrected.get(entry.position),
            TEMPLATES[type(fact)].decision,
        )

    def _phrase(self, template: str, fact: Fact, texts: Texts) -> str:
        return phrase(template, fact, texts, self.zone, self.names)

    def _asked_for(self, fact: Fact) -> str:
        """For what becomes of a request for access: what was asked for, and for whom."""
        if isinstance(fact, AccessRequested):
            self.requests[fact.request] = fact
            return ""
        asked = self.requests.get(getattr(fact, "request", ""))
        if asked is None:
            return ""
        kind = "" if isinstance(fact, AccessProvided) else f"{asked.kind.meaning}, "
        return f" ({kind}for {called(asked.grantee, self.names)})"

    def _subjects(self, entry: Entry, kind: Kind) -> tuple[str, ...]:
        data: Any = msgspec.to_builtins(entry.fact)
        found = [entry.subject] if entry.subject else []
        found += [value for _, path in kind.references for _, value in values_at(data, path) if value]
        for name in ("supports", "relates_to"):
            found += getattr(entry.fact, name, ())
        if isinstance(entry.fact, EntryCorrected | ErasureRequested | NarrativeErased):
            found += self.subjects.get(entry.fact.position, ())
        self.subjects[entry.position] = tuple(dict.fromkeys(found))
        return self.subjects[entry.position]

    def _evidence(
        self, fact: Fact, kind: Kind, subjects: tuple[str, ...]
    ) -> tuple[tuple[EvidenceCited, ...], tuple[EvidenceCited, ...]]:
        """What the fact names as its ground, and what else the register held for its subjects, before it."""
        if isinstance(fact, EvidenceSubmitted):
            return (), ()
        data: Any = msgspec.to_builtins(fact)
        paths = [path for ref, path in kind.references if ref == "evidence"]
        ids = dict.fromkeys(value for path in paths for _, value in values_at(data, path))
        named = tuple(EvidenceCited(name, self.register[name][0]) for name in ids if name in self.register)
        held = tuple(
            EvidenceCited(name, position)
            for name, (position, supports) in self.register.items()
            if name not in ids and supports.intersection(subjects)
        )
        return named, held

    def _take_in(self, entry: Entry, texts: Texts) -> tuple[tuple[Change, ...], str | None]:
        before: dict[Aspect, str | None] = {}
        reads_now = None
        for effect in effects(entry):
            if effect.corrected_by is not None:
                reads_now = self._correct(effect, texts, before)
            elif effect.fact is not None:
                self._settle(effect.position, effect.fact, texts, before)
        changes = tuple(
            Change(*aspect, was, self._value(aspect))
            for aspect, was in before.items()
            if (was or "") != (self._value(aspect) or "")
        )
        return changes, reads_now

    def _value(self, aspect: Aspect) -> str | None:
        values = self.settled.get(aspect)
        return values[-1][1] if values else None

    def _settle(self, position: int, fact: Fact, texts: Texts, before: dict[Aspect, str | None]) -> None:
        for template, name, value in TEMPLATES[type(fact)].settles:
            if _is_left(fact, value):
                continue
            aspect = (self._phrase(template, fact, texts), self._phrase(name, fact, texts))
            before.setdefault(aspect, self._value(aspect))
            insort(self.settled.setdefault(aspect, []), (position, self._phrase(value, fact, texts)))
            self.by_position.setdefault(position, set()).add(aspect)
        if isinstance(fact, EvidenceSubmitted):
            self.register[fact.evidence] = (position, frozenset(fact.supports))

    def _correct(self, effect: Effect, texts: Texts, before: dict[Aspect, str | None]) -> str:
        """Replace what the corrected entry settled; return the sentence that its position has from now on."""
        at, fact = effect.position, effect.fact
        for aspect in self.by_position.pop(at, ()):
            before.setdefault(aspect, self._value(aspect))
            self.settled[aspect] = [setting for setting in self.settled[aspect] if setting[0] != at]
        self.register = {name: held for name, held in self.register.items() if held[0] != at}
        if fact is None:
            return "Nothing: it reads as if it had not been recorded."
        prefix = effect.narratives
        mine = {path.removeprefix(prefix): text for path, text in texts.items() if path.startswith(prefix)}
        self._settle(at, fact, mine, before)
        return ended(self._phrase(TEMPLATES[type(fact)].sentence, fact, mine))


def _is_left(fact: Fact, value: str) -> bool:
    """Whether a fact leaves an aspect as it was: it says nothing of what would settle it."""
    fields = asked_by(value)
    return bool(fields) and all(getattr(fact, name.partition(".")[0], None) is None for name in fields)


def _in_sentences(fact: Fact) -> set[str]:
    """The paths of the texts that the fact's own sentence holds, and that of its replacement."""
    found = set(map(place, fields_of(TEMPLATES[type(fact)].sentence)))
    if isinstance(fact, EntryCorrected) and fact.replacement is not None:
        sentence = TEMPLATES[KINDS[fact.replacement.type].struct].sentence
        found |= {REPLACEMENT + place(name) for name in fields_of(sentence)}
    return found


def _clauses(entry: Entry) -> tuple[str, ...]:
    """The clauses that whoever recorded the entry named; else the one that it is about, or answers by its kind."""
    number = getattr(entry.fact, "number", None)
    own = number if isinstance(number, str) else entry.fact.clause
    return entry.clauses or ((own,) if own[:1].isdigit() else ())


def difference(before: Mapping[Aspect, str], after: Mapping[Aspect, str]) -> list[Change]:
    """What changed between two moments of a story."""
    aspects: Iterable[Aspect] = dict.fromkeys([*before, *after])
    return [
        Change(*aspect, before.get(aspect), after.get(aspect))
        for aspect in aspects
        if (before.get(aspect) or "") != (after.get(aspect) or "")
    ]


def _top(path: str) -> str:
    """A path without the items of a list: `themes` for `themes[0]`."""
    return path.removesuffix("]").rstrip("0123456789").removesuffix("[") if path.endswith("]") else path
