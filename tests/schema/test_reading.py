"""Reading through the schema: now, as of an earlier position, in pages, and within a role's rights."""

import asyncio
from typing import Any

import msgspec
import pytest

from schema import limits
from tests.schema.conftest import HEAD, HISTORY, NOTICE, OPERATOR, World, event

WHOLE = """query Whole($id: ID!, $asOf: AsOfInput, $on: DateTime) {
  notice(id: $id, asOf: $asOf, on: $on) {
    id council kind status issuer issuedOn zone predecessors title titleErasedBy trigger
    clauses { number obligor modality rule parameters text position }
    areas { area title position }
    plan { objectives { nodes {
      id objective title areas owner due measures activityRating impactRating position entry { position type }
      progress { nodes { position actor activityRating impactRating narrative occurredAt entry { id } } }
    } } }
    entries { nodes {
      position id type source occurredAt recordedAt actor actorRole clauses subject data
      narratives { path text erasedBy } correctedBy leafHash withheld
    } }
    ledger { size rootHash }
    asOf { position recordedAt on }
  }
}"""
ON = "2023-01-01T00:00:00Z"


def progress(text: str, activity: str) -> dict[str, Any]:
    return {"objective": "O1", "narrative": text, "activityRating": activity, "impactRating": "RED"}


async def test_a_notice_as_it_stands(world: World) -> None:
    notice = (await world.data(WHOLE, id=NOTICE, on=ON))["notice"]
    assert (notice["id"], notice["council"], notice["kind"], notice["status"]) == (
        f"{NOTICE}@~{ON}",
        "E08000008",
        "IMPROVEMENT_NOTICE",
        "LIVE",
    )
    assert (notice["issuedOn"], notice["title"], notice["trigger"]) == (
        "2022-07-05",
        "Improvement notice",
        "An inspection",
    )
    assert notice["clauses"] == [
        {
            "number": "4",
            "obligor": "COUNCIL",
            "modality": "MUST",
            "rule": "access-provided",
            "parameters": {"maximum_days": 92},
            "text": "Keep a plan",
            "position": 3,
        }
    ]
    assert notice["areas"] == [{"area": "1a", "title": "Leaders' understanding", "position": 2}]
    first, second = notice["plan"]["objectives"]["nodes"]
    assert (first["objective"], first["title"], first["owner"], first["due"]) == (
        "O1",
        "See leaders",
        "alice",
        "2023-06-30",
    )
    assert (first["activityRating"], first["impactRating"], first["position"]) == ("AMBER", "RED", 9)
    assert first["entry"] == {"position": 9, "type": "improvement-ledger.plan.ObjectiveAdded.v1"}
    (recorded,) = first["progress"]["nodes"]
    assert (recorded["position"], recorded["narrative"]) == (HEAD, "Started")
    assert recorded["entry"] == {"id": f"{NOTICE}@~{ON}/entry/{HEAD}"}
    assert (second["activityRating"], second["progress"]["nodes"]) == (None, [])
    assert notice["asOf"]["position"] == notice["ledger"]["size"] == HEAD
    assert notice["asOf"]["on"] == ON


async def test_entries_are_answered_as_they_were_recorded(world: World) -> None:
    entries = (await world.data(WHOLE, id=NOTICE))["notice"]["entries"]["nodes"]
    assert [entry["position"] for entry in entries] == list(range(1, HEAD + 1))
    clause = entries[2]
    assert clause["type"] == "improvement-ledger.notice.ClauseRegistered.v1"
    assert clause["data"]["text"].keys() == {"sha256"}
    assert clause["narratives"] == [{"path": "text", "text": "Keep a plan", "erasedBy": None}]
    assert (clause["actor"], clause["actorRole"], clause["withheld"]) == ("operator", "OPERATOR", False)
    assert clause["occurredAt"] == clause["recordedAt"]


