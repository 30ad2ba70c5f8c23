"""Everyone whom an entry names is an actor, registered or not, within the reader's rights."""

import json
from typing import Any

import pytest

from ledger.domain.roles import Role
from tests.schema.compiled.documents import Request
from tests.schema.compiled.test_compiled import Both, both
from tests.schema.conftest import HEAD, NOTICE, World
from tests.schema.history_answers import LINES, actions, owned

__all__ = ["both"]
pytestmark = pytest.mark.database
NAMING = (
    "actor", "adviser", "apologies", "approver", "attendance", "by", "chair", "coOwners", "grantee", "holder",
    "lead", "leaders", "member", "owner", "provider", "reader", "recipients",
)  # fmt: skip
"""Members of facts with ids of actors."""
OTHERS = {("ReviewScheduled", "by"), ("EvidenceSuperseded", "by")}
"""Members of that name with a body or a document."""
ENTRIES = """{ notice(id: "tameside-2022") { entries(first: 1000) { nodes {
  position actor type data correctedBy } } } }"""
ACTORS = """{ notice(id: "tameside-2022"AS_OF) { people { actors(first: 1000) {
  totalCount groups(by: [{ field: REGISTERED }]) { keys count } nodes { actor registered kind position } } } } }"""
LISTS = """{ notice(id: "tameside-2022", on: "2023-11-01T00:00:00Z") {
  people { actors(first: 1000) { nodes { actor
    coOwnedActions(first: 1000) { nodes { action } } attended { totalCount } apologies { totalCount }
    boardActions(filter: { open: true }) { nodes { boardAction } } decidedAccess { totalCount } } } }
  entries(first: 1000) { nodes { actor actorNode { actor registered } } } } }"""
BY_ID = "query ($id: ID!) { node(id: $id) { ... on Actor { actor registered kind position } } }"


def named_in(entry: dict[str, Any], data: dict[str, Any]) -> set[str]:
    """Return the actors that an entry names, with the data that it has after its correction."""
    names, fact = {entry["actor"]}, entry["type"].split(".")[2]
    for member in NAMING:
        value = data.get(member) if (fact, member) not in OTHERS else None
        names |= set(value) if isinstance(value, list) else {value} if value else set()
    return names


def named_up_to(entries: list[dict[str, Any]], position: int) -> set[str]:
    """Return the actors that the entries up to a position name."""
    names = set[str]()
    for entry in entries[:position]:
        data, corrected_by = entry["data"], entry["correctedBy"]
        if corrected_by is not None and corrected_by <= position:
            data = entries[corrected_by - 1]["data"]["replacement"]["data"]
        names |= named_in(entry, data)
    return names


def read(both: Both, document: str, role: Role = Role.OPERATOR) -> Any:
    """Return the notice in an answer that all ways give."""
    assert both.compare(Request(document, {}), role), both.ways
    return json.loads(both.compiled(Request(document, {}), role)[0] or b"")["data"]["notice"]


