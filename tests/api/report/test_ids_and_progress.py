"""Test that a report with any id has an address, and that `ledger report` shows its progress in a terminal."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.cli_tools import caller, url_of
from tests.api.sampled import sampled
from tests.api.service import NDJSON, Service, event
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
REPORTS = f"/ledgers/{NOTICE}/reports"
PERIOD = {"from": "2023-10-01", "to": "2023-12-31"}


@pytest.fixture(scope="module")
def sample(history_template: str) -> Iterator[Service]:
    """Yield a service with the invented history, and tokens for its readers."""
    with sampled(history_template) as running:
        yield running


def test_a_report_with_any_id_has_an_address(sample: Service) -> None:
    with sample.client("adviser") as adviser:
        preview = adviser.get(f"{REPORTS}/preview.json", params=PERIOD).json()
        assert adviser.get(f"{REPORTS}/preview.json").json()["code"] == "INVALID_PARAMETER"
        lines = adviser.get(sample.entries, headers={"Accept": NDJSON}).text.splitlines()
        issued = next(line for line in map(json.loads, lines) if line.get("subject") == "AR6")["data"]
        texts = {"perArea": [{**each, "text": "As before."} for each in issued["perArea"]]}
        texts["requirements"] = [{**each, "text": "As before."} for each in issued["requirements"]]
        for number, name in enumerate(("preview", "preview.x", "preview.json", "preview/x", "AR9.html"), 1):
            first_and_last = {"first": f"2024-01-{number:02}", "last": f"2024-01-{number:02}"}
            data = {"report": name, "period": first_and_last, "position": preview["position"], **texts}
            answer = sample.post(adviser, event("reports.AdviserReportIssued", data, "adviser"))
            assert answer.status_code == 201, answer.text
            position = answer.json()["position"]
            query = f'{{ notice(id: "{NOTICE}", atLeast: {position}) {{ asOf {{ position }} }} }}'
            while adviser.post("/graphql", json={"query": query}).json()["data"] is None:
                pass
            assert adviser.get(f"{REPORTS}/{name}.json").json()["report"] == name
            assert adviser.get(f"{REPORTS}/{name}.csv").headers["content-type"] == "application/zip"
        assert adviser.get(f"{REPORTS}/preview.json", params=PERIOD).json()["report"] is None
        assert adviser.get(f"{REPORTS}/preview.json", params={"to": "2023-12-31"}).status_code == 400
        assert adviser.get(f"{REPORTS}/preview.y.json").json()["code"] == "UNKNOWN_REPORT"
        assert adviser.get(f"{REPORTS}/preview.docx").json()["code"] == "INVALID_PARAMETER"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_that_a_report_is_in_work(
    sample: Service,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    terminal: bool,
) -> None:
    for name, value in {"LEDGER_DATABASE_URL": url_of(sample.database), "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    words = ("--issued", "AR2", "--format", "json", "-o", tmp_path / "report.json")
    ran = caller(capsys)("report", NOTICE, *words)
    assert ran.status == 0, ran.err
    assert (f"reporting on {NOTICE}" in ran.err) is terminal
