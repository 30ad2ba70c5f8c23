"""The history of a notice as it reads after its corrections. Pure.

A correction replaces or removes the fact of an earlier entry. The history then reads as if that entry had
held the replacement, or no fact.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from ledger.domain import rights
from ledger.domain.areas.access import AccessKind, AccessRequested
from ledger.domain.areas.evidence import EvidenceSubmitted
from ledger.domain.areas.records import UNCORRECTABLE, EntryCorrected
from ledger.domain.entry import Entry
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact, When, Who
from ledger.domain.registry import KIND_OF, STORED_TYPES
from ledger.domain.state import State, admit, evolve

REPLACEMENT = "replacement.data."
"""Prefix of the paths of narratives in the replacement fact of a correction."""
_AREAS_OF_RIGHTS = frozenset({"access", "duties", "evidence", "notice", "people"})
"""Areas whose facts may give an actor rights, or bar an actor from a decision."""


class Effect(Struct, frozen=True):
    """The fact that an entry puts at its own or an earlier position, or the removal of the fact there."""

    position: int
    fact: Fact | None
    """Fact at the position once the entry is recorded; None if the entry removes the fact there."""
    corrected_by: int | None = None
    """Position of the correction that caused this effect; None for an entry's own fact."""

    @property
    def narratives(self) -> str:
        """Prefix of the fact's narrative paths in the entry that recorded it; empty without a correction."""
        return "" if self.corrected_by is None else REPLACEMENT


class EffectiveEntry(Struct, frozen=True):
    """An entry with the fact that it holds after all corrections."""

    entry: Entry
    removed: bool = False
    """True if a correction removed the fact; `entry` then still has the recorded fact."""
    corrected_by: int | None = None
    correctors: tuple[Who, ...] = ()
    """Recorders of the corrections of the entry, in order."""


def replacement(correction: EntryCorrected) -> Fact | None:
    """Return the fact that a correction puts in the corrected entry; None if the correction removes the fact."""
    if correction.replacement is None:
        return None
    return STORED_TYPES[correction.replacement.type].fact(correction.replacement.data)


def effects(entry: Entry) -> Iterator[Effect]:
    """Yield the effects of one entry: its own fact, then a correction's change of the corrected entry."""
    yield Effect(entry.position, entry.fact)
    if isinstance(entry.fact, EntryCorrected):
        yield Effect(entry.fact.position, replacement(entry.fact), entry.position)


def effective(
    history: Sequence[Entry], pending: EntryCorrected | None = None, by: Who | None = None
) -> list[EffectiveEntry]:
    """Return the entries of a history as they read after its corrections.

    Args:
        history: Entries in order. Corrections of entries that are left out are ignored.
        pending: A correction that is not recorded yet, applied after all others.
        by: Recorder of the pending correction.
    """
    latest: dict[int, Effect] = {}
    correctors: dict[int, tuple[Who, ...]] = {}
    for entry in history:
        if isinstance(entry.fact, EntryCorrected):
            latest |= {effect.position: effect for effect in effects(entry)}
            earlier = correctors.get(entry.fact.position, ())
            correctors[entry.fact.position] = (*earlier, Who(entry.actor, entry.actor_role))
    if pending is not None:
        latest[pending.position] = Effect(pending.position, replacement(pending), history[-1].position + 1)
        if by is not None:
            correctors[pending.position] = (*correctors.get(pending.position, ()), by)
    return [_after(entry, latest.get(entry.position), correctors.get(entry.position, ())) for entry in history]


def _after(entry: Entry, effect: Effect | None, correctors: tuple[Who, ...]) -> EffectiveEntry:
    if effect is None or effect.corrected_by is None:
        return EffectiveEntry(entry)
    removed = effect.fact is None
    read = entry if effect.fact is None else msgspec.structs.replace(entry, fact=effect.fact)
    return EffectiveEntry(read, removed, effect.corrected_by, correctors)


def fold(history: Iterable[EffectiveEntry]) -> State:
    """Return the state of a notice after the entries of its history."""
    state = State()
    for item in history:
        _step(state, item)
    return state


def _step(state: State, item: EffectiveEntry) -> None:
    entry = item.entry
    if item.removed:
        state.people.record_use(entry)
        state.position, state.recorded_at = entry.position, entry.recorded_at
    else:
        if item.correctors:
            state.records.correctors[entry.position] = [who.actor for who in item.correctors]
        evolve(state, entry)


