"""The names of the published outline: each is a valid query with the right answer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
)

import schema
from ledger.domain.roles import Role
from projections.query.reader import Reader
from projections.views.registry import ALL
from tests.schema.test_questions import ask, paths

FIXED = {("Plan", "slow"): "slow", ("Decision", "restsOn"): "kind"}
"""Lists whose rows all have one value of a field; a filter for another value is refused."""
OUTLINE = """query($notice: ID!, $on: DateTime!) { notice(id: $notice, on: $on) {
  id council kind status issuedOn targetDate predecessors successor
  areas { area } clauses { number }
  adviser { current { adviser first } tenures { adviser inPost } }
  plan {
    version { planVersion body } versions { planVersion }
    objectives(filter: {area: "1a"}) { nodes {
      objective actions { nodes { action } } progress { nodes { narrative } } evidence { nodes { evidence } }
    } }
    coverage { nodes { kind subject } } recommendations { nodes { recommendation } }
    slow(first: 1000) { nodes { objective slow } }
  }
  compliance { nodes { clause obligor modality status since reason entries } }
  board {
    chair { chair first inPost } chairs { chair first inPost } members { nodes { member } }
    timetable { agreedAt dates } timetables { agreedAt }
    meetings { nodes { meeting } } reports { nodes { report } } updates { nodes { update } }
    decisions(filter: {standing: true}) { nodes { decision } }
  }
  evidence(filter: {status: CURRENT}) { nodes { evidence } }
  measures { nodes {
    measure readings(first: 1000) { nodes { value signals } } assurance
    spc { mean lower upper points(first: 1000) { nodes { value signal } } }
  } }
  reviews { nodes { topics findings { text } access { request grant { live used } use { nodes { usedAt } } } } }
  access(live: true) { nodes { request grant { live } } }
  views { nodes { views group considerations { changeMade } } }
  recommendations { nodes { recommendation } }
  adviserReports { nodes { report pinned } }
  escalation { steps { state } }
  entries(filter: {type: "ObjectiveAdded"}, first: 1) { nodes {
    position id type source occurredAt recordedAt actor clauses subject data narratives { text } correctedBy
    leafHash withheld
  } }
  ledger { size rootHash } asOf { position recordedAt }
} }"""


@pytest.fixture
async def reader(history_database: str) -> AsyncIterator[Reader]:
    async with Reader(history_database, ALL) as reader:
        yield reader


async def test_the_outline_answers_as_it_is_named(reader: Reader) -> None:
    for on in ("2022-12-31T00:00:00Z", "2023-06-01T00:00:00Z", "2024-06-01T00:00:00Z"):
        notice = (await ask(reader, OUTLINE, on=on))["notice"]
        plan, board = notice["plan"], notice["board"]
        assert notice["recommendations"] == plan["recommendations"]
        assert plan["version"] == {**plan["version"], **plan["versions"][-1]}
        assert board["timetable"]["agreedAt"] == board["timetables"][-1]["agreedAt"]
        in_post = [each for each in board["chairs"] if each["inPost"]]
        assert in_post == ([board["chair"]] if board["chair"] is not None else [])
        assert notice["adviser"]["current"] is None or notice["adviser"]["tenures"][-1]["inPost"]
        assert bool(plan["slow"]["nodes"]) is (on > "2023")
        assert all(each["slow"] for each in plan["slow"]["nodes"])
        assert all(each["grant"]["live"] for each in notice["access"]["nodes"])
        for measure in notice["measures"]["nodes"]:
            if measure["spc"] is not None:
                points = [(each["value"], each["signal"]) for each in measure["spc"]["points"]["nodes"]]
                readings = [(each["value"], each["signals"]) for each in measure["readings"]["nodes"]]
                assert points == [each for each in readings if each[0] is not None][-len(points) :]
        assert {each["group"] for each in notice["views"]["nodes"]} == {
            "FRONTLINE_STAFF",
            "CHILDREN_AND_YOUNG_PEOPLE",
            "PARENTS_AND_CARERS",
            "OTHER",
        }
        accesses = [each for review in notice["reviews"]["nodes"] for each in review["access"]]
        assert {each["grant"] is not None for each in accesses} == {True, False}
        assert any(each["use"]["nodes"] for each in accesses)


async def test_a_list_of_some_only_takes_no_filter_for_the_others(reader: Reader) -> None:
    selection = "plan { slow(filter: {slow: false}) { nodes { due } } }"
    with pytest.raises(AssertionError, match="every row of this list has slow = True"):
        await ask(reader, f"query($notice: ID!) {{ notice(id: $notice) {{ {selection} }} }}")


SAMPLES = {"ID": '"O1"', "String": '"the"', "Boolean": "true", "Int": "1", "Date": '"2023-01-01"'} | {
    "DateTime": '"2023-01-01T00:00:00Z"'
}


def sample(name: str, kind: GraphQLInputType) -> str:
    """Return a value of that type, as written in a document."""
    if name == "type":
        return '"ObjectiveAdded"'
    named = get_named_type(kind)
    if isinstance(named, GraphQLEnumType):
        return str(next(iter(named.values)))
    if isinstance(named, GraphQLInputObjectType):
        inner, of = next(iter(named.fields.items()))
        return f"{{{inner}: {sample(inner, of.type)}}}"
    return SAMPLES[named.name]


async def test_every_filter_of_every_list_is_a_condition_that_the_database_knows(reader: Reader) -> None:
    live = build_schema(schema.build().as_str())
    selection = 0
    for name, path in paths(live).items():
        declared = live.type_map[name]
        assert isinstance(declared, GraphQLObjectType)
        for field, each in declared.fields.items():
            filters = get_named_type(each.args["filter"].type) if "filter" in each.args else None
            if not isinstance(filters, GraphQLInputObjectType):
                continue
            conditions = [f"filter: {{{key}: {sample(key, of.type)}}}" for key, of in filters.fields.items()]
            conditions += [f"live: {word}" for word in ("true", "false") if "live" in each.args]
            page = ", first: 1" if "first" in each.args else ""
            conditions = [each for each in conditions if f"{FIXED.get((name, field))}: " not in each]
            lists = [f"a{n}: {field}({given}{page}) {{ __typename }}" for n, given in enumerate(conditions)]
            document = "query($notice: ID!) { " + " { ".join(path) + " { " + " ".join(lists)
            await ask(reader, document + " }" * (len(path) + 1), Role.OPERATOR)
            selection += len(lists)
    assert selection > 150


SEARCHED = [
    ("plan.actions", 'filter: {area: "1b"}', "objective", None),
    ("plan.actions", 'filter: {text: "VISIT"}', "title", "visit"),
    ("plan.milestones", 'filter: {dueUntil: "2023-01-01"}', "due", "2022-"),
    ("plan.findings", 'filter: {text: "CHILDREN"}', "text", "children"),
    ("plan.recommendations", "filter: {decided: ACCEPTED}", "decided", "accepted"),
    ("board.reports", 'filter: {submittedUntil: "2023-01-01T00:00:00Z"}', "submittedAt", "2022-"),
    ("board.chairReports", 'filter: {periodTo: "2022-12-31"}', "first", "2022-"),
    ("adviserReports", 'filter: {periodTo: "2022-12-31"}', "first", "2022-"),
    ("timeline", 'filter: {occurredUntil: "2022-08-01T00:00:00Z"}', "occurredAt", "2022-07"),
    ("entries", 'filter: {text: "SUPERVISION"}', "narratives { text }", "supervision"),
    ("measures", 'filter: {text: "assess"}', "title", "assess"),
    ("access", "filter: {revoked: true}", "grant { revokedAt }", "20"),
    ("reviews", "filter: {topic: EARLY_HELP}", "topics", "early_help"),
]


async def test_lists_are_searched_by_what_people_ask_for(reader: Reader) -> None:
    for place, selection, fields, holds in SEARCHED:
        *above, of = place.split(".")
        both = " ".join(f"{name}: {of}(first: 1000{given}) {{ nodes {{ {fields} }} }}" for name, given in (
            ("some", f", {selection}"), ("all", ""),
        ))  # fmt: skip
        document = "".join(f"{step} {{ " for step in above) + both + " }" * len(above)
        notice: Any = (await ask(reader, f"query($notice: ID!) {{ notice(id: $notice) {{ {document} }} }}"))[
            "notice"
        ]
        for step in above:
            notice = notice[step]
        assert 0 < len(notice["some"]["nodes"]) < len(notice["all"]["nodes"]), (place, selection, notice)
        if holds is not None:
            assert [each for each in notice["some"]["nodes"] if holds not in str(each).lower()] == [], selection
