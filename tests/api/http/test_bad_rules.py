"""Bad rules of clauses over HTTP: each refusal names the clause's parameter and the nearest right value."""

import json
from typing import Any

import pytest

from ledger.domain.roles import Role
from tests.api.everybody import actor_of
from tests.api.service import NDJSON, Service, event

pytestmark = pytest.mark.database
OFFICIAL = actor_of(Role.DEPARTMENT_OFFICIAL)
JUNE, MAY = {"by": "2024-06-30", "target": 60}, {"by": "2024-05-31", "target": 40}
Parameters = dict[str, Any]
BAD: dict[str, tuple[str, Parameters, list[tuple[str, str]]]] = {
    "a rule without what it needs": (
        "plan-kept-current", {}, [("data.rule", "the rule plan-kept-current needs stale_after_days")],
    ),
    "a singular for a plural": (
        "plan-coverage", {"covers": ["AREA"]}, [("data.parameters.covers", "did you mean AREAS?")],
    ),
    "lower case": (
        "board-report-complete", {"parts": ["analysis"]}, [("data.parameters.parts", "did you mean ANALYSIS?")],
    ),
    "a near miss": (
        "views-considered", {"groups": ["FRONTLINE_STAF"]},
        [("data.parameters.groups", "did you mean FRONTLINE_STAFF?")],
    ),
    "an unknown rule": ("targets-met", {}, [("data.rule", "did you mean target-met?")]),
    "a target as text": (
        "target-met", {"measure": "V1", "steps": [JUNE | {"target": "60"}]},
        [("data.parameters.steps", "[0].target: expected a number; write 60 without quotation marks")],
    ),
    "a list of steps out of order": (
        "target-met", {"measure": "V1", "steps": [JUNE, MAY]},
        [("data.parameters.steps", "2024-05-31")],
    ),
    "a date in a past century": (
        "delivered-by", {"target_date": "1923-06-30"},
        [("data.parameters.target_date", "did you mean 2023-06-30?")],
    ),
    "a parameter of another rule": (
        "review-interval", {"at_most_months": 6, "stale_after_days": 31},
        [("data.parameters.stale_after_days", "stale_after_days belongs to plan-kept-current")],
    ),
    "all faults at once": (
        "target-met", {"measures": "V1", "steps": [JUNE | {"target": "60"}], "sustained_periods": 0},
        [("data.parameters.measures", "did you mean measure?"), ("data.rule", "needs measure"),
         ("data.parameters.steps", "write 60 without"), ("data.parameters.sustained_periods", "at least 1")],
    ),
}  # fmt: skip


def clause(number: str, rule: str, parameters: Parameters) -> dict[str, Any]:
    """Return the event of a clause with a rule."""
    data = {"number": number, "obligor": "COUNCIL", "modality": "MUST", "rule": rule, "text": "Do it."}
    return event("notice.ClauseRegistered", {**data, "parameters": parameters}, OFFICIAL)


def must_name(problem: dict[str, Any], number: str, expected: list[tuple[str, str]]) -> None:
    """Check that a problem has exactly the expected errors: the path, the clause, and words of the message."""
    errors = [(each["code"], each["path"], each["message"]) for each in problem["errors"]]
    assert [error[:2] for error in errors] == [("INVALID_RULE", path) for path, _ in expected]
    for (_, _, message), (_, words) in zip(errors, expected, strict=True):
        assert message.startswith(f"clause {number}: ")
        assert words in message


@pytest.mark.parametrize("name", BAD)
def test_a_bad_rule_is_refused_by_its_parameter(everybody: Service, name: str) -> None:
    rule, parameters, expected = BAD[name]
    before = everybody.position()
    with everybody.client(OFFICIAL) as client:
        answer = everybody.post(client, clause("5", rule, parameters))
    assert (answer.status_code, everybody.position()) == (422, before)
    must_name(answer.json(), "5", expected)


def test_each_bad_line_of_a_stream_is_refused_by_its_number(everybody: Service) -> None:
    lines = [clause(f"s{index}", rule, parameters) for index, (rule, parameters, _) in enumerate(BAD.values())]
    before, content = everybody.position(), "".join(json.dumps(line) + "\n" for line in lines)
    with everybody.client(OFFICIAL) as client:
        answer = client.post(everybody.entries, content=content, headers={"Content-Type": NDJSON})
    problems = [json.loads(line) for line in answer.text.splitlines()]
    assert [problem["line"] for problem in problems] == list(range(1, len(lines) + 1))
    assert [problem["id"] for problem in problems] == [line["id"] for line in lines]
    for index, (_, _, expected) in enumerate(BAD.values()):
        must_name(problems[index], f"s{index}", expected)
    assert everybody.position() == before


def test_two_clauses_with_one_number_and_bad_changes_of_a_clause_are_refused(everybody: Service) -> None:
    revision = {"number": "6", "parameters": {"stale_after_day": 9}}
    changes = {"revisedOn": "2022-07-06", "reason": "r", "clauses": [revision]}
    word = {"interpretation": "I9", "number": "6", "word": "current", "meaning": "m", "adoptedBy": "board"}
    with everybody.client(OFFICIAL) as client:
        first = everybody.post(client, clause("6", "plan-kept-current", {"stale_after_days": 31}))
        again = everybody.post(client, clause("6", "escalation", {}))
        revised = everybody.post(client, event("notice.NoticeRevised", changes, OFFICIAL))
        meaning = word | {"parameters": {"stale_after_days": 0}}
        adopted = everybody.post(client, event("notice.InterpretationAdopted", meaning, OFFICIAL))
    assert (first.status_code, again.status_code, again.json()["code"]) == (201, 409, "ALREADY_EXISTS")
    assert f"clause 6 is already registered, in entry {first.json()['position']}" in again.json()["detail"]
    path = "data.clauses[0].parameters.stale_after_day"
    must_name(revised.json(), "6", [(path, "did you mean stale_after_days?")])
    must_name(adopted.json(), "6", [("data.parameters.stale_after_days", "at least 1")])
