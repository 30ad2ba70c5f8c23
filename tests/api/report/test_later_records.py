"""Measures and due dates that were recorded after a report's period."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.report.test_report import caught_up
from tests.api.sampled import sampled
from tests.api.service import Service, event, record, run
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
MEASURE = {"measure": "M99", "title": "Visits by a named worker", "unit": "COUNT", "direction": "HIGHER_IS_BETTER"}
DEFINED_AT = "2024-03-01T10:00:00Z"
"""Before the closure of the notice."""


@pytest.fixture(scope="module")
def sample(history_template: str) -> Iterator[Service]:
    with sampled(history_template) as running:
        yield running


def preview(service: Service, first: str, last: str) -> Any:
    with service.client("adviser") as client:
        answer = client.get(f"/ledgers/{NOTICE}/reports/preview.json", params={"from": first, "to": last})
    assert answer.status_code == 200, answer.text
    return answer.json()


def measures(service: Service, first: str, last: str) -> list[Any]:
    return [series["measure"] for series in preview(service, first, last)["measures"]]


def test_a_report_has_the_measures_that_were_defined_in_its_period_or_before(sample: Service) -> None:
    before = measures(sample, "2022-10-01", "2022-12-31")
    defined = event("measures.MeasureDefined", MEASURE, "council-officer") | {"time": DEFINED_AT}
    run(record(sample.database, NOTICE, [defined]))
    caught_up(sample)
    assert measures(sample, "2022-10-01", "2022-12-31") == before
    assert measures(sample, "2024-01-01", "2024-03-01") == [*before, "M99"]


def test_a_slow_objective_has_the_latest_ratings_of_its_own_up_to_the_periods_end(sample: Service) -> None:
    """Record much progress on an action, a rating without impact, and ratings after the period."""
    period = "2023-04-01", "2023-06-30"
    before = {row["objective"]: row for row in preview(sample, *period)["slow"] if row["impactRating"] == "AMBER"}
    query = (
        f'{{ notice(id: "{NOTICE}") {{ plan {{ actions(first: 1000) {{ nodes {{ action objective }} }} }} }} }}'
    )
    with sample.client("adviser") as client:
        notice = client.post("/graphql", json={"query": query}).json()["data"]["notice"]
    action = next(each for each in notice["plan"]["actions"]["nodes"] if each["objective"] in before)
    own = {"objective": action["objective"], "narrative": "Two more visits."}
    events = [
        _progress({**own, "action": action["action"], "activityRating": "RED", "impactRating": "RED"}, time)
        for time in (f"2023-06-28T{hour:02}:{minute}:00Z" for hour in range(20) for minute in (10, 40, 50))
    ]
    events.append(_progress({**own, "activityRating": "GREEN"}, "2023-06-27T10:00:00Z"))
    events.append(_progress({**own, "activityRating": "RED", "impactRating": "RED"}, "2023-06-30T23:00:00Z"))
    run(record(sample.database, NOTICE, events))
    caught_up(sample)
    (row,) = [row for row in preview(sample, *period)["slow"] if row["objective"] == own["objective"]]
    changes = {"activityRating": "GREEN", "impactRating": "AMBER", "progressAt": "2023-06-28T19:50:00Z"}
    assert row == before[own["objective"]] | changes


def _progress(data: dict[str, Any], time: str) -> dict[str, Any]:
    return event("plan.ProgressRecorded", data, "council-officer") | {"time": time}


def test_a_report_has_the_due_dates_of_its_period(sample: Service) -> None:
    """Move the date of an objective that was slow, after the period."""
    period = "2023-04-01", "2023-06-30"
    before = preview(sample, *period)["slow"]
    assert before
    moved = {"objective": before[0]["objective"], "due": "2024-12-31", "reason": "It needs another year."}
    revised = event("plan.ObjectiveRevised", moved, "council-officer") | {"time": DEFINED_AT}
    run(record(sample.database, NOTICE, [revised]))
    caught_up(sample)
    assert preview(sample, *period)["slow"] == before