def lists(person: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of a person that LISTS asks for."""
    return {
        "coOwned": [row["action"] for row in person["coOwnedActions"]["nodes"]],
        "boardActions": [row["boardAction"] for row in person["boardActions"]["nodes"]],
        "counts": [person[name]["totalCount"] for name in ("attended", "apologies", "decidedAccess")],
    }


def test_everyone_whom_an_entry_names_is_an_actor(both: Both) -> None:
    actors = read(both, ACTORS.replace("AS_OF", ""))["people"]["actors"]
    registered = {line["data"]["actor"]: line["data"] for line in LINES if line["fact"] == "ActorRegistered"}
    entries = read(both, ENTRIES)["entries"]["nodes"]
    rows = {row["actor"]: row for row in actors["nodes"]}
    assert list(rows) == sorted(named_up_to(entries, len(entries)))
    for name, row in rows.items():
        assert row["registered"] == (name in registered) == (row["position"] is not None)
        assert row["kind"] == (registered[name]["kind"] if name in registered else None)
    assert actors["totalCount"] == len(rows) == 27
    assert {row["keys"][0]: row["count"] for row in actors["groups"]} == {"true": 13, "false": 14}


def test_an_actor_is_there_from_the_first_entry_that_names_them(both: Both) -> None:
    entries = read(both, ENTRIES)["entries"]["nodes"]
    sizes = []
    for position in (1, 80, 443):
        answer = read(both, ACTORS.replace("AS_OF", f", asOf: {{ position: {position} }}"))
        names = {row["actor"] for row in answer["people"]["actors"]["nodes"]}
        assert names == named_up_to(entries, position), position
        sizes.append(len(names))
    assert sizes == sorted(set(sizes))  # each is larger


def test_an_actor_leads_to_what_others_own_too_and_an_entry_to_its_recorder(both: Both) -> None:
    notice = read(both, LISTS)
    people = {row["actor"]: lists(row) for row in notice["people"]["actors"]["nodes"]}
    meetings = [line["data"] for line in LINES if line["fact"] == "MeetingHeld"]
    decisions = [line for line in LINES if line["fact"] in ("AccessGranted", "AccessRefused")]
    for name, person in people.items():
        assert person["coOwned"] == [row["action"] for row in actions() if name in (row.get("coOwners") or [])]
        assert sorted(person["boardActions"]) == sorted(owned(name)["boardActions"])
        assert person["counts"] == [
            sum(name in meeting["attendance"] for meeting in meetings),
            sum(name in meeting.get("apologies", []) for meeting in meetings),
            sum(line["demoactor"] == name for line in decisions),
        ]
    assert sum(len(person["coOwned"]) for person in people.values()) > 0
    assert all(row["actorNode"]["actor"] == row["actor"] for row in notice["entries"]["nodes"])
    assert {row["actorNode"]["registered"] for row in notice["entries"]["nodes"]} == {True, False}


async def test_a_reader_sees_only_actors_that_an_entry_of_theirs_names(world: World) -> None:
    """Compare readers with and without entries: the second know those with a registration or role."""
    await world.record("people.RoleGranted", {"actor": "sec", "role": "BOARD_SECRETARY"}, "r1")
    data = {"objective": "O3", "title": "Visit", "areas": ["1a"], "owner": "unregistered", "due": "2023-06-30"}
    await world.record("plan.ObjectiveAdded", data, "r2")
    await world.record("people.ActorRegistered", {"actor": "rita", "kind": "PERSON"}, "r3")
    await world.record("plan.LeadersBriefed", {"briefing": "B1", "leaders": ["lea"], "topic": "Plan"}, "r4")
    await world.caught_up(HEAD + 4)
    lists = f'{{ notice(id: "{NOTICE}") {{ people {{ actors {{ totalCount groups(by: [{{ field: REGISTERED }}]) '
    lists += (
        "{ keys count } nodes { actor } } } plan { objectives { nodes { ownerNode { actor registered } } } } } }"
    )
    officer, secretary = [(await world.data(lists, actor))["notice"] for actor in ("alice", "sec")]
    every = ["alice", "bea", "dora", "feed", "lea", "olga", "operator", "rita", "sec", "unregistered"]
    unseen = {"lea", "operator", "unregistered"}
    for notice, names in ((officer, every), (secretary, [name for name in every if name not in unseen])):
        actors = notice["people"]["actors"]
        assert [row["actor"] for row in actors["nodes"]] == names
        assert actors["totalCount"] == sum(row["count"] for row in actors["groups"]) == len(names)
        # the row names its owner, so the owner leads to an actor
        assert notice["plan"]["objectives"]["nodes"][-1]["ownerNode"] == {
            "actor": "unregistered",
            "registered": False,
        }
    for name in every:
        at = {"id": f"{NOTICE}/actor/{name}"}
        assert (await world.data(BY_ID, "alice", **at))["node"]["actor"] == name
        if name in unseen:
            assert (await world.error(BY_ID, "sec", **at))[0] == "NOT_FOUND"
        else:
            assert (await world.data(BY_ID, "sec", **at))["node"]["actor"] == name
    assert (await world.error(BY_ID, "alice", id=f"{NOTICE}/actor/nobody"))[0] == "NOT_FOUND"
    assert (await world.error(BY_ID, "bea", id=f"{NOTICE}/actor/alice"))[0] == "FORBIDDEN"
    then = f"{NOTICE}@{HEAD + 1}/actor/unregistered"
    assert (await world.error(BY_ID, "alice", id=then))[0] == "NOT_FOUND"
