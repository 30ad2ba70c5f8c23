"""Recording through the schema: receipts, duplicates, refusals with paths, and permissions."""

import asyncio
import json
from typing import Any

from ledger.domain.areas.records import LossAccepted
from ledger.domain.registry import KIND_OF, KINDS
from ledger.intake.pack import events, read
from ledger.packs import history, shipped
from tests.schema.conftest import HEAD, NOTICE, World

ADD = """mutation Add($input: AddObjectiveInput!) { addObjective(input: $input) {
  receipt { id source position leafHash treeSize rootHash recordedAt duplicate }
  refusals { code message path }
  notice { asOf { position } plan { objectives { nodes { objective title due measures } } } }
} }"""


def objective(number: str = "a1", **changes: Any) -> dict[str, Any]:
    data = {"objective": "O3", "title": "Visit", "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
    return {"notice": NOTICE, "id": number, "source": "alice", "data": data | changes}


async def test_a_fact_is_recorded_and_the_notice_read_again(world: World) -> None:
    arguments = objective() | {"time": "2022-08-01T10:00:00+01:00", "clauses": ["4"], "subject": "O3"}
    answer = (await world.data(ADD, input=arguments))["addObjective"]
    assert answer["refusals"] == []
    receipt = answer["receipt"]
    assert (receipt["id"], receipt["source"], receipt["position"], receipt["duplicate"]) == (
        "a1",
        "alice",
        HEAD + 1,
        False,
    )
    assert answer["notice"]["asOf"]["position"] >= HEAD + 1
    assert answer["notice"]["plan"]["objectives"]["nodes"][-1] == {
        "objective": "O3",
        "title": "Visit",
        "due": "2023-06-30",
        "measures": [],
    }
    document = """query($id: ID!) { notice(id: $id) { entries(filter: {type: "ObjectiveAdded"}, first: 5) { nodes {
        position actor actorRole occurredAt clauses subject leafHash data } } ledger { rootHash } } }"""
    notice = (await world.data(document, id=NOTICE))["notice"]
    entry = notice["entries"]["nodes"][-1]
    assert (entry["actor"], entry["actorRole"], entry["occurredAt"]) == (
        "alice",
        "COUNCIL_OFFICER",
        "2022-08-01T09:00:00Z",
    )
    assert (entry["clauses"], entry["subject"], entry["leafHash"]) == (["4"], "O3", receipt["leafHash"])
    assert notice["ledger"]["rootHash"] == receipt["rootHash"]


async def test_sending_it_again_answers_the_first_receipt(world: World) -> None:
    first = (await world.data(ADD, input=objective()))["addObjective"]["receipt"]
    again = (await world.data(ADD, input=objective()))["addObjective"]["receipt"]
    assert again == first | {"duplicate": True}
    other = (await world.data(ADD, input=objective(title="Other")))["addObjective"]
    assert other["receipt"] is other["notice"] is None
    assert len(other["refusals"]) == 1


async def test_sixty_four_at_once_make_one_entry(world: World) -> None:
    answers = await asyncio.gather(*(world.data(ADD, input=objective()) for _ in range(64)))
    receipts = [answer["addObjective"]["receipt"] for answer in answers]
    assert {(receipt["position"], receipt["leafHash"]) for receipt in receipts} == {
        (HEAD + 1, receipts[0]["leafHash"])
    }
    assert sum(not receipt["duplicate"] for receipt in receipts) == 1


async def refusals(world: World, arguments: dict[str, Any], actor: str = "alice") -> list[tuple[str, str]]:
    answer = (await world.data(ADD, actor, input=arguments))["addObjective"]
    assert answer["receipt"] is answer["notice"] is None
    return [(refusal["code"], refusal["path"]) for refusal in answer["refusals"]]


async def test_refusals_name_the_field_of_the_input(world: World) -> None:
    assert await refusals(world, objective(areas=["1a", "1b"], objective="O1")) == [
        ("ALREADY_EXISTS", "data.objective"),
        ("NOT_FOUND", "data.areas[1]"),
    ]
    assert await refusals(world, objective(title=" ")) == [("BLANK", "data.title")]
    assert await refusals(world, objective(areas=[])) == [("OUT_OF_RANGE", "data.areas")]
    assert await refusals(world, objective(owner="a b")) == [("INVALID_FIELD", "data.owner")]
    assert await refusals(world, objective() | {"time": "2199-01-01T00:00:00Z"}) == [("TIME_AHEAD", "time")]
    assert [path for _, path in await refusals(world, objective() | {"expectedPosition": 3})] == [""]
    assert await refusals(world, objective() | {"id": "with space"}) == [("INVALID_FIELD", "id")]
    assert await refusals(world, objective() | {"notice": "No Such"}) == [("INVALID_FIELD", "notice")]
    assert (await world.data("query($id: ID!) { notice(id: $id) { ledger { size } } }", id=NOTICE))["notice"] == {
        "ledger": {"size": HEAD}
    }


async def test_who_may_not_record_is_told_so_and_strangers_see_no_notice(world: World) -> None:
    assert await refusals(world, objective() | {"source": "bea"}, "bea") == [("FORBIDDEN", "type")]
    strange = await world.data(ADD, "mallory", input=objective())
    nowhere = await world.data(ADD, "mallory", input=objective() | {"notice": "never-issued"})
    assert [(r["code"], r["path"]) for r in strange["addObjective"]["refusals"]] == [("NOT_FOUND", "notice")]
    assert (
        strange["addObjective"]["refusals"][0]["message"].replace(NOTICE, "never-issued")
        == (nowhere["addObjective"]["refusals"][0]["message"])
    )


async def test_a_system_gets_its_receipt_and_no_notice(world: World) -> None:
    answer = (await world.data(ADD, "feed", input=objective() | {"source": "feed"}))["addObjective"]
    assert answer["receipt"]["position"] == HEAD + 1
    assert answer["notice"] is None


async def test_mutations_run_in_order_and_each_answers_for_itself(world: World) -> None:
    document = """mutation($one: AddObjectiveInput!, $two: AddObjectiveInput!, $three: AddObjectiveInput!) {
        one: addObjective(input: $one) { receipt { position } refusals { code } }
        two: addObjective(input: $two) { receipt { position } refusals { code } }
        three: addObjective(input: $three) { receipt { position } refusals { code } } }"""
    answer = await world.data(
        document, one=objective("a1"), two=objective("a2"), three=objective("a3", objective="O4")
    )
    assert answer == {
        "one": {"receipt": {"position": HEAD + 1}, "refusals": []},
        "two": {"receipt": None, "refusals": [{"code": "ALREADY_EXISTS"}]},
        "three": {"receipt": {"position": HEAD + 2}, "refusals": []},
    }


VALUES: dict[str, dict[str, Any]] = {
    "IssueNotice": {
        "kind": "STATUTORY_DIRECTION",
        "council": "E08000008",
        "issuer": "DfE",
        "issuedOn": "2024-03-01",
        "title": "Direction",
        "trigger": "Too slow",
        "predecessors": [NOTICE],
        "packDigest": "A" * 43 + "=",
    },
    "RegisterClause": {
        "number": "5b",
        "obligor": "COUNCIL",
        "modality": "MUST",
        "rule": "board-and-chair",
        "parameters": {"chaired_by": "CHAIR", "independent_chair": True, "open_words": ["a", "b"]},
        "text": "A board",
    },
    "RegisterArea": {"area": "1b", "title": "Timely help"},
    "AddObjective": {
        "objective": "O1",
        "title": "Do",
        "areas": ["1b"],
        "owner": "alice",
        "due": "2024-09-01",
        "measures": ["M1"],
    },
    "RecordProgress": {"objective": "O1", "narrative": "Done", "activityRating": "GREEN", "impactRating": "AMBER"},
    "SubmitEvidence": {
        "evidence": "E1",
        "digest": "B" * 43 + "=",
        "mediaType": "application/pdf",
        "size": 2**40,
        "title": "Audit",
        "classification": "OFFICIAL_SENSITIVE",
        "period": {"first": "2024-03-01", "last": "2024-03-31"},
        "supports": ["O1"],
    },
    "RecordBoardDecision": {
        "decision": "D1",
        "meeting": "B1",
        "title": "Go on",
        "outcome": "Yes",
        "rationale": "It works",
        "options": ["Stop", "Go on"],
        "votes": {"for": 5, "against": 1, "abstained": 0},
        "evidence": ["E1"],
        "relatesTo": ["O1"],
    },
    "GrantRole": {
        "actor": "zoe",
        "role": "REVIEWER",
        "from": "2024-03-01T00:00:00Z",
        "until": "2099-03-01T00:00:00Z",
    },
    "IssueToken": {"token": "t1", "actor": "zoe", "role": "REVIEWER", "source": "zoe", "facts": []},
    "RevokeToken": {"token": "t1", "reason": "Lost"},
    "RevokeRole": {"actor": "zoe", "role": "REVIEWER", "reason": "Left"},
    "CorrectEntry": {
        "position": 3,
        "reason": "Spelling",
        "replacement": {
            "type": "improvement-ledger.notice.AreaRegistered.v1",
            "data": {"area": "1b", "title": "Timely"},
        },
    },
}
"""Facts that the operator may record, in an admissible order."""


async def test_every_kind_of_field_arrives_in_the_entry_as_it_was_sent(world: World) -> None:
    notice = "direction-2024"
    world.notices.append(notice)
    for number, (act, data) in enumerate(VALUES.items(), 1):
        field = act[:1].lower() + act[1:]
        selection = "{ receipt { position } refusals { message path } }"
        document = f"mutation($i: {act}Input!) {{ {field}(input: $i) {selection} }}"
        arguments = {"notice": notice, "id": str(number), "source": "operator", "data": data}
        answer = (await world.data(document, "operator", i=arguments))[field]
        assert answer == {"receipt": {"position": number}, "refusals": []}, act
    await world.caught_up(len(VALUES), notice)
    document = """query($id: ID!) { notice(id: $id) { entries { nodes { data narratives { path text } } } } }"""
    nodes = (await world.data(document, "operator", id=notice))["notice"]["entries"]["nodes"]
    for (act, data), node in zip(VALUES.items(), nodes, strict=True):
        narratives = {text["path"]: text["text"] for text in node["narratives"]}
        stored = _with_narratives(node["data"], narratives)
        empty = {name for name, value in data.items() if value == []}
        added = {"stored": False} if act == "SubmitEvidence" else {}
        assert stored == {name: value for name, value in data.items() if name not in empty} | added, act


def _with_narratives(value: Any, narratives: dict[str, str], path: str = "") -> Any:
    """Return the data with its narratives in place of their digests."""
    if path in narratives:
        assert value.keys() == {"sha256"}
        return narratives[path]
    if isinstance(value, dict):
        return {k: _with_narratives(v, narratives, f"{path}.{k}" if path else k) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_narratives(v, narratives, f"{path}[{n}]") for n, v in enumerate(value)]
    return value


SHAPES = {"INVALID_FIELD", "UNKNOWN_FIELD", "BLANK", "UNKNOWN_TYPE"}
"""Refusals of an input's shape; GraphQL and the intake must agree on them."""


async def test_every_fact_passes_as_the_argumentsof_its_mutation(world: World) -> None:
    """Send an example of each fact: its shape is valid, though a rule may refuse it here."""
    examples = {event["type"]: event for event in map(json.loads, history(NOTICE).splitlines())}
    for event in events(read(shipped(NOTICE))):
        examples.setdefault(event["type"], event)
    loss = {"size": 3661, "rootHash": "A" * 43 + "=", "resumedAt": 3525}
    examples[KIND_OF[LossAccepted].type] = {"data": loss}
    assert set(examples) == set(KINDS)
    for kind in KINDS.values():
        example = examples[kind.type]
        act = kind.struct.act
        references = {
            name: 1 if isinstance(earlier, str) else [1] for name, earlier in example.get("demorefers", {}).items()
        }
        arguments = {
            "notice": NOTICE,
            "id": f"shape-{act}",
            "source": "operator",
            "data": example["data"] | references,
        }
        document = f"""mutation($i: {act[:1].upper()}{act[1:]}Input!)
            {{ {act}(input: $i) {{ receipt {{ position }} refusals {{ code path message }} }} }}"""
        answer = (await world.data(document, "operator", i=arguments))[act]
        assert not SHAPES & {refusal["code"] for refusal in answer["refusals"]}, (act, answer)
