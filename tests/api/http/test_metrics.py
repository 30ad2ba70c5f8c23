"""Test the figures for Prometheus, and their lack of personal data."""

import json
import os
import re
import signal
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.http.server import MEMORY
from tests.api.http.test_supervisor import until, workers_of
from tests.api.process import serving
from tests.api.service import NO_TLS, NOTICE, STRUCTURED, Service, begin, progress, run

pytestmark = pytest.mark.database


def figures(text: str) -> dict[str, float]:
    """Return each sample by its name and labels."""
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_is_recorded_refused_and_asked_is_counted(service: Service, officer: httpx.Client) -> None:
    before = figures(officer.get("/metrics").text)
    first = progress()
    for one in (first, first, progress(source="system"), progress("Over the rules.", subject="a b")):
        service.post(officer, one)
    officer.post("/graphql", json={"query": "{ me { actor } }"})
    refusing = """mutation { recordProgress(input: {notice: "tameside", id: "x", source: "system",
        data: {objective: "O1", narrative: "n", activityRating: "RED", impactRating: "RED"}}
        ) { refusals { code } } }"""
    answer = officer.post("/graphql", json={"query": refusing}).json()
    assert answer["data"]["recordProgress"]["refusals"] == [{"code": "FORBIDDEN"}], answer
    after = figures(officer.get("/metrics").text)
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown["ledger_entries_recorded_total{}"] == 1
    assert grown["ledger_duplicates_total{}"] == 1
    assert grown['ledger_refusals_total{"code": "FORBIDDEN"}'] == 2
    assert grown['ledger_refusals_total{"code": "INVALID_FIELD"}'] == 1
    assert grown["ledger_append_seconds_count{}"] == 4
    assert grown["ledger_graphql_seconds_count{}"] == 2
    assert grown["ledger_graphql_rows_count{}"] == 2
    assert after["ledger_queue_entries{}"] == 0
    assert grown['ledger_request_seconds_count{"route": "/ledgers/{notice}/entries", "status": "201"}'] == 1


def test_the_views_lag_is_told_until_it_is_none(service: Service, officer: httpx.Client) -> None:
    service.post(officer, progress())
    while figures(officer.get("/metrics").text)['ledger_view_lag_entries{"view": "plan"}'] != 0:
        pass
    assert figures(officer.get("/metrics").text)['ledger_view_stopped_notices{"view": "plan"}'] == 0


def test_no_figure_names_a_notice_a_person_or_a_token(service: Service, officer: httpx.Client) -> None:
    service.post(officer, progress())
    officer.get(f"/ledgers/{NOTICE}/entries?after=nobody")
    officer.get("/somebody")
    text = officer.get("/metrics").text
    names = [NOTICE, "somebody", "nobody", "officer", *service.notice.tokens.values()]
    values = " ".join(re.findall(r'"([^"]*)"', text)).replace("{notice}", "")
    assert [word for word in names if word in values] == []


def gauges_of(supervisor: int) -> dict[int, Path]:
    """Return the file of gauges of each worker that has one."""
    return {
        worker: path
        for worker in workers_of(supervisor)
        for path in Path(MEMORY).glob(f"ledger-metrics-*/gauge_livesum_{worker}.db")
    }


def test_several_processes_are_counted_together_while_they_live_and_not_on_a_full_disk(
    database: str, tmp_path: Path
) -> None:
    notice = run(begin(database))
    headers = {"Authorization": f"Bearer {notice.tokens['officer']}", "Content-Type": STRUCTURED}
    with serving(database, LEDGER_WORKERS="2", LEDGER_LOG="info", TMPDIR=str(tmp_path)) as process:
        until(lambda: len(gauges_of(process.popen.pid)) == 2)  # also those of a worker without a request yet
        for _ in range(20):
            answer = httpx.post(
                f"{process.url}/ledgers/{NOTICE}/entries",
                json=progress(),
                headers=headers,
                verify=NO_TLS,
                timeout=60,  # the first waits until a worker has started
            )
            assert answer.status_code == 201
        totals = figures(httpx.get(f"{process.url}/metrics", verify=NO_TLS).text)
        on_disk = list(tmp_path.glob("ledger-metrics-*"))
        killed, gauge = gauges_of(process.popen.pid).popitem()
        os.kill(killed, signal.SIGKILL)
        until(lambda: not gauge.exists())  # a sum would count its queue for ever
        process.stop()
    assert totals["ledger_entries_recorded_total{}"] == 20
    assert on_disk == []  # the kernel would end a worker that adds a figure there
