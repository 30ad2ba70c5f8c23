"""Lifecycles of things: the facts that begin, name, continue and end them. Pure.

The declarations say which things must exist, must not exist, or must not have ended, and which facts come first.
The areas hold their own rules.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact
from ledger.domain.fields import FieldPath, field_paths, only_value, values_in
from ledger.domain.near_matches import misspells, similar

if TYPE_CHECKING:
    from ledger.domain.entry import Entry


ACTOR = "actor"
"""Kind of the things that are actors; a registration or a role makes an actor known."""


class Lifecycle(Struct):
    """The lifecycle of one thing."""

    began: int
    """Position of the entry that began the thing."""
    ended: int = 0
    """Position of the entry that ended the thing; 0 if the thing has not ended."""
    outcome: str = ""
    """State in which the thing ended, such as `closed`; empty if the thing has not ended."""
    steps: dict[str, int] = {}
    """Positions of the thing's facts that are recorded only once or required before others, by fact name."""


Lifecycles = dict[str, dict[str, Lifecycle]]
"""Lifecycles by kind of thing, then by id."""


class Declaration(Struct, frozen=True):
    """A fact's subject and the other things that the fact names, as its struct declares them."""

    name: str
    subject: FieldPath | None
    kind: str
    """Kind of the fact's subject; empty for a fact without a subject."""
    others: tuple[FieldPath, ...]
    """Paths to the other things that the fact names and that must have been recorded before."""
    is_step: bool
    """True if the subject's lifecycle stores the fact's position."""


def declarations(facts: Iterable[type[Fact]]) -> Mapping[type[Fact], Declaration]:
    """Return the declaration of each type of fact."""
    structs = list(facts)
    prerequisites = {fact.needs for fact in structs}
    references = {fact: [path for path in field_paths(fact) if path.kind is not None] for fact in structs}
    kinds = {_subject(fact, references[fact]).kind for fact in structs if fact.begins}
    return {fact: _declaration(fact, references[fact], kinds, prerequisites) for fact in structs}


def _subject(fact: type[Fact], references: list[FieldPath]) -> FieldPath:
    return next(path for path in references if path.attributes == (fact.about,))


def _declaration(
    fact: type[Fact], references: list[FieldPath], kinds: set[str | None], prerequisites: set[str]
) -> Declaration:
    subject = _subject(fact, references) if fact.about else None
    others = [path for path in references if path is not subject and path.known and path.kind in kinds]
    step = subject is not None and (fact.once or fact.__name__ in prerequisites)
    return Declaration(fact.__name__, subject, subject.kind or "" if subject else "", tuple(others), step)


def _spaced(kind: str) -> str:
    return kind.replace("-", " ")


def _label(kind: str, name: str) -> str:
    return f"{_spaced(kind)} {name}"


def judge(
    lifecycles: Lifecycles,
    declaration: Declaration,
    fact: Fact,
    actors: Collection[str] = (),
    *,
    new_actors: bool = False,
) -> Iterator[Refusal]:
    """Yield refusals if things that a fact names are unknown, or their ids or lifecycles do not allow the fact.

    Args:
        lifecycles: Lifecycles before the fact.
        declaration: Declaration of the fact.
        fact: The fact.
        actors: Actors who are known without a registration.
        new_actors: True to accept an unknown actor, unless its id misspells the id of a known actor.
    """
    if declaration.subject is not None:
        name, where = only_value(fact, declaration.subject), f"data.{declaration.subject.keys[0]}"
        yield from _judge_subject(lifecycles.get(declaration.kind, {}), declaration, fact, name, where)
    for path in declaration.others:
        kind = path.kind or ""
        known = {*lifecycles.get(kind, {}), *actors} if kind == ACTOR else lifecycles.get(kind, {})
        for name, where in values_in(fact, path):
            if name in known:
                continue
            if not (kind == ACTOR and new_actors) or any(misspells(name, other) for other in known):
                yield _unknown(kind, name, where, known)


def _unknown(kind: str, name: str, where: str, known: Collection[str]) -> Refusal:
    near = similar(name, known)
    if kind == ACTOR:
        remedy = f"did you mean {' or '.join(near)}?" if near else "register it first, or correct the id"
        return Refusal("UNKNOWN_ACTOR", f"no actor {name} is registered; {remedy}", where)
    remedy = f"did you mean {' or '.join(near)}?" if near else "record it first, or correct the id"
    return Refusal("NOT_FOUND", f"there is no {_spaced(kind)} {name}; {remedy}", where)


def _judge_subject(
    known: Mapping[str, Lifecycle], declaration: Declaration, fact: Fact, name: str, where: str
) -> Iterator[Refusal]:
    lifecycle = known.get(name)
    if fact.begins:
        if lifecycle is not None:
            label = _label(declaration.kind, name)
            message = f"{label} already exists, since entry {lifecycle.began}; choose another id"
            yield Refusal("ALREADY_EXISTS", message, where)
        if {"", ".", ".."} & set(name.split("/")):
            # a URL with such a step leads to another address
            message = f"{name} has a part that is empty or only dots; choose another id, for example E14"
            yield Refusal("INVALID_FIELD", message, where)
    elif lifecycle is None:
        yield _unknown(declaration.kind, name, where, known)
    elif fact.once and declaration.name in lifecycle.steps:
        label, before = _label(declaration.kind, name), lifecycle.steps[declaration.name]
        message = f"{declaration.name} is already recorded for {label}, in entry {before}"
        yield Refusal("ALREADY_RECORDED", message, where)
    elif fact.reopens and not lifecycle.ended:
        yield Refusal("NOT_ENDED", f"{_label(declaration.kind, name)} has not ended; nothing to reopen", where)
    elif lifecycle.ended and not (fact.outlives or fact.reopens):
        label = _label(declaration.kind, name)
        yield Refusal("ALREADY_ENDED", f"{label} is {lifecycle.outcome}, since entry {lifecycle.ended}", where)
    elif fact.needs and fact.needs not in lifecycle.steps:
        label = _label(declaration.kind, name)
        yield Refusal("TOO_EARLY", f"{label} has no {fact.needs} yet; record that first", where)


def accepts(struct: type[Fact], lifecycle: Lifecycle) -> bool:
    """Return whether a fact's declaration allows the fact for a thing with this lifecycle."""
    past = struct.once and struct.__name__ in lifecycle.steps
    early = bool(struct.needs) and struct.needs not in lifecycle.steps
    if struct.reopens:
        return bool(lifecycle.ended)
    return not (past or early or (lifecycle.ended and not struct.outlives))


def evolve(lifecycles: Lifecycles, declaration: Declaration, entry: "Entry") -> None:
    """Fold an entry into the lifecycle of its fact's subject, if the fact has a subject."""
    if declaration.subject is None:
        return
    fact = entry.fact
    if not (fact.begins or fact.ends or fact.reopens or declaration.is_step):
        return
    name = only_value(fact, declaration.subject)
    if fact.begins:
        lifecycles.setdefault(declaration.kind, {})[name] = Lifecycle(entry.position)
    lifecycle = lifecycles[declaration.kind][name]
    if declaration.is_step:
        lifecycle.steps.setdefault(declaration.name, entry.position)
    if fact.reopens:
        lifecycle.ended, lifecycle.outcome = 0, ""
    if fact.ends and not lifecycle.ended:
        lifecycle.ended, lifecycle.outcome = entry.position, fact.ends
