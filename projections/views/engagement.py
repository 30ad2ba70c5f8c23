"""Views of staff, children and young people: gathered, considered, and the changes made because of them."""

from datetime import datetime

from msgspec import Struct

from ledger.domain.areas.engagement import ViewsConsidered, ViewsGathered
from ledger.domain.entry import Entry
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View
from projections.query.relation import Computed, of_table


class Gathering(Struct, frozen=True):
    """A gathering of views, summarised as themes."""

    views: str
    position: int
    gathered_at: datetime
    group: str
    """FRONTLINE_STAFF or CHILDREN_AND_YOUNG_PEOPLE."""
    method: str
    count: int
    """Number of participants."""
    themes: list[NarrativeRef]
    considered: int = 0
    """Number of considerations."""
    changes: int = 0
    """Number of considerations that led to a change."""


class Consideration(Struct, frozen=True):
    """A consideration of views against a practice standard, and the change made."""

    views: str
    position: int
    considered_at: datetime
    group: str
    standard: str
    change_made: NarrativeRef | None
    """The change; None if nothing was changed, for the reason given."""
    reason: NarrativeRef


GATHERINGS = Table("gatherings", Gathering, ("views",))
CONSIDERATIONS = Table("considerations", Consideration, ("position",), in_memory=False)


VIEW = View("engagement", 1, (GATHERINGS, CONSIDERATIONS))


@VIEW.on(ViewsGathered)
def _views_gathered(rows: Rows, entry: Entry, fact: ViewsGathered) -> None:
    themes = rows.narratives("themes", fact.themes)
    group = fact.group.value
    rows.put(
        GATHERINGS,
        Gathering(fact.views, entry.position, entry.occurred_at, group, fact.method, fact.count, themes),
    )


@VIEW.on(ViewsConsidered)
def _views_considered(rows: Rows, entry: Entry, fact: ViewsConsidered) -> None:
    gathering = rows.require(GATHERINGS, fact.views)
    changed = gathering.changes + (fact.change_made is not None)
    rows.change(GATHERINGS, fact.views, considered=gathering.considered + 1, changes=changed)
    change, reason = rows.optional_narrative(fact.change_made, "changeMade"), rows.narrative("reason")
    consideration = Consideration(
        fact.views, entry.position, entry.occurred_at, gathering.group, fact.standard, change, reason
    )
    rows.put(CONSIDERATIONS, consideration)


GATHERING = of_table(
    "engagement",
    GATHERINGS,
    computed={"loop": Computed(str, "CASE WHEN t.considered > 0 THEN 'CLOSED' ELSE 'GATHERED_ONLY' END")},
    order=("gathered_at", "position"),
)
CONSIDERATION = of_table(
    "engagement", CONSIDERATIONS, conditions={"changed": "(t.change_made_position IS NOT NULL) = :value"}
)