async def test_an_earlier_position_is_answered_with_the_same_bytes_later(world: World) -> None:
    before = await world.ask(WHOLE, id=NOTICE, asOf={"position": HEAD}, on=ON)
    assert before.errors is None
    await world.record("plan.ProgressRecorded", progress("Better", "GREEN"), "p2")
    await world.record("records.EntryCorrected", {"position": 10, "reason": "Never agreed"}, "c1")
    await world.caught_up(HEAD + 2)
    after = await world.ask(WHOLE, id=NOTICE, asOf={"position": HEAD}, on=ON)
    assert after.errors is None
    assert msgspec.json.encode([after.data, after.extensions]) == msgspec.json.encode(
        [before.data, before.extensions]
    )
    now = (await world.data(WHOLE, id=NOTICE))["notice"]
    (left,) = now["plan"]["objectives"]["nodes"]
    assert (left["objective"], left["activityRating"]) == ("O1", "GREEN")
    assert [entry["correctedBy"] for entry in now["entries"]["nodes"]][9] == HEAD + 2


async def test_as_it_was_known_at_an_instant(world: World) -> None:
    entries = (await world.data(WHOLE, id=NOTICE))["notice"]["entries"]["nodes"]
    known = (await world.data(WHOLE, id=NOTICE, asOf={"knownAt": entries[8]["recordedAt"]}))["notice"]
    assert known["asOf"] == {
        "position": 9,
        "recordedAt": entries[8]["recordedAt"],
        "on": known["asOf"]["on"],
    }
    assert [o["objective"] for o in known["plan"]["objectives"]["nodes"]] == ["O1"]


async def test_the_answer_names_what_was_read(world: World) -> None:
    result = await world.ask(
        "{ now: notice(id: $id) { ledger { rootHash } } then: notice(id: $id, asOf: {position: 3}) "
        "{ ledger { rootHash } } }".replace("$id", f'"{NOTICE}"')
    )
    assert result.data is not None
    assert result.extensions is not None
    assert result.extensions["ledger"] == [
        {"notice": NOTICE, "position": 3, "rootHash": result.data["then"]["ledger"]["rootHash"]},
        {"notice": NOTICE, "position": HEAD, "rootHash": result.data["now"]["ledger"]["rootHash"]},
    ]


async def test_an_erased_text_is_gone_and_names_the_erasing_entry(world: World) -> None:
    target = HEAD
    ask = """mutation($n: ID!, $p: Int!) { requestErasure(input: {notice: $n, id: "e1",
        source: "olga", data: {position: $p, reason: "A name", authority: "UK GDPR"}})
        { receipt { position } refusals { message } } }"""
    request = (await world.data(ask, "olga", n=NOTICE, p=target))["requestErasure"]["receipt"]["position"]
    erase = """mutation($n: ID!, $p: Int!, $r: Int!) { eraseNarrative(input: {notice: $n, id: "e2", source: "dora",
        data: {position: $p, request: $r}}) { receipt { position } refusals { message } } }"""
    erased = (await world.data(erase, "dora", n=NOTICE, p=target, r=request))["eraseNarrative"]["receipt"][
        "position"
    ]
    await world.caught_up(erased)
    notice = (await world.data(WHOLE, id=NOTICE, asOf={"position": HEAD}))["notice"]
    assert notice["entries"]["nodes"][target - 1]["narratives"] == [
        {"path": "narrative", "text": None, "erasedBy": erased}
    ]
    assert notice["plan"]["objectives"]["nodes"][0]["progress"]["nodes"][0]["narrative"] is None


