"""A measure that was defined after a report's period."""

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


def measures(service: Service, first: str, last: str) -> list[Any]:
    with service.client("adviser") as client:
        answer = client.get(f"/ledgers/{NOTICE}/reports/preview.json", params={"from": first, "to": last})
    assert answer.status_code == 200, answer.text
    return [series["measure"] for series in answer.json()["measures"]]


def test_a_report_has_the_measures_that_were_defined_in_its_period_or_before(history_template: str) -> None:
    with sampled(history_template) as service:
        before = measures(service, "2022-10-01", "2022-12-31")
        defined = event("measures.MeasureDefined", MEASURE, "council-officer") | {"time": DEFINED_AT}
        run(record(service.database, NOTICE, [defined]))
        caught_up(service)
        assert measures(service, "2022-10-01", "2022-12-31") == before
        assert measures(service, "2024-01-01", "2024-03-01") == [*before, "M99"]