def refusals(history: Iterable[EffectiveEntry]) -> Iterator[tuple[Entry, Refusal]]:
    """Yield each entry that the rules refuse, with its first refusal.

    The rules must admit a corrected fact from the entry's recorder, and from each recorder of a correction.
    """
    state = State()
    for item in history:
        entry = item.entry
        if not item.removed:
            when = When(entry.reported_at, entry.recorded_at)
            recorders = (Who(entry.actor, entry.actor_role), *item.correctors)
            refused = (refusal for who in recorders for refusal in admit(state, entry.fact, who, when))
            if (first := next(refused, None)) is not None:
                yield entry, first
        _step(state, item)


def first_refused(history: Iterable[EffectiveEntry]) -> tuple[Entry, Refusal] | None:
    """Return the first entry that the rules refuse, and the refusal; None if the rules admit every entry."""
    return next(refusals(history), None)


def exchange_refusal(corrected: Fact, correction: EntryCorrected) -> Refusal | None:
    """Return the refusal of a correction that no history allows, or None.

    Some facts cannot be corrected, and none can become another kind of fact. The requested access and the uploaded
    document stay the same.
    """
    kind = KIND_OF[type(corrected)]
    if kind.name in UNCORRECTABLE:
        message = f"a {kind.name} cannot be corrected; record what holds now"
        return Refusal("NOT_CORRECTABLE", message, "data.position")
    stored = STORED_TYPES.get(correction.replacement.type) if correction.replacement is not None else None
    if correction.replacement is not None and (stored is None or stored.kind is not kind):
        message = f"entry {correction.position} is a {kind.type}; replace it with that type"
        return Refusal("WRONG_TYPE", message, "data.replacement.type")
    fact = replacement(correction)
    match corrected, fact:
        case AccessRequested(), AccessRequested() if corrected.grantee != fact.grantee:
            path, message = "grantee", "a correction cannot change the grantee; request access again"
        case AccessRequested(), AccessRequested() if _reach(corrected) != _reach(fact):
            path, message = "kind", "a correction cannot change what the access is to; request access again"
        case EvidenceSubmitted(), EvidenceSubmitted() if _document(corrected) != _document(fact):
            path, message = "digest", "a correction cannot exchange the document; submit one that supersedes it"
        case _:
            return None
    return Refusal("NOT_CORRECTABLE", message, f"data.replacement.data.{path}")


def removal_refusal(corrected: Fact, correction: EntryCorrected) -> Refusal | None:
    """Return the refusal of a correction that removes a document, or None."""
    if correction.replacement is not None or not isinstance(corrected, EvidenceSubmitted):
        return None
    message = "a document cannot be removed by a correction; record that it was withdrawn or erased"
    return Refusal("NOT_CORRECTABLE", message, "data.position")


def _reach(fact: AccessRequested) -> tuple[AccessKind, list[str]]:
    return fact.kind, fact.documents


def _document(fact: EvidenceSubmitted) -> tuple[str, str, int, str]:
    return fact.evidence, fact.digest, fact.size, fact.media_type


def correction_refusals(history: Sequence[Entry], correction: EntryCorrected, by: Who) -> Iterator[Refusal]:
    """Yield refusals if a correction gives its recorder a right, or anyone a role whose grant needs two people."""
    if KIND_OF[type(history[correction.position - 1].fact)].area in _AREAS_OF_RIGHTS:
        before, after = fold(effective(history)), fold(effective(history, correction, by))
        yield from rights.correction_refusals(before, after, by, history[-1].recorded_at)


def newly_refused(history: Sequence[Entry], correction: EntryCorrected, by: Who) -> tuple[Entry, Refusal] | None:
    """Return the first entry that the rules refuse because of a correction, with the refusal; else None.

    Older entries were recorded under older rules. An entry that is refused without the correction therefore
    counts only if it is the corrected entry.
    """
    earlier: set[int] | None = None
    for entry, refusal in refusals(effective(history, correction, by)):
        if entry.position == correction.position:
            return entry, refusal
        if earlier is None:
            earlier = {other.position for other, _ in refusals(effective(history))}
        if entry.position not in earlier:
            return entry, refusal
    return None
