"""Pages show the latest rows of long lists, and say that there are more."""

from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from tests.api.browsing import browser, sign_in, words
from tests.api.report.test_report import caught_up
from tests.api.sampled import sampled
from tests.api.service import Service, event, record, run
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
HOME = f"/notices/{NOTICE}"
TIME = "2024-03-01T10:00:00Z"
"""Before the closure of the notice."""
MEASURE = {"measure": "M98", "title": "Visits in a week", "unit": "COUNT", "direction": "HIGHER_IS_BETTER"}
DECISION = {
    "decision": "D98",
    "meeting": "B98",
    "title": "More visits",
    "outcome": "Go on",
    "rationale": "They help.",
}
OBJECTIVES = [f"P{number}" for number in range(6)]
AREA = {"areas": ["1a"], "owner": "council-officer", "due": "2024-03-31"}


def _reading(week: int) -> dict[str, Any]:
    first = date(2022, 11, 7) + timedelta(weeks=week)
    period = {"first": str(first), "last": str(first + timedelta(days=6))}
    return {
        "measure": "M98", "period": period, "numerator": 100 + week, "system": "case-records", "extractedAt": TIME
    }  # fmt: skip


@pytest.fixture(scope="module")
def page(history_template: str) -> Iterator[httpx.Client]:
    facts = [
        ("measures.MeasureDefined", MEASURE),
        *(("measures.MeasureReadingReported", _reading(week)) for week in range(61)),
        *(("plan.ObjectiveAdded", AREA | {"objective": each, "title": f"Plan {each}"}) for each in OBJECTIVES),
        ("board.BoardDecisionRecorded", DECISION | {"relatesTo": OBJECTIVES}),
        *(
            (
                "plan.ProgressRecorded",
                {"objective": each, "narrative": "Visits started.", "activityRating": "GREEN"},
            )
            for each in OBJECTIVES
        ),
    ]
    with sampled(history_template) as service, browser(service.url) as client:
        _record(service, [event(name, data, "council-officer") | {"time": TIME} for name, data in facts])
        assert sign_in(client, service.notice.tokens["auditor"]).status_code == 200
        yield client


def _record(service: Service, events: list[dict[str, Any]]) -> None:
    run(record(service.database, NOTICE, events))
    caught_up(service)


def test_a_chart_among_others_shows_the_latest_readings_and_its_own_page_all(page: httpx.Client) -> None:
    listed, own = (unescape(page.get(f"{HOME}/measures{path}").text) for path in ("", "/M98"))
    assert "60 readings, the latest for 1 January 2024 to 7 January 2024: 160" in listed
    assert listed.count("The chart shows the latest 60 readings; ") == 1
    assert "61 readings, the latest for 1 January 2024 to 7 January 2024: 160" in own


def test_a_decision_has_the_later_entries_of_each_related_item(page: httpx.Client) -> None:
    later = words(page.get(f"{HOME}/board/decisions/D98")).partition("Later entries")[2]
    assert [each for each in OBJECTIVES if f"{each} : Plan {each}" not in later] == []


def test_the_overview_says_that_more_changes_are_due(page: httpx.Client) -> None:
    assert "These are the next 12 changes. GraphQL has all." in words(page.get(f"{HOME}?on=2022-12-20"))
