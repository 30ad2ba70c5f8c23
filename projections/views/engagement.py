"""Views of staff, children, families and other groups: gathering, consideration and the resulting changes."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from ledger.domain.areas.engagement import Group, ViewsConsidered, ViewsGathered
from ledger.domain.entry import Entry
from projections.engine.fact_rows import put_from_fact
from projections.engine.meaning import ID, words
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, of_table
from projections.views.word_lists import Loop


class Gathering(Struct, frozen=True):
    """A gathering of views, summarised as themes."""

    views: Annotated[str, ID, Meta(description="Id of the views.")]
    position: int
    gathered_at: Annotated[datetime, Meta(description="Instant at which they were gathered.")]
    group: Annotated[str, words(Group), Meta(description="Group whose views they are.")]
    other_group: Annotated[str | None, Meta(description="Name of the group if it is OTHER; else null.")]
    method: Annotated[str, Meta(description="Method of gathering, such as survey.")]
    count: Annotated[int, Meta(description="Number of participants.")]
    themes: Annotated[list[NarrativeRef], Meta(description="Themes of the views.")]
    considered: Annotated[int, Meta(description="Number of considerations.")] = 0
    changes: Annotated[int, Meta(description="Number of considerations that led to a change.")] = 0


class Consideration(Struct, frozen=True):
    """Consideration of views against a practice standard, and the resulting change."""

    views: Annotated[str, ID, Meta(description="Id of the views.")]
    position: int
    considered_at: Annotated[datetime, Meta(description="Instant at which it happened.")]
    group: Annotated[str, words(Group), Meta(description="Group whose views they are.")]
    other_group: Annotated[str | None, Meta(description="Name of the group if it is OTHER; else null.")]
    standard: Annotated[str, Meta(description="Practice standard against which the views were considered.")]
    change_made: Annotated[
        NarrativeRef | None, Meta(description="Resulting change; null if there was none, or if erased.")
    ]
    reason: Annotated[NarrativeRef, Meta(description="Reason; null if erased.")]


GATHERINGS = Table("gatherings", Gathering, ("views",))
CONSIDERATIONS = Table("considerations", Consideration, ("position",), in_memory=False)


VIEW = View("engagement", 2, (GATHERINGS, CONSIDERATIONS))
VIEW.puts(ViewsGathered, GATHERINGS)


@VIEW.on(ViewsConsidered)
def _views_considered(rows: Rows, entry: Entry, fact: ViewsConsidered) -> None:
    gathering = rows.require(GATHERINGS, fact.views)
    changed = gathering.changes + (fact.change_made is not None)
    rows.change(GATHERINGS, fact.views, considered=gathering.considered + 1, changes=changed)
    put_from_fact(rows, CONSIDERATIONS, entry, group=gathering.group, other_group=gathering.other_group)


GATHERING = of_table(
    "engagement",
    GATHERINGS,
    computed={
        "loop": Computed(
            Annotated[str, words(Loop), Meta(description="Use that was made of the views of staff and children.")],
            "CASE WHEN t.considered > 0 THEN 'CLOSED' ELSE 'GATHERED_ONLY' END",
        )
    },
    order=("gathered_at", "position"),
)
CONSIDERATION = of_table(
    "engagement", CONSIDERATIONS, conditions={"changed": "(t.change_made_position IS NOT NULL) = :value"}
)
