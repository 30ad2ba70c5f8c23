"""The views over random histories with corrections: at every position, in pages of any size, and rebuilt."""

import asyncio
from datetime import date, timedelta
from itertools import count
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.append.writer import Writer
from ledger.domain.areas.plan import ObjectiveAdded, ProgressRecorded
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.corrections import replacement
from ledger.domain.entry import Entry
from ledger.domain.errors import Refused
from ledger.store.database import connect
from projections.engine.columns import values_of
from projections.engine.follower import Follower, apply, read_page, refold
from projections.engine.rebuild import rebuild
from projections.query.reader import AsOf, Reader
from projections.views import entries, notice, plan
from projections.views.registry import ALL
from tests.ledger.history import OPERATOR, Clock, setting, submit
from tests.projections.folding import fold_all, stored
from tests.projections.rows import RowQuery, find, rows_of

Action = tuple[str, int, int]
ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["objective", "progress", "progress", "area", "clause", "correct", "withdraw"]),
        st.integers(0, 3),
        st.integers(0, 30),
    ),
    min_size=3,
    max_size=14,
)
_notices = count(1)


RATINGS = ("RED", "AMBER", "GREEN")


class RecordedHistory:
    """A recorded history, and the body of each narrative by (position, path)."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.words: dict[tuple[int, str], str] = {}


async def record(url: str, of: str, actions: list[Action]) -> RecordedHistory:
    """Record the setting, and then each action that the rules admit, one a day."""
    recorded, clock = RecordedHistory(), Clock()

    def keep(_notice: object, entries: Any, _rows: object) -> None:
        recorded.entries.extend(entries)

    async with Writer(url, clock, keep) as writer:
        await writer.append_all(of, setting(), OPERATOR)
        for number, action in enumerate(actions):
            clock.advance(days=1)
            name, data, more = as_fact(action, number, recorded.entries, clock)
            try:
                receipt = await writer.append(of, submit(name, data, "operator", **more), OPERATOR)
            except Refused:
                continue
            sent = data.get("replacement") or {"data": data}
            prefix = "replacement.data." if "replacement" in data else ""
            for path in ("title", "narrative", "text"):
                if path in sent["data"]:
                    recorded.words[receipt.position, prefix + path] = sent["data"][path]
    recorded.words[7, "title"] = "Timely meetings"
    return recorded


def as_fact(
    action: Action, number: int, recorded: list[Entry], clock: Clock
) -> tuple[str, dict[str, Any], dict[str, str]]:
    what, which, value = action
    if what == "objective":
        due = (date(2023, 1, 1) + timedelta(value)).isoformat()
        owner = "bob" if value % 2 else "alice"
        areas = ["1a"] if value % 3 else ["1a", "area-0"]
        data = {"objective": f"O{which}", "title": f"objective of action {number}"}
        return "ObjectiveAdded", data | {"areas": areas, "owner": owner, "due": due}, {}
    if what == "progress":
        data = {"objective": f"O{which % 2 + 1}", "narrative": f"progress of action {number}"}
        ratings = {"activityRating": RATINGS[value % 3], "impactRating": RATINGS[value % 2]}
        happened = clock.at - timedelta(days=value % 4)
        return "ProgressRecorded", data | ratings, {"time": happened.isoformat()}
    if what == "area":
        return "AreaRegistered", {"area": f"area-{which}", "title": f"area of action {number}"}, {}
    if what == "clause":
        data = {"number": f"{which}", "obligor": "COUNCIL", "modality": "MUST", "rule": "plan-kept-current"}
        return (
            "ClauseRegistered",
            data | {"parameters": {"stale_after_days": value + 1}, "text": f"clause of action {number}"},
            {},
        )
    target = recorded[value % len(recorded)]
    correction: dict[str, Any] = {"position": target.position, "reason": "a mistake"}
    key_of = {"ObjectiveAdded": "objective", "ProgressRecorded": "progress", "AreaRegistered": "area"}
    kind = key_of.get(type(target.fact).__name__)
    if what == "correct" and kind is not None:
        _, data, _ = as_fact((kind, which, value + 1), number, recorded, clock)
        for key in ("objective", "area"):
            if key in data:
                data[key] = getattr(target.fact, key)
        correction["replacement"] = {"type": target.type, "data": data}
    return "EntryCorrected", correction, {}


def plain_plan(
    recorded: RecordedHistory, to: int
) -> tuple[list[dict[str, Any]], dict[str, list[tuple[int, str | None, str]]]]:
    """Return the plan after the first `to` entries, computed in the plainest way."""
    history = recorded.entries[:to]
    corrections = {e.fact.position: e for e in history if isinstance(e.fact, EntryCorrected)}
    objectives: dict[str, dict[str, Any]] = {}
    progress: dict[str, list[tuple[int, str | None, str]]] = {}
    latest: dict[str, tuple[Any, int]] = {}
    for entry in history:
        fact, words, path = entry.fact, entry.position, ""
        correction = corrections.get(entry.position)
        if correction is not None:
            assert isinstance(correction.fact, EntryCorrected)
            replaced = replacement(correction.fact)
            if replaced is None:
                continue
            fact, words, path = replaced, correction.position, "replacement.data."
        if isinstance(fact, ObjectiveAdded):
            objectives[fact.objective] = {
                "id": fact.objective,
                "owner": fact.owner,
                "due": fact.due,
                "areas": fact.areas,
                "title": recorded.words[words, path + "title"],
                "ratings": None,
                "count": 0,
            }
        if isinstance(fact, ProgressRecorded):
            narrative = recorded.words[words, path + "narrative"]
            progress.setdefault(fact.objective, []).append((entry.position, fact.impact_rating, narrative))
            objective = objectives[fact.objective]
            objective["count"] += 1
            if (entry.occurred_at, entry.position) >= latest.get(fact.objective, (entry.occurred_at, 0)):
                latest[fact.objective] = (entry.occurred_at, entry.position)
                objective["ratings"] = (fact.activity_rating, fact.impact_rating, entry.position)
    return list(objectives.values()), progress


async def check_as_of(url: str, of: str, recorded: RecordedHistory) -> None:
    async with Reader(url, ALL) as reader:
        for position in range(1, len(recorded.entries) + 1):
            async with reader.at(of, as_of=AsOf(position)) as reading:
                read = await rows_of(reading, plan.OBJECTIVE)
                ids = [row.objective for row in read]
                progress = await find(reading, plan.PROGRESS_MADE, RowQuery(by="objective", keys=ids))
            seen = [
                {"id": row.objective, "owner": row.owner, "due": row.due, "areas": row.areas,
                 "title": row.title.body, "count": row.progress_count,
                 "ratings": (row.activity_rating, row.impact_rating, row.progress_position)
                 if row.progress_count else None}
                for row in read
            ]  # fmt: skip
            ratings = {
                objective: [(row.row.position, row.row.impact_rating, row.row.narrative.body) for row in rows]
                for objective, rows in zip(ids, progress, strict=True)
                if rows
            }
            assert (seen, ratings) == plain_plan(recorded, position), position


def check_rows(url: str, of: str, recorded: RecordedHistory) -> None:
    """Check that the stored rows at each position are those of a fold of the entries up to it."""
    rows = stored(url, of)
    for view in ALL:
        for position in range(1, len(recorded.entries) + 1):
            refolded = refold(view, recorded.entries[:position]).versions()
            for table in view.tables:
                versions = [
                    tuple(values)
                    for since, until, *values in rows[table.name]
                    if since <= position and (until is None or position < until)
                ]
                expected = [tuple(values_of(version.row)) for version in refolded[table.name].values()]
                assert sorted(versions, key=repr) == sorted(expected, key=repr), (table.name, position)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTIONS, st.integers(1, 9), st.booleans())
def test_as_of_any_position_a_view_is_a_fold_of_the_entries_up_to_it(
    database: str, actions: list[Action], page: int, restart: bool
) -> None:
    async def example() -> None:
        of = f"notice-{next(_notices)}"
        recorded = await record(database, of, actions)
        await fold_all(database, of, page=page, restart=restart)
        check_rows(database, of, recorded)
        await check_as_of(database, of, recorded)
        live = stored(database, of)
        await rebuild(database, ALL, notice=of)
        assert stored(database, of) == live, "rebuilt in other pages, the rows are others"

    asyncio.run(example())


CORRECTED: list[Action] = [
    ("objective", 2, 4),
    ("progress", 0, 4),
    ("progress", 1, 5),
    ("correct", 3, 6),
    ("progress", 0, 8),
    ("withdraw", 0, 8),
    ("progress", 0, 12),
    ("progress", 0, 7),  # happened before the entry recorded before it
]


async def test_the_pinned_history_holds_a_replacement_and_a_withdrawal(database: str) -> None:
    recorded = await record(database, "n", CORRECTED)
    corrections = [entry.fact for entry in recorded.entries if isinstance(entry.fact, EntryCorrected)]
    assert [(fact.position, fact.replacement is None) for fact in corrections] == [(7, False), (9, True)]
    await fold_all(database, "n", page=3)
    check_rows(database, "n", recorded)
    await check_as_of(database, "n", recorded)


async def test_a_page_applied_twice_changes_nothing(database: str) -> None:
    recorded = await record(database, "n", CORRECTED)
    await fold_all(database, "n")
    before = stored(database, "n")
    async with await connect(database, "ledger_projector") as connection:
        page = await read_page(connection, "n", 0, ALL, 1_000)
        assert page.last == len(recorded.entries)
        followers = [Follower(view, "n") for view in ALL]
        await apply(connection, followers, page)
        await apply(connection, followers, page)
    assert stored(database, "n") == before


async def test_two_who_follow_at_once_do_not_disturb_each_other(database: str) -> None:
    recorded = await record(database, "n", CORRECTED)
    await fold_all(database, "n", page=3)
    expected = stored(database, "n")
    await rebuild(database, ALL)
    with psycopg.connect(database) as connection:
        for table in (table for view in ALL for table in view.tables):
            connection.execute(f"TRUNCATE views.{table.name}".encode())
        connection.execute("DELETE FROM views.progress")
    async with (
        await connect(database, "ledger_projector") as one,
        await connect(database, "ledger_projector") as two,
    ):
        first, second = [Follower(view, "n") for view in ALL], [Follower(view, "n") for view in ALL]
        for after in range(len(recorded.entries)):
            page = await read_page(one, "n", after, ALL, 1)
            await asyncio.gather(apply(one, first, page), apply(two, second, page))
    assert stored(database, "n") == expected


async def test_the_notice_its_clauses_and_its_areas_are_read(database: str) -> None:
    await record(database, "n", [("clause", 1, 92), ("area", 2, 0)])
    await fold_all(database, "n")
    async with Reader(database, ALL) as reader, reader.at("n") as reading:
        (row,) = await rows_of(reading, notice.NOTICE)
        (clause,) = await rows_of(reading, notice.CLAUSE)
        areas = await rows_of(reading, notice.AREA)
    assert (row.kind, row.council) == ("IMPROVEMENT_NOTICE", "E08000008")
    assert (row.title.body, row.trigger.body) == ("A notice", "A visit")
    assert (clause.number, clause.modality, clause.parameters) == ("1", "MUST", {"stale_after_days": 93})
    assert clause.text.body == "clause of action 0"
    assert [(area.area, area.title.body) for area in areas] == [
        ("1a", "Leaders' understanding"),
        ("area-2", "area of action 1"),
    ]


async def test_objectives_are_filtered_and_paged(database: str) -> None:
    await record(database, "n", [("area", 0, 0), ("objective", 2, 3), ("objective", 3, 4), ("objective", 0, 5)])
    await fold_all(database, "n")
    async with Reader(database, ALL) as reader, reader.at("n") as reading:

        async def ids(**conditions: Any) -> list[str]:
            return [row.objective for row in await rows_of(reading, plan.OBJECTIVE, **conditions)]

        assert await ids() == ["O1", "O2", "O3", "O0"]
        assert await ids(area="area-0") == ["O2"]
        assert await ids(owner="alice") == ["O1", "O3"]
        assert await ids(objective_in=["O3", "O9", "O1"]) == ["O1", "O3"]
        ((second,),) = await find(reading, plan.OBJECTIVE, RowQuery(first=1, after=[7]))
        assert second.row.objective == "O2"
        (rest,) = await find(reading, plan.OBJECTIVE, RowQuery(after=[second.row.position]))
        assert [each.row.objective for each in rest] == ["O3", "O0"]


async def test_entries_are_filtered_and_say_what_corrected_them(database: str) -> None:
    recorded = await record(database, "n", CORRECTED)
    await fold_all(database, "n")
    async with Reader(database, ALL) as reader:
        async with reader.at("n") as reading:
            rows = await entries.page(reading)
            chosen = entries.EntryFilter(types=(recorded.entries[6].type,), actor="operator", source="operator")
            page_positions = [row.position for row in await entries.page(reading, filter=chosen, first=1, after=6)]
            positions = entries.EntryFilter(positions=(3, 1))
            chosen_positions = [row.position for row in await entries.page(reading, filter=positions)]
            none = await entries.page(reading, filter=entries.EntryFilter(subject="nobody", clause="9"))
        async with reader.at("n", as_of=AsOf(10)) as reading:
            earlier = await entries.page(reading, after=6)
    assert [row.position for row in rows] == list(range(1, len(recorded.entries) + 1))
    assert {row.position: row.corrected_by for row in rows if row.corrected_by} == {7: 11, 9: 13}
    assert rows[6].narratives["title"].body == "Timely meetings"
    assert rows[10].narratives["reason"].body == "a mistake"
    assert (page_positions, chosen_positions, none) == ([7], [1, 3], [])
    assert [(row.position, row.corrected_by) for row in earlier] == [(7, None), (8, None), (9, None), (10, None)]
