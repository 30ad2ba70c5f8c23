"""The clauses of an entry are the same in the database, in the history, in forms and by the rules."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest

from ledger.domain.areas.measures import MeasureDefined
from ledger.domain.areas.notice import ClauseRegistered, InterpretationAdopted, NoticeRevised, evolve_clauses
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF
from ledger.domain.rules import RULES
from ledger.domain.rules.concern import CLAUSE_PATHS, clauses_of, facts_of, has_board, includes, usual_clauses
from ledger.domain.rules.links import LINKS, linked_values_after
from ledger.intake.envelope import Envelope, encoder
from ledger.proof.merkle import Frontier, leaf_hash
from projections.narrate.history import Selection
from projections.narrate.loader import narrate, open_history
from projections.query.reader import AsOf, Reader
from projections.views.clause_sql import encoded_fields
from projections.views.entries import ENTRY, VIEW, EntryFilter, page
from projections.views.registry import ALL
from tests.ledger.domain.rules.noticed import FACTS, NOTICES, PACKS, fact_of
from tests.projections.folding import fold_all
from tests.projections.rows import RowQuery, count, find

AT = datetime(2024, 5, 1, 9, tzinfo=UTC)
TEXT = {"sha256": "A" * 43 + "="}
ON_CLAUSES = (ClauseRegistered, InterpretationAdopted, NoticeRevised)
Recorded = list[tuple[Fact, tuple[str, ...]]]
"""Facts in order, each with the clauses that its recorder named."""


def put(url: str, notice: str, recorded: Recorded) -> None:
    """Store facts as entries, admissible or not."""
    frontier = Frontier()
    with psycopg.connect(url) as connection:
        for position, (fact, named) in enumerate(recorded, 1):
            body = encoder.encode(
                Envelope(
                    specversion="1.0",
                    id=f"e{position}",
                    source="test",
                    type=KIND_OF[type(fact)].type,
                    clauses=" ".join(named) or None,
                    ledger=notice,
                    position=position,
                    recordedat=AT + timedelta(minutes=position),
                    actor="ann",
                    actorrole="OPERATOR",
                    nonce="A" * 24,
                    datacontenttype="application/json",
                    data=msgspec.Raw(encoder.encode(fact)),
                )
            )
            leaf = leaf_hash(body)
            (root,) = frontier.extend_with_roots([leaf])
            row = (notice, position, "test", f"e{position}", KIND_OF[type(fact)].type, AT, leaf, root, body)
            connection.execute(
                "INSERT INTO ledger.entries (notice, position, source, id, type, recorded_at, leaf_hash, "
                "root_hash, body) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                row,
            )
        connection.execute(
            "INSERT INTO ledger.heads SELECT notice, position, root_hash, %s, recorded_at FROM ledger.entries "
            "WHERE notice = %s AND position = %s",
            (frontier.to_bytes(), notice, len(recorded)),
        )


def registered(notice: str) -> Recorded:
    """Return the registration of each clause of a notice."""
    return [
        (msgspec.convert(msgspec.to_builtins(clause) | {"text": TEXT}, ClauseRegistered), ())
        for clause in PACKS[notice].clauses
    ]


def matched(notice: str) -> Iterable[Fact]:
    """Yield facts with each value that a clause's parameters ask for."""
    for clause in NOTICES[notice].values():
        rule = RULES.get(clause.rule)
        for parameter, name in (rule.matches if rule else {}).items():
            for fact in facts_of(clause.rule):
                if (value := clause.parameters.get(parameter)) and name in fact.__struct_fields__:
                    kind, key = KIND_OF[fact].name, encoded_fields(fact)[name]
                    is_list = isinstance(msgspec.to_builtins(FACTS[kind]).get(key), list)
                    values: list[Any] = value if isinstance(value, list) else [value]
                    yield fact_of(kind, {key: values if is_list else values[-1]})


OTHERS: dict[str, Any] = {"kind": "OTHER", "group": "CHILDREN_AND_YOUNG_PEOPLE", "areas": "else"}
"""Field → a value that few clauses name."""
STATING = {
    "review": "ReviewScheduled",
    "meeting": "MeetingHeld",
    "request": "AccessRequested",
    "views": "ViewsGathered",
    "intervention": "InterventionDecided",
}
"""Link → the fact that states the value of its field."""


def linked(notice: str) -> Iterable[Fact]:
    """Yield subjects with each value that a clause asks for, with another, and facts about them."""
    for number, clause in NOTICES[notice].items():
        rule = RULES.get(clause.rule)
        matches = dict(rule.matches) if rule else {}
        if rule and has_board(clause.rule):
            matches["board"] = "board"
        for parameter, name in matches.items():
            values = [clause.parameters.get(parameter), OTHERS.get(name, "else")]
            for nth, value in enumerate(values if values[0] or name == "board" else values[1:]):
                one = value[0] if isinstance(value, list) else value
                for link in [link for link, field in LINKS.items() if field == name]:
                    yield from about(link, f"{number}-{parameter}-{nth}", one, facts_of(clause.rule))


