"""The improvement plan: its objectives and their progress. Imports strawberry, `ledger` and `projections`."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated

import strawberry
from strawberry.dataloader import DataLoader

from projections import plan
from schema.context import Standpoint
from schema.entries import Entry, entries_at
from schema.node import Node, resolved
from schema.pages import USUAL, After, Connection, First, checked, connection, position_after
from schema.words import ObjectiveOutcome

Place = tuple[str, int, int]
"""An objective, and the first and after of a page of its progress."""


class Loaders:
    """What rows of one answer ask for one by one, and is read together."""

    def __init__(self, at: Standpoint) -> None:
        self._at = at
        self.entries: DataLoader[int, Entry] = DataLoader(self._entries)
        self.progress: DataLoader[Place, list[plan.Progress]] = DataLoader(self._progress)

    async def _entries(self, positions: list[int]) -> list[Entry]:
        return await entries_at(self._at, positions)

    async def _progress(self, places: list[Place]) -> list[list[plan.Progress]]:
        """The rows of each place; those of one size and start are read together."""
        found: dict[Place, list[plan.Progress]] = {}
        for first, after in dict.fromkeys((first, after) for _, first, after in places):
            ids = [objective for objective, *page in places if page == [first, after]]
            rows = await self._at.ask(partial(plan.progress, objectives=ids, first=first, after=after))
            found.update({(objective, first, after): rows[objective] for objective in ids})
        return [found[place] for place in places]


@strawberry.type(description="Progress recorded against an objective: what was done, and what difference it made.")
class Progress:
    """Progress recorded."""

    loaders: strawberry.Private[Loaders]
    position: int = strawberry.field(description="The position of the entry that recorded it.")
    occurred_at: datetime = strawberry.field(description="When it happened.")
    recorded_at: datetime = strawberry.field(description="When it was recorded.")
    actor: str = strawberry.field(description="Who recorded it.")
    activity_rating: str = strawberry.field(description="How the work goes, in the plan's own scale.")
    impact_rating: str = strawberry.field(description="What difference it makes, in the plan's own scale.")
    narrative: str | None = strawberry.field(description="What was done; null once it was erased.")
    narrative_erased_by: int | None = strawberry.field(
        description="The position of the entry that erased the narrative."
    )

    @resolved("The entry that recorded it.")
    async def entry(self) -> Entry:
        """Read together with those of its neighbours."""
        return await self.loaders.entries.load(self.position)


@strawberry.type(description="An objective of the improvement plan, with its latest ratings.")
class Objective(Node):
    """An objective."""

    loaders: strawberry.Private[Loaders]
    at: strawberry.Private[Standpoint]
    objective: strawberry.ID = strawberry.field(description="Its id in the plan.")
    title: str | None = strawberry.field(description="Its title; null once it was erased.")
    title_erased_by: int | None = strawberry.field(description="The position of the entry that erased the title.")
    areas: list[strawberry.ID] = strawberry.field(description="The areas for priority action that it serves.")
    owner: str = strawberry.field(description="The actor who answers for it.")
    due: date = strawberry.field(description="The day by which it is due.")
    first_due: date = strawberry.field(description="The day by which it was due at first.")
    outcome: ObjectiveOutcome | None = strawberry.field(description="How it ended; null while it is open.")
    measures: list[strawberry.ID] = strawberry.field(description="The measures by which its impact is seen.")
    activity_rating: str | None = strawberry.field(
        description="How the work goes, by its latest progress, in the plan's own scale."
    )
    impact_rating: str | None = strawberry.field(
        description="What difference it makes, by its latest progress, in the plan's own scale."
    )
    position: int = strawberry.field(description="The position of the entry that added it.")

    @resolved("The entry that added it.")
    async def entry(self) -> Entry:
        """Read together with those of its neighbours."""
        return await self.loaders.entries.load(self.position)

    @resolved("The progress recorded against it, in the order of recording.")
    async def progress(self, first: First = USUAL, after: After = None) -> Connection[Progress]:
        """Read together with that of its neighbours."""
        of = f"progress/{self.id}"
        limit = checked(first)
        rows = await self.loaders.progress.load((self.objective, limit + 1, position_after(of, after)))
        self.at.context.budget.spend(len(rows[:limit]))
        return connection(
            of, rows, limit, after, lambda row: row.position, lambda row: _progress(row, self.loaders)
        )


@strawberry.input(description="Which objectives are asked for; all that is named must hold.")
class ObjectiveFilter:
    """A filter of objectives."""

    area: strawberry.ID | None = strawberry.field(default=None, description="An area that it serves, such as 1a.")
    owner: str | None = strawberry.field(default=None, description="The actor who answers for it.")
    ids: list[strawberry.ID] | None = strawberry.field(default=None, description="One of these objectives.")


@strawberry.type(description="The improvement plan.")
class Plan:
    """The plan of a notice at a position."""

    at: strawberry.Private[Standpoint]

    @resolved("Its objectives, in the order in which they were added.")
    async def objectives(
        self,
        filter: Annotated[  # noqa: A002 - the name that the interface promises
            ObjectiveFilter | None, strawberry.argument(description="Which of them; all, if left out.")
        ] = None,
        first: First = USUAL,
        after: After = None,
    ) -> Connection[Objective]:
        """A page of them."""
        of = f"objectives/{self.at.notice}"
        asked = filter or ObjectiveFilter()
        limit, start = checked(first), position_after(of, after)
        rows = await self.at.ask(
            lambda reading: plan.objectives(
                reading, area=asked.area, owner=asked.owner, ids=asked.ids, first=limit + 1, after=start
            )
        )
        self.at.context.budget.spend(len(rows[:limit]))
        loaders = Loaders(self.at)
        return connection(
            of, rows, limit, after, lambda row: row.position, lambda row: _objective(row, self.at, loaders)
        )


SEPARATOR = "/objectives/"


async def objective_node(at: Standpoint, objective: str) -> Objective | None:
    """The objective of that id, or None."""
    at.require("plan")
    rows = await at.ask(lambda reading: plan.objectives(reading, ids=[objective], first=1))
    return _objective(rows[0], at, Loaders(at)) if rows else None


def _ids(items: Sequence[str]) -> list[strawberry.ID]:
    return [strawberry.ID(item) for item in items]


def _objective(row: plan.Objective, at: Standpoint, loaders: Loaders) -> Objective:
    return Objective(
        id=strawberry.ID(at.notice + SEPARATOR + row.objective),
        at=at,
        loaders=loaders,
        objective=strawberry.ID(row.objective),
        title=row.title.body,
        title_erased_by=row.title.erased_by,
        areas=_ids(row.areas),
        owner=row.owner,
        due=row.due,
        first_due=row.first_due,
        outcome=ObjectiveOutcome(row.outcome) if row.outcome else None,
        measures=_ids(row.measures),
        activity_rating=row.activity_rating,
        impact_rating=row.impact_rating,
        position=row.position,
    )


def _progress(row: plan.Progress, loaders: Loaders) -> Progress:
    return Progress(
        loaders=loaders,
        position=row.position,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        actor=row.actor,
        activity_rating=row.activity_rating,
        impact_rating=row.impact_rating,
        narrative=row.narrative.body,
        narrative_erased_by=row.narrative.erased_by,
    )
