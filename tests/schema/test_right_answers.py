"""Questions with the answers that plain Python computes from the lines of the invented history."""

import json
from typing import Any

import pytest

from ledger.domain.roles import Role
from tests.schema import history_answers
from tests.schema.compiled.documents import Request
from tests.schema.compiled.test_compiled import Both, both
from tests.schema.history_answers import AT, NOTICE, VARIABLES
from tests.schema.test_questions import BY_NAME

__all__ = ["both"]
pytestmark = pytest.mark.database


def answer(both: Both, name: str) -> dict[str, Any]:
    """Return the answer to a question, which is compiled and equals that of the resolvers."""
    request = Request(BY_NAME[name], AT | VARIABLES.get(name, {}))
    assert both.compare(request, Role.OPERATOR), both.ways
    json_answer, _ = both.compiled(request, Role.OPERATOR)
    notice: dict[str, Any] = json.loads(json_answer or b"")["data"]["notice"]
    return notice


def groups(both: Both, name: str, *path: str) -> list[dict[str, Any]]:
    """Return the groups in the answer to a question, at a path."""
    value: Any = answer(both, name)
    for step in path:
        value = value[step]
    rows: list[dict[str, Any]] = value["groups"]
    return rows


def figures(expected: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return these figures of a quantity."""
    return {name: pytest.approx(expected[name]) for name in names}


def test_overdue_by_owner(both: Both) -> None:
    rows = groups(both, "overdue-by-owner", "plan", "actions")
    expected = history_answers.overdue_by_owner()
    assert [{"owner": r["keys"][0], "count": r["count"], "first": r["days"]["first"]} for r in rows] == expected
    assert expected == [{"owner": "director", "count": 2, "first": "2023-09-30"}]


def test_due_by_month(both: Both) -> None:
    rows = groups(both, "due-by-month", "plan", "actions")
    months = [{"month": row["keys"][0], "count": row["count"], "done": row["days"]["count"]} for row in rows]
    assert months == history_answers.due_by_month()
    assert sum(row["count"] for row in rows) == len(history_answers.actions())


def test_slippage(both: Both) -> None:
    rows = groups(both, "slippage", "plan", "actions")
    for row, expected in zip(rows, history_answers.slippage(), strict=True):
        assert row["keys"] == [expected["objective"]]
        assert row["duration"] == figures(expected["days"], "max", "mean", "sum")
        assert row["rebaselined"]["sum"] == expected["changes"]
    assert sum(row["rebaselined"]["sum"] for row in rows) == 3


def test_punctuality(both: Both) -> None:
    (row,) = groups(both, "punctuality", "plan", "actions")
    expected = history_answers.punctuality()
    for name in ("duration", "workingDuration"):
        assert row[name] == figures(expected[name], "count", "min", "max", "mean")
    assert expected["duration"]["count"] > 15


def test_waiting_for_access(both: Both) -> None:
    rows = groups(both, "waiting-for-access", "access")
    for row, expected in zip(rows, history_answers.waiting_for_access(), strict=True):
        assert row["keys"] == [expected["kind"]]
        for name in ("duration", "workingDuration"):
            assert row[name] == figures(expected[name], "count", "min", "max", "mean")
    assert sum(row["count"] for row in rows) == 9


def test_approvers(both: Both) -> None:
    rows = [
        {"by": r["keys"][0], "decided": r["keys"][1], "count": r["count"]}
        for r in groups(both, "approvers", "access")
    ]
    assert rows == history_answers.approvers()
    assert len(rows) == 2


def test_recorders(both: Both) -> None:
    rows = groups(both, "recorders", "entries")
    expected = history_answers.recorders("2024-01-01")
    assert [{"actor": r["keys"][0], "month": r["keys"][1], "count": r["count"]} for r in rows] == expected
    assert sum(row["count"] for row in rows) > 50


def test_recording_delays(both: Both) -> None:
    rows = groups(both, "recording-delays", "entries")
    for row, expected in zip(rows, history_answers.recording_delays(), strict=True):
        assert row["keys"] == [expected["actor"]]
        assert row["duration"] == figures(expected["days"], "min", "max", "mean")
    assert sum(row["count"] for row in rows) == len(history_answers.facts("ProgressRecorded"))


def test_latest_entries(both: Both) -> None:
    page = answer(both, "latest-entries")["entries"]
    assert [row["eventId"] for row in page["nodes"]] == history_answers.latest(20)
    assert page["totalCount"] == page["nodes"][0]["position"]


def test_attention(both: Both) -> None:
    rows = answer(both, "attention")["plan"]["objectives"]["nodes"]
    assert [row["objective"] for row in rows] == history_answers.attention()
    assert len(rows) == 9


def test_national(both: Both) -> None:
    result, _ = both.resolved(Request(BY_NAME["national"], AT), Role.OPERATOR)
    assert result.data is not None
    (notice,) = result.data["notices"]["nodes"]
    expected = history_answers.overdue_by_owner()
    assert notice["plan"]["actions"]["totalCount"] == sum(row["count"] for row in expected)
    assert notice["plan"]["actions"]["groups"][0]["days"]["first"] == min(row["first"] for row in expected)
    closed = [data for _, data in history_answers.facts("NoticeClosed")]
    assert (notice["status"], notice["closedOn"]) == ("CLOSED", closed[0]["closedOn"])


def test_corrections(both: Both) -> None:
    notice, expected = answer(both, "corrections"), history_answers.corrections()
    position = {row["eventId"]: row["position"] for row in event_ids(both)}
    corrected = [entry["data"]["position"] for entry in notice["entries"]["nodes"]]
    assert corrected == [position[row["id"]] for row in expected["corrected"]]
    erasures = [
        {
            "entry": row["target"],
            "authority": row["authority"],
            "by": row["requestedBy"],
            "approver": row["erasedBy"],
        }
        for row in notice["records"]["erasures"]["nodes"]
    ]
    assert erasures == [row | {"entry": position[row["entry"]]} for row in expected["erasures"]]
    assert len(erasures) == 2


def event_ids(both: Both) -> list[dict[str, Any]]:
    """Return the position of each entry and its id from its source."""
    document = f'{{ notice(id: "{NOTICE}") {{ entries(first: 1000) {{ nodes {{ position eventId }} }} }} }}'
    json_answer, _ = both.compiled(Request(document, {}), Role.OPERATOR)
    rows: list[dict[str, Any]] = json.loads(json_answer or b"")["data"]["notice"]["entries"]["nodes"]
    return rows


def test_weakened_evidence(both: Both) -> None:
    rows = [
        {
            "evidence": row["evidence"],
            "status": row["status"],
            "decisions": [each["subject"] for each in row["resting"] if each["kind"] == "DECISION"],
        }
        for row in answer(both, "weakened-evidence")["evidence"]["nodes"]
    ]
    assert rows == history_answers.weakened()
    assert [row["status"] for row in rows] == ["SUPERSEDED", "WITHDRAWN"]


def test_owned(both: Both) -> None:
    notice, expected = answer(both, "owned"), history_answers.owned("director")
    plan = notice["plan"]
    assert [row["action"] for row in plan["actions"]["nodes"]] == expected["actions"] == ["A15", "A12"]
    assert [row["risk"] for row in plan["risks"]["nodes"]] == expected["risks"] == ["RK1"]
    assert [row["dependency"] for row in plan["dependencies"]["nodes"]] == expected["dependencies"]
    assert [row["boardAction"] for row in notice["board"]["actionLog"]["nodes"]] == expected["boardActions"]
    assert [row["objective"] for row in plan["objectives"]["nodes"]] == expected["objectives"]
    assert [row["contribution"] for row in notice["partners"]["contributions"]["nodes"]] == expected[
        "contributions"
    ]


def test_latest_readings(both: Both) -> None:
    rows = {
        measure["measure"]: [
            {name: row[name] for name in ("first", "numerator", "denominator")}
            for row in measure["readings"]["nodes"]
        ]
        for measure in answer(both, "latest-readings")["measures"]["nodes"]
    }
    assert rows == history_answers.trend(3)
    assert len(rows) == 9


def test_decisions(both: Both) -> None:
    rows = [
        {
            "decision": row["decision"],
            "held": str(history_answers.day(row["meetingNode"]["heldAt"])),
            "quorate": row["meetingNode"]["quorate"],
        }
        for row in answer(both, "decisions")["board"]["decisions"]["nodes"]
    ]
    assert rows == history_answers.decided_in()
    assert len(rows) == 17


NAVIGATION = """{ notice(id: "tameside-2022", on: "2023-11-01T00:00:00Z") {
  people { actors(first: 1000) { nodes { actor
    objectives(first: 1000, filter: { open: true }) { nodes { objective } }
    actions(first: 1000, filter: { open: true }) { nodes { action objectiveNode { objective owner } } }
    coOwnedActions(first: 1000, filter: { open: true }) { nodes { action } } } } }
  evidence(first: 1000) { nodes { evidence decisions { nodes { decision } } } } } }"""


def test_a_person_leads_to_all_that_they_own_and_a_document_to_its_decisions(both: Both) -> None:
    assert both.compare(Request(NAVIGATION, {}), Role.OPERATOR), both.ways
    notice = json.loads(both.compiled(Request(NAVIGATION, {}), Role.OPERATOR)[0] or b"")["data"]["notice"]
    people = {row["actor"]: row for row in notice["people"]["actors"]["nodes"]}
    owners = {row["objective"]: row["owner"] for row in history_answers.objectives()}
    for name, person in people.items():
        expected = history_answers.owned(name)
        assert {row["objective"] for row in person["objectives"]["nodes"]} == set(expected["objectives"])
        assert {row["action"] for name in ("actions", "coOwnedActions") for row in person[name]["nodes"]} == set(
            expected["actions"]
        )
        for row in person["actions"]["nodes"]:
            assert row["objectiveNode"]["owner"] == owners[row["objectiveNode"]["objective"]]
    assert sum(len(person["objectives"]["nodes"]) for person in people.values()) > 5
    assert [row["action"] for row in people["council-officer"]["coOwnedActions"]["nodes"]] == ["A15"]
    cited = {row["evidence"]: row["decisions"]["nodes"] for row in notice["evidence"]["nodes"]}
    for row in history_answers.weakened():
        assert [each["decision"] for each in cited[row["evidence"]]] == row["decisions"]
    assert [each["decision"] for each in cited["E6"]] == ["D1"]
