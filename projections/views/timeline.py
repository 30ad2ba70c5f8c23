"""Timeline of each subject: the entries about the subject, with facts of every type.

The view follows every reference that a fact declares, and the subject that the recorder named. Narratives stay
with the entries.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.fields import ITEM, FieldPath, field_paths, values_in
from ledger.domain.registry import KIND_OF
from projections.engine.meaning import ACTOR_ID, ID
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import of_table


class TimelineMoment(Struct, frozen=True):
    """An entry of a subject's timeline."""

    kind: Annotated[str, Meta(description="Kind of subject, such as objective.")]
    subject: Annotated[str, ID, Meta(description="Id of the subject.")]
    position: Annotated[int, Meta(description="Position of the entry.")]
    occurred_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    fact: Annotated[str, Meta(description="Name of the fact, such as ObjectiveAdded.")]
    actor: Annotated[str, ID, ACTOR_ID, Meta(description="Actor id of its recorder.")]


MOMENTS = Table("moments", TimelineMoment, ("subject", "kind", "position"), in_memory=False)


@cache
def _references(
    fact: type[Fact],
) -> tuple[tuple[str, Callable[[Fact], str | list[str] | None] | None, FieldPath], ...]:
    """Return the references of a fact.

    Returns:
        For each reference, the kind of thing, a function that takes the ids from a fact, and the field's path.
        For a nested field, the function is missing (None).
    """
    references = []
    for leaf in field_paths(fact):
        if leaf.kind is not None:
            is_direct = len(leaf.attributes) == 1 or leaf.attributes[1:] == (ITEM,)
            references.append((leaf.kind, attrgetter(leaf.attributes[0]) if is_direct else None, leaf))
    return tuple(references)


def subjects(entry: Entry) -> Iterable[tuple[str, str]]:
    """Return the subjects of an entry as distinct pairs of kind and id."""
    fact = entry.fact
    subjects: dict[tuple[str, str], None] = {}
    for kind, take, leaf in _references(type(fact)):
        ids = take(fact) if take is not None else [name for name, _ in values_in(fact, leaf)]
        for name in ids if isinstance(ids, list) else [] if ids is None else [ids]:
            subjects[kind, name] = None
    if entry.subject is not None and not any(name == entry.subject for _, name in subjects):
        subjects["subject", entry.subject] = None
    return subjects


VIEW = View("timeline", 1, (MOMENTS,))


def _add_moments(rows: Rows, entry: Entry, fact: Fact) -> None:
    """Add an entry to the timelines of its subjects."""
    at, name, actor = entry.occurred_at, KIND_OF[type(fact)].name, entry.actor
    for kind, subject in subjects(entry):
        rows.add(MOMENTS, TimelineMoment(kind, subject, entry.position, at, name, actor))


for _fact in KIND_OF:
    VIEW.on(_fact)(_add_moments)

MOMENT = of_table("timeline", MOMENTS, order=("position", "kind", "subject"))
