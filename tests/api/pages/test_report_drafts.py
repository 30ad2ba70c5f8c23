"""The adviser's report on pages: started, written, previewed, issued once and downloaded in four formats."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from projections.narrate.sentence import natural_key
from tests.api.browsing import browser, links, sign_in, words
from tests.api.filling import encoded, sent, with_values
from tests.api.sampled import sampled
from tests.api.service import Service
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
DRAFTS = f"/notices/{NOTICE}/drafts"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def demo(history_template: str) -> Iterator[Service]:
    with sampled(history_template) as running:
        yield running


@pytest.fixture
def adviser(demo: Service) -> Iterator[httpx.Client]:
    with browser(demo.url) as client:
        sign_in(client, demo.notice.tokens["adviser"])
        yield client


def send(client: httpx.Client, page: httpx.Response, form: str, does: str = "", **typed: str) -> httpx.Response:
    """Submit a form of a page as a browser does, with one of its buttons."""
    inputs = {name.replace("__", "."): value for name, value in typed.items()} | ({"do": does} if does else {})
    pairs = with_values(sent(page.text, form), {**inputs})
    return client.post(urlsplit(str(page.url)).path, content=encoded(pairs), headers=FORM)


def begin(client: httpx.Client) -> httpx.Response:
    """Return the page of a draft for the proposed period."""
    page = client.get(DRAFTS)
    assert page.status_code == 200, page.text
    draft = send(client, page, "start")
    assert draft.status_code == 200, draft.text
    return draft


def test_the_adviser_issues_a_report_and_has_it_in_four_formats(demo: Service, adviser: httpx.Client) -> None:
    page = begin(adviser)
    assert "Draft of report AR7" in words(page)
    assert "1 January 2024 to 31 March 2024" in words(page)
    assert "Clause 5b" in words(page)
    typed = {
        "area.1a.judgement": "CONCERN",
        "area.1a.text": "Leaders know.\n\nThey do not act.",
        "area.1b.judgement": "PROGRESS",
        "area.1b.text": "Children are seen sooner.",
        "requirement.5b": "The board meets.",
    }
    saved = send(adviser, page, "record", "save", **typed)
    assert "Draft saved." in words(saved)
    assert dict(sent(saved.text, "record"))["area.1a.text"] == "Leaders know.\r\n\r\nThey do not act."
    preview = send(adviser, saved, "record", "preview")
    assert "Draft of an adviser's report, not issued" in words(preview)
    assert "They do not act." in words(preview)
    for phrase in (
        "This area was carried over.",
        "changed status in the period.",
        "at the period's start",
        " to 96 ",
    ):
        assert phrase in words(preview)
    clauses = re.findall(r'<th scope="row">(\d+[a-z]?)</th>', preview.text.partition("Each obligation")[2])
    assert clauses[:27] == sorted(clauses[:27], key=natural_key)
    before = demo.position()
    issued = send(adviser, saved, "record", "issue")
    assert "Report AR7 issued" in words(issued), words(issued)
    again = send(adviser, saved, "record", "issue")
    assert again.url == issued.url
    assert demo.position() == before + 1
    back = adviser.get(urlsplit(str(page.url)).path)
    assert back.url == issued.url
    assert f"{adviser.base_url}/notices/{NOTICE}/reports" in links(back)
    files = [link for link in links(issued) if "/report-files/" in link]
    assert len(files) == 4
    for link in files:
        answer = adviser.get(link)
        assert answer.status_code == 200, (link, answer.text[:1500])
        assert answer.content == adviser.get(link).content
    assert "Leaders know." in adviser.get(f"/notices/{NOTICE}/report-files/AR7.html").text
    drafts = words(adviser.get(DRAFTS)).partition("Start a report")[0].partition("Your draft reports")[2]
    assert "AR7" not in drafts


def test_every_fault_is_told_and_nothing_typed_is_lost(demo: Service, adviser: httpx.Client) -> None:
    page = begin(adviser)
    before = demo.position()
    typed = {"report": "no id", "area.1b.text": "Seen sooner.", "requirement.5b": "The board meets."}
    refused = send(adviser, page, "record", "issue", **typed)
    assert refused.status_code == 422
    text = words(refused)
    for fault in ("Report reference must be text", "Select the judgement of area 1b"):
        assert fault in text, text
    assert dict(sent(refused.text, "record")) | typed == dict(sent(refused.text, "record"))
    warned = send(adviser, refused, "record", "issue", other="Call 0161 342 8355.", report="AR8")
    assert "Other matters: " in words(warned)
    assert demo.position() == before
    gone = send(adviser, warned, "record", "delete")
    assert str(gone.url).endswith(DRAFTS)
    assert adviser.get(urlsplit(str(page.url)).path).status_code == 404


def test_the_form_of_the_fact_leads_to_the_drafts(adviser: httpx.Client) -> None:
    form = adviser.get(f"/notices/{NOTICE}/record/AdviserReportIssued")
    assert f"{adviser.base_url}{DRAFTS}" in links(form)
    assert f"{adviser.base_url}{DRAFTS}" not in links(adviser.get(f"/notices/{NOTICE}/record/DiagnosticRequired"))


def test_a_period_that_is_none_is_asked_for_again(adviser: httpx.Client) -> None:
    page = adviser.get(DRAFTS)
    wrong = send(adviser, page, "start", **{"first.day": "31", "first.month": "2", "last.year": ""})
    assert wrong.status_code == 422
    assert "First day of the period must be a real date" in words(wrong)
    assert "Last day of the period must include a year" in words(wrong)
    assert dict(sent(wrong.text, "start"))["first.day"] == "31"
    nothing = send(adviser, page, "start", **{f"last.{part}": "" for part in ("day", "month", "year")})
    assert "Last day of the period must be a date" in words(nothing)


def test_a_draft_is_nobody_elses(demo: Service, adviser: httpx.Client) -> None:
    page = begin(adviser)
    typed = {"do": "issue", "area.1b.text": "From another tab.", "report": "AR99"}
    strange = adviser.post(urlsplit(str(page.url)).path, data=typed)
    assert strange.status_code == 403
    assert dict(sent(strange.text, "record"))["area.1b.text"] == "From another tab."
    with browser(demo.url) as nobody:
        assert nobody.post(urlsplit(str(page.url)).path, data=typed).status_code == 401
    with browser(demo.url) as client:
        sign_in(client, demo.notice.tokens["auditor"])
        assert client.get(DRAFTS).status_code == 403
        assert client.get(f"/notices/{NOTICE}/report-files/AR5.json").status_code == 200
    with browser(demo.url) as client:
        sign_in(client, demo.notice.tokens["board-member"])
        assert client.get(f"/notices/{NOTICE}/report-files/AR5.json").status_code == 403
