"""Who and what each entry is about: the way from a subject to its entries, whatever they record of it.

Every reference that a fact declares counts, and the subject that its recorder gave. Texts stay with the entries.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from operator import attrgetter

from msgspec import Struct

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.fields import ITEM, FieldPath, field_paths, values_in
from ledger.domain.registry import KIND_OF
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import of_table


class TimelineMoment(Struct, frozen=True):
    """An entry of a subject's timeline."""

    kind: str
    """The kind of thing that it is about, such as objective; `subject` where only its recorder says so."""
    subject: str
    position: int
    occurred_at: datetime
    fact: str
    """The fact's name, such as ObjectiveAdded."""
    actor: str


MOMENTS = Table("moments", TimelineMoment, ("subject", "kind", "position"), in_memory=False)


@cache
def _references(
    fact: type[Fact],
) -> tuple[tuple[str, Callable[[Fact], str | list[str] | None] | None, FieldPath], ...]:
    """Each kind of thing that a fact names, and how it is taken from it; None: from further within."""
    found = []
    for leaf in field_paths(fact):
        if leaf.kind is not None:
            is_near = len(leaf.attributes) == 1 or leaf.attributes[1:] == (ITEM,)
            found.append((leaf.kind, attrgetter(leaf.attributes[0]) if is_near else None, leaf))
    return tuple(found)


def subjects(entry: Entry) -> Iterable[tuple[str, str]]:
    """What an entry is about, as (kind, id), each once."""
    fact = entry.fact
    found: dict[tuple[str, str], None] = {}
    for kind, take, leaf in _references(type(fact)):
        named = take(fact) if take is not None else [name for name, _ in values_in(fact, leaf)]
        for name in named if isinstance(named, list) else [] if named is None else [named]:
            found[kind, name] = None
    if entry.subject is not None and not any(name == entry.subject for _, name in found):
        found["subject", entry.subject] = None
    return found


VIEW = View("timeline", 1, (MOMENTS,))


def _add_moments(rows: Rows, entry: Entry, fact: Fact) -> None:
    """Puts one entry on the timelines of its subjects."""
    at, name, actor = entry.occurred_at, KIND_OF[type(fact)].name, entry.actor
    for kind, subject in subjects(entry):
        rows.add(MOMENTS, TimelineMoment(kind, subject, entry.position, at, name, actor))


for _fact in KIND_OF:
    VIEW.on(_fact)(_add_moments)

MOMENT = of_table(
    "timeline",
    MOMENTS,
    conditions={"occurred_from": "t.occurred_at >= :value", "occurred_to": "t.occurred_at < :value"},
    order=("position", "kind", "subject"),
)