def about(link: str, subject: str, value: Any, facts: Iterable[type[Fact]]) -> Iterable[Fact]:
    """Yield the fact that gives a subject its value, and a fact of each kind about it."""
    areas = {"areas": [] if value is None else [value]}
    if link in STATING:
        yield fact_of(STATING[link], {link: subject, LINKS[link]: value})
    elif link == "action":
        yield fact_of("ObjectiveAdded", {"objective": f"of-{subject}", **areas, "measures": []})
        yield fact_of("ActionAdded", {"objective": f"of-{subject}", "action": subject})
        yield fact_of("ObjectiveRevised", {"objective": f"of-{subject}", "areas": None, "measures": None})
    else:
        yield fact_of("ObjectiveAdded", {"objective": subject, "areas": ["first"], "measures": [subject, "gone"]})
        yield fact_of("ObjectiveRevised", {"objective": subject, **areas, "measures": [subject]})
    for fact in facts:
        if link in fact.__struct_fields__ and fact is not MeasureDefined:
            yield fact_of(KIND_OF[fact].name, {link: subject})


def history(notice: str) -> Recorded:
    """Return the clauses of a notice, and every fact."""
    number = next(iter(NOTICES[notice]))
    facts = [fact for fact in FACTS.values() if type(fact) not in (*ON_CLAUSES, EntryCorrected)]
    facts += [*matched(notice), *linked(notice)]
    facts += [fact_of(name, {"board": None}) for name, fact in FACTS.items() if "board" in fact.__struct_fields__]
    facts.append(fact_of("InterpretationAdopted", {"number": number, "parameters": {}}))
    facts.append(fact_of("NoticeRevised", {"clauses": [{"number": number, "parameters": {}}]}))
    meeting = FACTS["MeetingHeld"]
    corrected = {"type": KIND_OF[type(meeting)].type, "data": msgspec.to_builtins(meeting)}
    facts.append(fact_of("EntryCorrected", {"position": 10_000, "replacement": corrected}))
    facts.append(fact_of("EntryCorrected", {"position": 10_001, "replacement": None}))
    return [*registered(notice), *((fact, ()) for fact in facts), (FACTS["ProgressRecorded"], (number,))]


@pytest.mark.parametrize("notice", NOTICES)
async def test_every_fact_has_the_same_clauses_everywhere(database: str, notice: str) -> None:
    recorded, clauses = history(notice), NOTICES[notice]
    put(database, notice, recorded)
    await fold_all(database, notice, [VIEW])
    links = linked_values_after(fact for fact, _ in recorded)
    expected = {at: clauses_of(fact, named, clauses, links) for at, (fact, named) in enumerate(recorded, 1)}
    assert expected != {at: clauses_of(fact, named, clauses) for at, (fact, named) in enumerate(recorded, 1)}
    assert len({numbers for numbers in expected.values() if numbers}) >= 8
    async with open_history(database, notice) as loaded:
        narrated = [sentence async for sentence, _ in narrate(loaded, len(recorded))]
    assert {sentence.position: sentence.clauses for sentence in narrated} == expected
    async with Reader(database, ALL) as reader, reader.at(notice, views=["entries"]) as reading:
        rows = await page(reading, first=1_000)
        assert {row.position: tuple(row.clauses) for row in rows} == expected
        (computed,) = await find(reading, ENTRY, RowQuery(first=1_000))
        assert {row.row.position: tuple(row.computed["clauses"]) for row in computed} == expected
        for number in [*clauses, *{number[:1] for number in clauses}, "77"]:
            concerned = [at for at, numbers in expected.items() if any(includes(number, each) for each in numbers)]
            selected = await page(reading, filter=EntryFilter(clause=number), first=1_000)
            assert [row.position for row in selected] == concerned, number
            assert await count(reading, ENTRY, RowQuery({"clause": number})) == len(concerned)
            assert [s.position for s in narrated if Selection(clause=number).matches(s)] == concerned
    for fact, _ in recorded:
        if type(fact) not in CLAUSE_PATHS and not isinstance(fact, EntryCorrected):
            assert set(clauses_of(fact, (), clauses, links)) <= set(usual_clauses(type(fact), clauses))


async def test_an_amended_clause_counts_from_its_amendment_on(database: str) -> None:
    clause = {"number": "1", "obligor": "COUNCIL", "modality": "MUST", "rule": "in-post", "text": TEXT}
    filled = fact_of("PostFilled", {"post": "director"})
    recorded: Recorded = [
        (fact_of("ClauseRegistered", clause | {"parameters": {"post": "director"}, "under": None}), ()),
        (filled, ()),
        (fact_of("NoticeRevised", {"clauses": [{"number": "1", "parameters": {"post": "adviser"}}]}), ()),
        (filled, ()),
    ]
    put(database, "n", recorded)
    await fold_all(database, "n", [VIEW])
    async with Reader(database, ALL) as reader:
        for position, expected in ((2, [1, 2]), (4, [1, 3])):
            async with reader.at("n", as_of=AsOf(position), views=["entries"]) as reading:
                selected = await page(reading, filter=EntryFilter(clause="1"))
            assert [row.position for row in selected] == expected
            async with open_history(database, "n") as loaded:
                narrated = [sentence async for sentence, _ in narrate(loaded, position)]
            assert [s.position for s in narrated if Selection(clause="1").matches(s)] == expected


def test_the_clauses_of_a_notice_fold_as_the_state_folds_them() -> None:
    clauses: dict[str, Any] = {}
    for position, (fact, _) in enumerate(registered("tameside-2022"), 1):
        evolve_clauses(clauses, fact, position)
    assert clauses == NOTICES["tameside-2022"]
