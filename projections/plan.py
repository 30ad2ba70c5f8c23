"""The improvement plan as it stands: its objectives with their latest ratings, and the progress recorded.

The ratings of an objective are those of the progress that happened last; recorded late, an older one changes
nothing but the count.
"""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec import Struct

from ledger.entry import Entry
from ledger.facts.plan import ObjectiveAdded, ObjectiveClosed, ObjectiveRevised, ProgressRecorded
from projections.position import Reading, Text
from projections.rows import Rows, Table
from projections.view import View

PAGE = 1_001
"""Rows that a query returns at most for each list: a page of 1,000, and one that says whether more follow."""


class Objective(Struct, frozen=True, kw_only=True):
    """An objective as it stands in the view."""

    objective: str
    position: int
    """The entry that added it."""
    added_at: datetime
    title_position: int
    title_path: str
    areas: list[str]
    owner: str
    due: date
    first_due: date
    """The date first set; a later one never hides it."""
    measures: list[str]
    outcome: str | None = None
    """How it ended; None: it has not."""
    activity_rating: str | None = None
    impact_rating: str | None = None
    progress_position: int | None = None
    """The entry of the latest progress."""
    progress_at: datetime | None = None
    """When that happened."""
    progress_count: int = 0


class Progress(Struct, frozen=True):
    """Progress recorded against an objective, as it stands in the view."""

    objective: str
    position: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    activity_rating: str
    impact_rating: str
    text_position: int
    text_path: str


OBJECTIVES = Table("objectives", Objective, ("objective",))
PROGRESS = Table("objective_progress", Progress, ("objective", "position"), recalled=False)


def fold(rows: Rows, entry: Entry) -> None:
    """Folds one entry into the plan."""
    fact = entry.fact
    match fact:
        case ObjectiveAdded():
            position, path = rows.text("title")
            added = Objective(
                objective=fact.objective,
                position=entry.position,
                added_at=entry.occurred_at,
                title_position=position,
                title_path=path,
                areas=list(fact.areas),
                owner=fact.owner,
                due=fact.due,
                first_due=fact.due,
                measures=list(fact.measures),
            )
            rows.put(OBJECTIVES, added)
        case ObjectiveRevised():
            rows.put(OBJECTIVES, _revised(rows, _known(rows, fact.objective), fact))
        case ObjectiveClosed():
            ended = msgspec.structs.replace(_known(rows, fact.objective), outcome=fact.outcome.value)
            rows.put(OBJECTIVES, ended)
        case ProgressRecorded():
            _progress(rows, entry, fact)


def _known(rows: Rows, name: str) -> Objective:
    objective = rows.get(OBJECTIVES, name)
    if objective is None:
        raise LookupError(f"the plan has no objective {name}")
    return objective


def _revised(rows: Rows, objective: Objective, fact: ObjectiveRevised) -> Objective:
    changed: dict[str, object] = {
        name: value for name in ("areas", "owner", "due", "measures") if (value := getattr(fact, name)) is not None
    }
    if fact.title is not None:
        changed["title_position"], changed["title_path"] = rows.text("title")
    return msgspec.structs.replace(objective, **changed)


def _progress(rows: Rows, entry: Entry, fact: ProgressRecorded) -> None:
    objective = _known(rows, fact.objective)
    occurred_at = entry.occurred_at
    count = objective.progress_count + 1
    if objective.progress_at is None or occurred_at >= objective.progress_at:
        objective = msgspec.structs.replace(
            objective,
            activity_rating=fact.activity_rating,
            impact_rating=fact.impact_rating,
            progress_position=entry.position,
            progress_at=occurred_at,
            progress_count=count,
        )
    else:
        objective = msgspec.structs.replace(objective, progress_count=count)
    rows.put(OBJECTIVES, objective)
    position, path = rows.text("narrative")
    recorded = Progress(
        fact.objective,
        entry.position,
        occurred_at,
        entry.recorded_at,
        entry.actor,
        fact.activity_rating,
        fact.impact_rating,
        position,
        path,
    )
    rows.put(PROGRESS, recorded)


VIEW = View(
    "plan",
    2,
    (OBJECTIVES, PROGRESS),
    frozenset({ObjectiveAdded, ObjectiveRevised, ObjectiveClosed, ProgressRecorded}),
    fold,
)


class ObjectiveRow(Struct, frozen=True):
    """An objective as it is read; `position` is its cursor."""

    objective: str
    position: int
    added_at: datetime
    title: Text
    areas: list[str]
    owner: str
    due: date
    first_due: date
    measures: list[str]
    outcome: str | None
    activity_rating: str | None
    impact_rating: str | None
    progress_position: int | None
    progress_at: datetime | None
    progress_count: int


class ProgressRow(Struct, frozen=True):
    """Progress as it is read; `position` is its cursor."""

    objective: str
    position: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    activity_rating: str
    impact_rating: str
    narrative: Text


async def objectives(
    reading: Reading,
    *,
    area: str | None = None,
    owner: str | None = None,
    ids: Sequence[str] | None = None,
    first: int = PAGE,
    after: int = 0,
) -> list[ObjectiveRow]:
    """The plan's objectives in the order in which they were added, those after the cursor `after`."""
    rows = await reading.fetch(
        "SELECT o.objective, o.position, o.added_at, n.body, n.erased_by, o.areas, o.owner, o.due, "
        "o.first_due, o.measures, "
        "o.outcome, o.activity_rating, o.impact_rating, o.progress_position, o.progress_at, o.progress_count "
        "FROM views.objectives o LEFT JOIN ledger.narratives n "
        "ON n.notice = o.notice AND n.position = o.title_position AND n.path = o.title_path "
        "WHERE o.notice = %s AND o.position > %s AND (%s::text IS NULL OR %s = ANY (o.areas)) "
        "AND (%s::text IS NULL OR o.owner = %s) AND (%s::text[] IS NULL OR o.objective = ANY (%s::text[])) "
        "ORDER BY o.position LIMIT %s",
        (reading.notice, after, area, area, owner, owner, _list(ids), _list(ids), min(first, PAGE)),
    )
    return [ObjectiveRow(*[*row[:3], Text(row[3], row[4]), *row[5:]]) for row in rows]


async def progress(
    reading: Reading, objectives: Sequence[str], *, first: int = PAGE, after: int = 0
) -> dict[str, list[ProgressRow]]:
    """The progress of each of these objectives in the order of recording, after the cursor `after`."""
    rows = await reading.fetch(
        "SELECT p.objective, p.position, p.occurred_at, p.recorded_at, p.actor, p.activity_rating, "
        "p.impact_rating, n.body, n.erased_by FROM unnest(%s::text[]) asked(objective) CROSS JOIN LATERAL ("
        "SELECT * FROM views.objective_progress p WHERE p.notice = %s AND p.objective = asked.objective "
        "AND p.position > %s ORDER BY p.position LIMIT %s) p LEFT JOIN ledger.narratives n "
        "ON n.notice = p.notice AND n.position = p.text_position AND n.path = p.text_path "
        "ORDER BY p.objective, p.position",
        (_list(objectives), reading.notice, after, min(first, PAGE)),
    )
    found: dict[str, list[ProgressRow]] = {objective: [] for objective in objectives}
    for row in rows:
        found[row[0]].append(ProgressRow(*[*row[:7], Text(row[7], row[8])]))
    return found


def _list(items: Sequence[str] | None) -> list[str] | None:
    return None if items is None else list(dict.fromkeys(items))
