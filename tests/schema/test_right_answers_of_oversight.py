"""Questions about progress, the board, partners and access, with answers computed from the history's lines."""

import json
from datetime import date
from typing import Any

import pytest

from ledger.domain.roles import Role
from tests.projections.views.compliance.test_tameside_at_ten_dates import HINDSIGHT, lines
from tests.schema import oversight_answers
from tests.schema.compiled.documents import Request
from tests.schema.compiled.test_compiled import Both, both
from tests.schema.history_answers import NOTICE, TODAY
from tests.schema.test_questions import BY_NAME
from tests.schema.test_right_answers import answer

__all__ = ["both"]
pytestmark = pytest.mark.database


def test_changes(both: Both) -> None:
    notice = answer(both, "changes")
    rows = [
        {"type": row["type"], "actor": row["actor"], "recordedAt": oversight_answers.instant(row["recordedAt"])}
        for row in notice["entries"]["nodes"]
    ]
    assert rows == oversight_answers.changes(640, notice["asOf"]["position"])
    assert len(rows) == 101


def test_slow_objectives(both: Both) -> None:
    rows = [
        row | {"actions": [each["action"] for each in row["actions"]["nodes"]]}
        for row in answer(both, "slow-objectives")["plan"]["objectives"]["nodes"]
    ]
    expected = oversight_answers.slow_and_unreported()
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected
    assert len(rows) == 6


def test_uncovered_areas(both: Both) -> None:
    rows = answer(both, "uncovered-areas")["plan"]["coverage"]["nodes"]
    assert [(row["kind"], row["subject"]) for row in rows] == oversight_answers.uncovered()


def test_impact(both: Both) -> None:
    rows = [
        {
            "report": row["report"],
            "claim": row["claim"],
            "documents": [each["evidence"] for each in row["documents"]],
            "restsOn": [(each["evidence"], each["statusThen"]) for each in row["restsOn"]],
        }
        for row in answer(both, "impact")["board"]["claims"]["nodes"]
    ]
    assert rows == oversight_answers.claims()
    assert len(rows) == 4


def test_decisions_and_their_evidence_at_the_time(both: Both) -> None:
    rows = [
        {
            "decision": row["decision"],
            "meeting": row["meetingNode"]["meeting"],
            "title": row["title"],
            "votes": row["votes"],
            "rescinded": row["rescindedAt"] is not None,
            "restsOn": [(each["evidence"], each["statusThen"]) for each in row["restsOn"]],
        }
        for row in answer(both, "decisions")["board"]["decisions"]["nodes"]
    ]
    assert rows == oversight_answers.decisions()
    assert sum(row["rescinded"] for row in rows) == 1


def test_the_chair_and_the_days_without_one(both: Both) -> None:
    board = answer(both, "chair")["board"]
    rows = [{name: row[name] for name in ("chair", "first", "last", "inPost")} for row in board["chairs"]]
    assert rows == oversight_answers.chairs()
    assert board["vacancies"] == oversight_answers.vacancies()
    assert len(board["vacancies"]) == 2


def test_partners_and_their_updates(both: Both) -> None:
    partners = answer(both, "partner-updates")["partners"]
    rows = {
        row["partner"]: {"inTime": row["delivered"], "late": row["late"], "missed": row["missed"]}
        for row in partners["partners"]
    }
    assert rows == oversight_answers.partners()
    assert (
        [row["update"] for row in partners["updates"]["nodes"]] == oversight_answers.overdue_updates(TODAY) == []
    )


def test_an_update_is_overdue_the_day_after_its_date(both: Both) -> None:
    for on in (date(2023, 3, 1), date(2023, 4, 1), date(2023, 11, 29), date(2023, 11, 30)):
        variables = {"notice": NOTICE, "on": f"{on}T12:00:00Z"}
        json_answer, _ = both.compiled(Request(BY_NAME["partner-updates"], variables), Role.OPERATOR)
        partners: Any = json.loads(json_answer or b"")["data"]["notice"]["partners"]
        # As recorded today: an update that came later is no longer overdue on an earlier day.
        expected = [each for each in oversight_answers.overdue_updates(on) if each == "U4"]
        assert [row["update"] for row in partners["updates"]["nodes"]] == expected


def test_access(both: Both) -> None:
    notice = answer(both, "access")
    assert (
        [row["request"] for row in notice["neverUsed"]["nodes"]] == oversight_answers.never_used() == ["X3", "X7"]
    )
    assert (
        [row["request"] for row in notice["live"]["nodes"]] == oversight_answers.live(f"{TODAY}T00:00:00Z") == []
    )


def test_the_checklist_of_access(both: Both) -> None:
    rows = answer(both, "access")["checklist"]["nodes"]
    assert rows == oversight_answers.checklist()
    assert sum(len(row["used"]) for row in rows) == 6


@pytest.mark.parametrize("on", ["2022-10-10", "2022-10-20", "2023-02-01", "2023-10-15", "2023-12-10"])
def test_live_access_at_other_times(both: Both, on: str) -> None:
    variables = {"notice": NOTICE, "on": f"{on}T12:00:00Z"}
    json_answer, _ = both.compiled(Request(BY_NAME["access"], variables), Role.OPERATOR)
    rows = json.loads(json_answer or b"")["data"]["notice"]["live"]["nodes"]
    assert [row["request"] for row in rows] == oversight_answers.live(f"{on}T12:00:00Z")
    uses = {row["request"]: [(use["document"], use["action"]) for use in row["use"]["nodes"]] for row in rows}
    expected = oversight_answers.grants()
    assert uses == {request: expected[request]["uses"] for request in uses}


def test_readings_of_signalling_measures(both: Both) -> None:
    expected = oversight_answers.readings()
    measures = answer(both, "signals")["measures"]["nodes"]
    assert measures
    for measure in measures:
        rows = [
            {name: row[name] for name in ("first", "last", "numerator", "denominator", "restated")}
            for row in measure["readings"]["nodes"]
        ]
        assert rows == expected[measure["measure"]]


def test_charts_of_signalling_measures(both: Both) -> None:
    expected = oversight_answers.charts()
    measures = answer(both, "signals")["measures"]["nodes"]
    assert [each["measure"] for each in measures] == [
        name for name, chart in expected.items() if any(chart["signals"].values())
    ]
    for measure in measures:
        chart = expected[measure["measure"]]
        spc = measure["spc"]
        assert [spc["mean"], spc["lower"], spc["upper"]] == pytest.approx(chart["lines"])
        rows = [row for row in measure["readings"]["nodes"] if row["first"] >= chart["since"]]
        for kind, days in chart["signals"].items():
            assert [row["first"] for row in rows if kind in row["signals"]] == days, measure["measure"]


def test_compliance_on_two_dates(both: Both) -> None:
    """Compare the statuses with those that an independent reader worked out from the entries."""
    last = max(line[1] for line in lines())
    instants = {name: f"{day}T23:59:00Z" for name, day in (("first", HINDSIGHT), ("second", last))}
    request = Request(BY_NAME["compliance"], {"notice": NOTICE} | instants)
    assert both.compare(request, Role.ADVISER)
    data = json.loads(both.compiled(request, Role.ADVISER)[0] or b"")["data"]
    for name, on in (("first", HINDSIGHT), ("second", last)):
        statuses = {row["clause"]: row["status"] for row in data[name]["compliance"]["nodes"]}
        expected = {
            clause: status for clause, day, status, _, reason in lines() if day == on and reason[:4] != "OPEN"
        }
        assert {clause: statuses[clause] for clause in expected} == expected
        assert len(expected) > 25