async def test_pages_meet_without_gap_or_overlap(world: World) -> None:
    document = """query($id: ID!, $first: Int!, $after: String) { notice(id: $id) {
        entries(first: $first, after: $after) {
        edges { cursor node { position } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
    seen: list[int] = []
    after = None
    for _ in range(HEAD):
        page = (await world.data(document, id=NOTICE, first=4, after=after))["notice"]["entries"]
        seen += [edge["node"]["position"] for edge in page["edges"]]
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == list(range(1, HEAD + 1))
    exact = (await world.data(document, id=NOTICE, first=HEAD))["notice"]["entries"]
    assert (len(exact["edges"]), exact["pageInfo"]["hasNextPage"]) == (HEAD, False)


async def test_the_largest_page_says_whether_more_follow(world: World) -> None:
    document = """query($id: ID!) { notice(id: $id) {
        entries(first: 1000) { nodes { position } pageInfo { hasNextPage } } } }"""
    for total, more in ((1000, False), (1001, True)):
        recorded = progress("More", "AMBER")
        numbers = range((await world.writer.state(NOTICE)).position, total)
        items = [event(f"b{number}", "plan.ProgressRecorded", recorded) for number in numbers]
        await world.writer.append_all(NOTICE, items, OPERATOR)
        await world.caught_up(total)
        page = (await world.data(document, id=NOTICE))["notice"]["entries"]
        assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (1000, more)


async def test_entries_are_found_by_what_they_say(world: World) -> None:
    progress_event = event(
        "p2",
        "plan.ProgressRecorded",
        progress("Better", "GREEN"),
        subject="O1",
        clauses="4",
        time="2022-08-01T09:00:00Z",
    )
    await world.writer.append(NOTICE, progress_event, OPERATOR)
    await world.caught_up(HEAD + 1)
    document = (
        "query($id: ID!, $f: EntryFilter) { notice(id: $id) { entries(filter: $f) { nodes { position } } } }"
    )
    for conditions, positions in (
        ({"type": "ObjectiveAdded"}, [9, 10]),
        ({"type": "improvement-ledger.plan.ProgressRecorded.v1"}, [HEAD, HEAD + 1]),
        ({"actor": "operator", "source": "operator", "type": "AreaRegistered"}, [2]),
        ({"subject": "O1", "clause": "4"}, [HEAD + 1]),
        ({"positions": [10, 2, HEAD + 9]}, [2, 10]),
        ({"positions": []}, []),
        ({"positions": [9, 10], "sincePosition": 9}, [10]),
        ({"clause": "5b"}, []),
        ({"actor": "alice"}, []),
        ({"occurredUntil": "2022-08-01T09:00:00Z"}, [1]),
        ({"actorIn": ["nobody"]}, []),
        ({"actorRoleIn": ["OPERATOR", "AUDITOR"], "type": "AreaRegistered"}, [2]),
        ({"actorRoleIn": ["AUDITOR"]}, []),
        ({"subjectIn": ["O1", "O9"], "clause": "4"}, [HEAD + 1]),
        ({"occurredUntil": "2022-08-01T09:00:01Z"}, [1, HEAD + 1]),
        ({"occurredFrom": "2022-08-01T10:00:00+01:00", "occurredUntil": "2022-08-02T00:00:00Z"}, [HEAD + 1]),
        ({"occurredFrom": "2022-08-01T09:00:01Z", "type": "AreaRegistered"}, [2]),
    ):
        nodes = (await world.data(document, id=NOTICE, f=conditions))["notice"]["entries"]["nodes"]
        assert [entry["position"] for entry in nodes] == positions, conditions


async def test_objectives_are_found_by_area_owner_and_id(world: World) -> None:
    document = """query($id: ID!, $f: ObjectiveFilter) { notice(id: $id) {
        plan { objectives(filter: $f) { nodes { objective } } } } }"""
    for filter_, expected in (
        ({"owner": "feed"}, ["O2"]),
        ({"area": "1a"}, ["O1", "O2"]),
        ({"area": "1b"}, []),
        ({"objectiveIn": ["O2", "O9"]}, ["O2"]),
    ):
        objectives = (await world.data(document, id=NOTICE, f=filter_))["notice"]["plan"]["objectives"]["nodes"]
        assert [objective["objective"] for objective in objectives] == expected, filter_


async def test_a_role_without_sight_of_entries_gets_positions_and_leaf_hashes(world: World) -> None:
    document = """query($id: ID!) { notice(id: $id) { entries { nodes {
        position id type source occurredAt recordedAt actor actorRole
        clauses subject data narratives { text } correctedBy leafHash withheld } }
        plan { objectives { nodes { entry { withheld type } } } } } }"""
    seen = (await world.data(document, "alice", id=NOTICE))["notice"]
    hidden = (await world.data(document, "bea", id=NOTICE))["notice"]
    assert len(hidden["entries"]["nodes"]) == HEAD
    for entry, known in zip(hidden["entries"]["nodes"], seen["entries"]["nodes"], strict=True):
        values = {name: value for name, value in entry.items() if value not in (None, [])}
        hidden_fields = {"leafHash": known["leafHash"], "withheld": True}
        position = known["position"]
        assert values == {"id": f"{NOTICE}/entry/{position}", "position": position, **hidden_fields}
    assert hidden["plan"]["objectives"]["nodes"][0]["entry"] == {"withheld": True, "type": None}
    some = """query($id: ID!) { notice(id: $id) { entries(filter: {positions: [2, 5]}) {
        nodes { position withheld } } } }"""
    entries = (await world.data(some, "bea", id=NOTICE))["notice"]["entries"]["nodes"]
    assert entries == [{"position": 2, "withheld": True}, {"position": 5, "withheld": True}]
    search = 'query($id: ID!) { notice(id: $id) { entries(filter: {actor: "alice"}) { nodes { position } } } }'
    code, message = await world.error(search, "bea", id=NOTICE)
    assert code == "FORBIDDEN"
    assert "can't be searched" in message


async def test_a_view_that_a_role_does_not_read_is_forbidden_and_the_rest_answered(world: World) -> None:
    document = "query($id: ID!) { notice(id: $id) { council plan { objectives { nodes { objective } } } } }"
    result = await world.ask(document, "olga", id=NOTICE)
    assert result.data == {"notice": {"council": "E08000008", "plan": None}}
    assert result.errors is not None
    assert [error.extensions for error in result.errors] == [{"code": "FORBIDDEN"}]


async def test_a_notice_without_a_part_in_it_looks_like_none(world: World) -> None:
    document = "query($id: ID!) { notice(id: $id) { id } node(id: $id) { id } }"
    answers = []
    for actor, notice in (("mallory", NOTICE), ("alice", "never-issued"), ("feed", NOTICE)):
        result = await world.ask(document, actor, id=notice)
        assert result.errors is not None
        errors = [(error.message.replace(notice, "…"), error.extensions) for error in result.errors]
        answers.append((result.data, errors, result.extensions))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1][0][1] == {"code": "NOT_FOUND"}


async def test_nodes_are_found_again_by_their_ids(world: World) -> None:
    document = (
        "query($id: ID!) { node(id: $id) { id __typename ... on Objective { title } ... on Notice { kind } } }"
    )
    objective = (await world.data(WHOLE, id=NOTICE))["notice"]["plan"]["objectives"]["nodes"][1]["id"]
    assert (await world.data(document, id=objective))["node"] == {
        "id": objective,
        "__typename": "Objective",
        "title": "Write it down",
    }
    assert (await world.data(document, id=NOTICE))["node"]["kind"] == "IMPROVEMENT_NOTICE"
    assert (await world.error(document, id=f"{NOTICE}/objectives/O9"))[0] == "NOT_FOUND"
    assert (await world.error(document, "olga", id=objective))[0] == "FORBIDDEN"


async def test_me_and_the_notices_that_i_may_read(world: World) -> None:
    issued = HISTORY[0][1]
    await world.record("notice.NoticeIssued", issued, "n1", "another-2024")
    await world.record("people.RoleGranted", {"actor": "alice", "role": "AUDITOR"}, "n2", "another-2024")
    await world.caught_up(2, "another-2024")
    world.notices.append("another-2024")
    document = """query($first: Int!, $after: String) { me { actor parts { notice roles } }
        notices(first: $first, after: $after) { nodes { id plan { objectives { nodes { objective } } } }
        pageInfo { hasNextPage endCursor } } }"""
    first = await world.data(document, first=1)
    assert first["me"] == {
        "actor": "alice",
        "parts": [
            {"notice": "another-2024", "roles": ["AUDITOR"]},
            {"notice": NOTICE, "roles": ["COUNCIL_OFFICER"]},
        ],
    }
    assert first["notices"]["nodes"] == [{"id": "another-2024", "plan": {"objectives": {"nodes": []}}}]
    assert first["notices"]["pageInfo"]["hasNextPage"] is True
    rest = await world.data(document, first=1, after=first["notices"]["pageInfo"]["endCursor"])
    assert [notice["id"] for notice in rest["notices"]["nodes"]] == [NOTICE]
    assert rest["notices"]["pageInfo"]["hasNextPage"] is False
    assert (await world.data(document, "mallory", first=5))["notices"]["nodes"] == []


async def test_many_readings_at_once_in_one_request_and_in_many_all_end(world: World) -> None:
    fields = " ".join(
        f'n{p}: notice(id: "{NOTICE}", asOf: {{position: {p}}}) {{ council entries {{ nodes {{ position }} }} }}'
        for p in range(1, HEAD + 1)
    )
    results = await asyncio.gather(*(world.data(f"{{ {fields} }}") for _ in range(10)))
    for data in results:
        for position in range(1, HEAD + 1):
            assert len(data[f"n{position}"]["entries"]["nodes"]) == position


async def test_the_rows_of_an_answer_are_limited_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ROWS", 2 * HEAD)
    document = '{ notice(id: "%s") { %s } }'
    twice = " ".join(f"e{n}: entries {{ nodes {{ position }} }}" for n in range(2))
    await world.data(document % (NOTICE, twice))
    thrice = " ".join(f"e{n}: entries {{ nodes {{ position }} }}" for n in range(3))
    code, message = await world.error(document % (NOTICE, thrice))
    assert (code, f"{2 * HEAD} rows" in message) == ("LIMIT_EXCEEDED", True)


async def test_what_was_not_recorded_yet_is_refused(world: World) -> None:
    for as_of in ({"position": HEAD + 1}, {"knownAt": "2020-01-01T00:00:00Z"}):
        assert (await world.error(WHOLE, id=NOTICE, asOf=as_of))[0] == "NOT_RECORDED_YET"
    assert (await world.error(WHOLE, id=NOTICE, asOf={"position": 0}))[0] == "BAD_USER_INPUT"


async def test_waiting_for_a_position_that_never_comes_ends(world: World) -> None:
    document = "query($id: ID!, $p: Int!) { notice(id: $id, atLeast: $p) { id } }"
    context = world.context("alice", wait=0.1)
    result = await world.schema.execute(document, {"id": NOTICE, "p": HEAD + 50}, context)
    assert result.errors
    assert [error.extensions for error in result.errors] == [{"code": "NOT_CAUGHT_UP"}]


async def test_a_subscription_ends_with_the_token(world: World) -> None:
    context = world.context("alice")
    document = "subscription($id: ID!) { entries(notice: $id, after: 0) { position } }"
    results = await world.schema.stream(document, {"id": NOTICE}, context)
    positions = [(await anext(results)).data["entries"]["position"] for _ in range(HEAD)]
    assert positions == list(range(1, HEAD + 1))
    context.viewer.is_expired = True  # type: ignore[attr-defined]
    await world.record("plan.ProgressRecorded", progress("Later", "RED"), "later")
    ended = await anext(results)
    assert [error.extensions["code"] for error in ended.errors] == ["UNAUTHENTICATED"]
    await results.aclose()
