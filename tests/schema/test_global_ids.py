"""Global ids: unique for each thing and standpoint, and loaded again by `node` in the state that they name."""

from typing import Any

import pytest

from tests.schema.conftest import HEAD, NOTICE, World

DOCUMENT = """query($id: ID!, $asOf: AsOfInput, $on: DateTime) { notice(id: $id, asOf: $asOf, on: $on) {
    id notice plan { objectives { nodes { id progressCount } } }
    entries(first: 2) { nodes { id eventId position } } asOf { position } } }"""
NODE = """query($id: ID!) { node(id: $id) { __typename id
    ... on Objective { progressCount } ... on Entry { position } ... on Notice { notice } } }"""
ON = "2023-11-01T00:00:00Z"


async def ids(world: World, **standpoint: Any) -> list[str]:
    notice = (await world.data(DOCUMENT, id=NOTICE, **standpoint))["notice"]
    assert notice["notice"] == NOTICE
    entries = notice["entries"]["nodes"]
    assert [each["eventId"] for each in entries] == ["1", "2"]
    return [notice["id"], *(each["id"] for each in notice["plan"]["objectives"]["nodes"]), entries[0]["id"]]


@pytest.mark.parametrize(
    ("standpoint", "prefix"),
    [
        ({}, NOTICE),
        ({"asOf": {"position": 10}}, f"{NOTICE}@10"),
        ({"on": ON}, f"{NOTICE}@~{ON}"),
        ({"on": "2023-11-01T01:30:00.250+01:00"}, f"{NOTICE}@~2023-11-01T00:30:00.250000Z"),
        ({"asOf": {"position": 10}, "on": ON}, f"{NOTICE}@10~{ON}"),
    ],
)
async def test_an_id_names_the_standpoint_that_was_set(
    world: World, standpoint: dict[str, Any], prefix: str
) -> None:
    expected = [prefix, f"{prefix}/objective/O1", f"{prefix}/objective/O2", f"{prefix}/entry/1"]
    assert await ids(world, **standpoint) == expected
    result = await world.schema.execute(DOCUMENT, {"id": NOTICE, **standpoint}, world.context("alice"))
    assert result.data is not None
    assert result.data["notice"]["id"] == prefix, "the answer of the resolvers is the same"


async def test_an_instant_of_recording_is_named_by_its_position(world: World) -> None:
    entries = "query($id: ID!) { notice(id: $id) { entries { nodes { recordedAt } } } }"
    recorded = (await world.data(entries, id=NOTICE))["notice"]["entries"]["nodes"][0]["recordedAt"]
    by_instant = (await world.data(DOCUMENT, id=NOTICE, asOf={"knownAt": recorded}))["notice"]
    assert by_instant["id"] == f"{NOTICE}@{by_instant['asOf']['position']}"


SECTIONS = ("plan", "board", "partners", "adviser", "escalation", "people", "records", "duties")


@pytest.mark.parametrize("standpoint", [{}, {"asOf": {"position": 10}, "on": ON}])
async def test_a_section_has_an_id_and_is_loaded_by_it(world: World, standpoint: dict[str, Any]) -> None:
    prefix = f"{NOTICE}@10~{ON}" if standpoint else NOTICE
    document = f"""query($id: ID!, $asOf: AsOfInput, $on: DateTime) {{ notice(id: $id, asOf: $asOf, on: $on) {{
        {" ".join(f"{name} {{ id __typename }}" for name in SECTIONS)} }} }}"""
    expected = {name: {"id": f"{prefix}/{name}", "__typename": name.capitalize()} for name in SECTIONS}
    assert (await world.data(document, "operator", id=NOTICE, **standpoint))["notice"] == expected
    for section in expected.values():
        node = "query($id: ID!) { node(id: $id) { id __typename } }"
        assert (await world.data(node, "operator", id=section["id"]))["node"] == section


async def test_a_section_that_is_not_the_reader_s_is_refused_by_its_id_too(world: World) -> None:
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert (await world.error(node, "bea", id=f"{NOTICE}/records"))[0] == "FORBIDDEN"


async def test_node_loads_the_state_that_an_id_names(world: World) -> None:
    now = (await world.data(NODE, id=f"{NOTICE}/objective/O1"))["node"]
    then = (await world.data(NODE, id=f"{NOTICE}@10/objective/O1"))["node"]
    assert (now["progressCount"], then["progressCount"]) == (1, 0)
    assert (now["id"], then["id"]) == (f"{NOTICE}/objective/O1", f"{NOTICE}@10/objective/O1")
    for prefix in (f"{NOTICE}@10", f"{NOTICE}@~{ON}", f"{NOTICE}@10~{ON}"):
        notice = {"__typename": "Notice", "id": prefix, "notice": NOTICE}
        assert (await world.data(NODE, id=prefix))["node"] == notice
        entry = {"__typename": "Entry", "id": f"{prefix}/entry/9", "position": 9}
        assert (await world.data(NODE, id=f"{prefix}/entry/9"))["node"] == entry


@pytest.mark.parametrize(
    "wrong",
    [
        f"{NOTICE}@/objective/O1", f"{NOTICE}@010/objective/O1", f"{NOTICE}@0", f"{NOTICE}@-1",
        f"{NOTICE}@{2**31}", f"{NOTICE}@{'9' * 5_000}", f"{NOTICE}@~", f"{NOTICE}@~yesterday",
        f"{NOTICE}@10~2023-11-01T01:00:00+01:00", f"{NOTICE}@10@11", f"{NOTICE}/objective/", f"{NOTICE}/objective",
        f"{NOTICE}/", f"{NOTICE}/entry/{HEAD + 1}", f"{NOTICE}/entry/0", f"{NOTICE}/entry/01", f"{NOTICE}/entry/x",
        f"{NOTICE}@5/entry/6", "", "@", "/", "@10", f"{NOTICE}@8/objective/O1",
    ],
)  # fmt: skip
async def test_another_text_is_not_an_id(world: World, wrong: str) -> None:
    assert (await world.error(NODE, id=wrong))[0] == "NOT_FOUND"


async def test_a_withheld_entry_has_its_id_too(world: World) -> None:
    document = "query($id: ID!) { notice(id: $id) { entries(first: 1) { nodes { id eventId withheld } } } }"
    (entry,) = (await world.data(document, "bea", id=NOTICE))["notice"]["entries"]["nodes"]
    assert entry == {"id": f"{NOTICE}/entry/1", "eventId": None, "withheld": True}


async def test_equal_ids_of_two_sources_are_two_entries(world: World) -> None:
    data = {"objective": "O1", "narrative": "More", "activityRating": "GREEN", "impactRating": "GREEN"}
    document = """mutation($input: RecordProgressInput!) { recordProgress(input: $input) {
        receipt { position } refusals { message } } }"""
    for source in ("operator", "operator/other"):
        sent = {"notice": NOTICE, "id": "same", "source": source, "data": data}
        answer = await world.data(document, "operator", input=sent)
        assert answer["recordProgress"]["refusals"] == []
    listed = "query($id: ID!) { notice(id: $id, atLeast: %d) { entries(first: 99) { nodes { id eventId } } } }"
    nodes = (await world.data(listed % (HEAD + 2), id=NOTICE))["notice"]["entries"]["nodes"]
    same = [each["id"] for each in nodes if each["eventId"] == "same"]
    assert same == [f"{NOTICE}/entry/{HEAD + 1}", f"{NOTICE}/entry/{HEAD + 2}"]
