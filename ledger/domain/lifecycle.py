"""The lives of things: what facts begin, name, carry on and end, judged from their declarations alone. Pure.

Every rule of the kind "it has to be there", "it is there already", "it has ended", "that comes first" is here,
once; the areas' own modules hold the rules that are theirs.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact
from ledger.domain.fields import Leaf, found_at, leaves

if TYPE_CHECKING:
    from ledger.domain.entry import Entry


class Life(Struct):
    """A thing that a fact began."""

    began: int
    """The entry that began it."""
    ended: int = 0
    """The entry that ended it; 0: none did."""
    how: str = ""
    """How it ended, such as `closed`."""
    steps: dict[str, int] = field(default_factory=dict)
    """The facts about it that are recorded once, or come before others → the entry that holds each."""


Lives = dict[str, dict[str, Life]]
"""Kind of thing → its id → its life."""


class Part(Struct, frozen=True):
    """What a fact's declaration says of the things that it names."""

    name: str
    about: Leaf | None
    kind: str
    """The kind of what it is about."""
    named: tuple[Leaf, ...]
    """Every other thing that it names and that must have been recorded before."""
    is_step: bool
    """Whether a life remembers it."""


def parts(facts: Iterable[type[Fact]]) -> Mapping[type[Fact], Part]:
    """The part that each of the facts has in the lives of things."""
    known = list(facts)
    came_first = {fact.needs for fact in known}
    found = {fact: [leaf for leaf in leaves(fact) if leaf.kind is not None] for fact in known}
    begun = {_about(fact, found[fact]).kind for fact in known if fact.begins}
    return {fact: _part(fact, found[fact], begun, came_first) for fact in known}


def _about(fact: type[Fact], named: list[Leaf]) -> Leaf:
    return next(leaf for leaf in named if leaf.attributes == (fact.about,))


def _part(fact: type[Fact], named: list[Leaf], begun: set[str | None], came_first: set[str]) -> Part:
    about = _about(fact, named) if fact.about else None
    others = [leaf for leaf in named if leaf is not about and leaf.known and leaf.kind in begun]
    step = about is not None and (fact.once or fact.__name__ in came_first)
    return Part(fact.__name__, about, about.kind or "" if about else "", tuple(others), step)


def _plain(kind: str) -> str:
    return kind.replace("-", " ")


def judge(lives: Lives, part: Part, fact: Fact) -> Iterator[Refusal]:
    """Why the fact cannot be true of the things that it names."""
    if part.about is not None:
        ((name, where),) = found_at(fact, part.about)
        yield from _judge_about(lives.get(part.kind, {}).get(name), part, fact, name, where)
    for leaf in part.named:
        of_kind = lives.get(leaf.kind or "", {})
        for name, where in found_at(fact, leaf):
            if name not in of_kind:
                yield _unknown(leaf.kind or "", name, where)


def _unknown(kind: str, name: str, where: str) -> Refusal:
    return Refusal("NOT_FOUND", f"there is no {_plain(kind)} {name}; record it first, or correct the id", where)


def _judge_about(life: Life | None, part: Part, fact: Fact, name: str, where: str) -> Iterator[Refusal]:
    called = f"{_plain(part.kind)} {name}"
    if fact.begins:
        if life is not None:
            message = f"{called} is there already, since entry {life.began}; choose another id"
            yield Refusal("ALREADY_EXISTS", message, where)
    elif life is None:
        yield _unknown(part.kind, name, where)
    elif fact.once and part.name in life.steps:
        message = f"{part.name} was recorded of {called} already, in entry {life.steps[part.name]}"
        yield Refusal("ALREADY_RECORDED", message, where)
    elif life.ended and not fact.outlives:
        yield Refusal("ALREADY_ENDED", f"{called} is {life.how}, since entry {life.ended}", where)
    elif fact.needs and fact.needs not in life.steps:
        yield Refusal("TOO_EARLY", f"of {called} there is no {fact.needs} yet; record that first", where)


def takes(struct: type[Fact], life: Life) -> bool:
    """Whether the fact may be recorded of a thing that lives so, by its declaration."""
    past = struct.once and struct.__name__ in life.steps
    early = bool(struct.needs) and struct.needs not in life.steps
    return not (past or early or (life.ended and not struct.outlives))


def live(lives: Lives, part: Part, entry: "Entry") -> None:
    """Folds the entry into the lives of the things that it names."""
    if part.about is None:
        return
    fact = entry.fact
    if not (fact.begins or fact.ends or part.is_step):
        return
    ((name, _),) = found_at(fact, part.about)
    if fact.begins:
        lives.setdefault(part.kind, {})[name] = Life(entry.position)
    life = lives[part.kind][name]
    if part.is_step:
        life.steps.setdefault(part.name, entry.position)
    if fact.ends and not life.ended:
        life.ended, life.how = entry.position, fact.ends
