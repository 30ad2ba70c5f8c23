"""Pages as a reader of names sees them: links, related things, rules and people, on the demo's history."""

import re
from collections import defaultdict
from collections.abc import Iterator

import httpx
import pytest

from tests.api.browsing import browser, sign_in, words
from tests.api.sampled import sampled
from tests.api.service import Service
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
HOME = f"/notices/{NOTICE}"
_LINK = re.compile(r'<a\s[^>]*href="([^"#]*)"[^>]*>(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


@pytest.fixture(scope="module")
def sample(history_template: str) -> Iterator[Service]:
    with sampled(history_template) as running:
        yield running


@pytest.fixture(scope="module")
def auditor(sample: Service) -> Iterator[httpx.Client]:
    with browser(sample.url) as client:
        assert sign_in(client, sample.notice.tokens["auditor"]).status_code == 200
        yield client


@pytest.mark.parametrize(
    "page",
    [
        *(
            "",
            "?knownAt=2023-04-03",
            "/plan",
            "/plan/O1",
            "/coverage",
            "/board",
            "/board/decisions/D6",
            "/evidence",
        ),
        *("/evidence/E6", "/measures", "/measures/M1", "/reviews", "/duties", "/views", "/partners", "/reports"),
        *("/reports/AR1", "/entries", "/entries/300", "/about/O1", "/replay", "/changes?from=121&to=400"),
    ],
)
def test_links_with_one_name_lead_to_one_place(auditor: httpx.Client, page: str) -> None:
    targets = defaultdict[str, set[str]](set)
    for target, name in _LINK.findall(auditor.get(f"{HOME}{page}").text):
        targets[" ".join(_TAG.sub("", name).split())].add(target)
    assert {name: places for name, places in targets.items() if len(places) > 1} == {}


@pytest.mark.parametrize(
    ("page", "phrase"),
    [
        ("/board/decisions/D2", "A1 : Move two posts into the duty team."),
        ("/board/decisions/D6", "D2 : Move two posts into the duty team."),
        (
            "/replay?from=5",
            "(council must) with this rule: The latest approved plan cites the council's current self-assessment.",
        ),
    ],
)
def test_a_page_names_a_thing_by_its_title(auditor: httpx.Client, page: str, phrase: str) -> None:
    assert phrase in words(auditor.get(f"{HOME}{page}"))


@pytest.mark.parametrize(
    ("page", "phrase"),
    [
        ("/entries?type=BoardDecisionRecorded", "Board decision recorded Prepare for what the inspection may"),
        ("/reports/AR1", "Clause 5b The board meets as agreed. Clause 11 Most actions"),
        ("/board", "Interests Vacant 20 July 2022 to 24 July 2022 chair 25 July 2022"),
    ],
)
def test_a_page_keeps_the_order_of_fields_clauses_and_days(auditor: httpx.Client, page: str, phrase: str) -> None:
    assert phrase in words(auditor.get(f"{HOME}{page}"))


def test_an_entry_lists_its_narratives_as_its_form_does(auditor: httpx.Client) -> None:
    recorded = re.search(r"recorded as <a [^>]*/entries/(\d+)", auditor.get(f"{HOME}/board/decisions/D2").text)
    assert recorded is not None
    entry = words(auditor.get(f"{HOME}/entries/{recorded[1]}"))
    fields = (
        "Title Move two posts",
        "Outcome Two posts",
        "Rationale Children",
        "Option 1 To leave",
        "Option 2 Two posts",
    )
    assert re.search(".* ".join(fields), entry)


def test_own_access_that_ended_states_its_first_end(sample: Service) -> None:
    # The notice was closed after both grants ended; the first was revoked before its last day.
    with browser(sample.url) as reviewer:
        sign_in(reviewer, sample.notice.tokens["reviewer"])
        page = words(reviewer.get(f"{HOME}/reviews"))
    assert "X1: Case files Ended Ended on 14 October 2022, 15:20 , because it was revoked" in page
    assert "X2: Staff Ended Ended on 21 October 2022, 18:00 , as granted." in page


@pytest.mark.parametrize(("preset", "folded"), [("", True), ("?data.supports=O1", False)])
def test_a_long_list_of_a_form_is_folded_until_it_has_an_answer(
    sample: Service, preset: str, folded: bool
) -> None:
    with browser(sample.url) as officer:
        sign_in(officer, sample.notice.tokens["council-officer"])
        page = officer.get(f"{HOME}/record/EvidenceSubmitted{preset}").text
    lists = [re.sub(r"<.*?>", "", each) for each in re.findall(r"<details.*?</summary>", page, re.DOTALL)]
    assert any("lauses" in each and "(optional)" in each for each in lists), lists
    assert any("Objectives, claims or measures" in each for each in lists) is folded, lists


def test_minutes_that_are_not_approved_are_approved_from_the_page_of_the_board(sample: Service) -> None:
    with browser(sample.url) as chair:
        sign_in(chair, sample.notice.tokens["chair"])
        page = chair.get(f"{HOME}/board")
    offered = re.findall(r"/record/MinutesApproved\?data\.meeting=(\w+)", page.text)
    assert {"B17", "B18"} <= set(offered)
    assert len(offered) == words(page).count("Not approved")
