"""Pages name people as the directory does, on the demo's history."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from api.pages import renderer
from ledger.mutable.people import person, put
from ledger.store.database import connect
from tests.api.browsing import browser, sign_in, words
from tests.api.sampled import sampled
from tests.api.service import Service, run
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
HOME = f"/notices/{NOTICE}"
NAMES = {"adviser": "Aster Nightshade", "auditor": "Orla Quince", "reviewer": "Wren Alder"}
"""Invented names, by actor."""


async def _name(url: str) -> None:
    async with await connect(url, "ledger_writer") as connection:
        for actor, name in NAMES.items():
            await put(connection, NOTICE, person(actor, name, None))


@pytest.fixture(scope="module")
def sample(history_template: str) -> Iterator[Service]:
    with sampled(history_template) as running:
        run(_name(running.database))
        yield running


@pytest.fixture(scope="module")
def readers(sample: Service) -> Iterator[dict[str, httpx.Client]]:
    with ExitStack() as stack:
        clients = {actor: stack.enter_context(browser(sample.url)) for actor in ("auditor", "records-officer")}
        for actor, client in clients.items():
            assert sign_in(client, sample.notice.tokens[actor]).status_code == 200
        yield clients


@pytest.mark.parametrize(
    ("page", "phrase"),
    [
        (HOME, "The post of adviser is held by Aster Nightshade (adviser)."),
        (
            f"{HOME}/coverage",
            "Let somebody outside check a third of all audits. Aster Nightshade (adviser) Accepted",
        ),
        (f"{HOME}/about/adviser", "All entries about Aster Nightshade (adviser)"),
        ("/", "Signed in as Orla Quince (auditor)"),
        ("/nowhere", "Signed in as Orla Quince (auditor)"),
        ("/notices/elsewhere", "Signed in as Orla Quince (auditor)"),
    ],
)
def test_a_page_names_people(readers: dict[str, httpx.Client], page: str, phrase: str) -> None:
    assert phrase in words(readers["auditor"].get(page))


def test_an_entry_about_somebody_names_them(readers: dict[str, httpx.Client]) -> None:
    about = readers["auditor"].get(f"{HOME}/about/adviser")
    first = min(map(int, re.findall(rf'href="{HOME}/entries/(\d+)"', about.text)))
    assert "About Aster Nightshade (adviser)" in words(readers["auditor"].get(f"{HOME}/entries/{first}"))


def test_a_form_names_people_among_its_options(readers: dict[str, httpx.Client]) -> None:
    form = readers["records-officer"].get(f"{HOME}/record/TokenRevoked").text
    assert re.search(r">\s*[^<:]+: Wren Alder \(reviewer\)\s*</option>", form)


def test_a_role_without_compliance_or_plan_has_no_empty_parts(readers: dict[str, httpx.Client]) -> None:
    page = readers["records-officer"].get(HOME)
    assert '<th scope="col" role="columnheader" class="govuk-table__header">Objectives</th>' not in page.text
    assert re.search(r"Entries in the week to [^.]+ (No entries were recorded\.|\d+ \w+ \d{4})", words(page))
    assert ">Objectives</th>" in readers["auditor"].get(HOME).text


def test_a_time_line_has_its_legend_in_text_that_wraps(readers: dict[str, httpx.Client]) -> None:
    for section, sentence in (
        ("board", "Vacant from 20 July 2022 to 24 July 2022"),
        ("reports", "(adviser) from"),
    ):
        chart, _, after = readers["auditor"].get(f"{HOME}/{section}").text.partition("</svg>")
        legend = re.findall(r"<li>([^<]*)</li>", after.partition("</ol>")[0])
        assert any(sentence in line for line in legend)
        assert len(legend) == chart.rpartition("<svg")[2].count("<rect")


def test_the_history_states_a_clause_once(readers: dict[str, httpx.Client]) -> None:
    entry = words(readers["auditor"].get(f"{HOME}/replay?subject=&from=3"))
    assert "with this rule: The latest approved plan" in entry
    assert "rule The latest approved plan" not in entry
    assert "Responsible" in words(readers["auditor"].get(f"{HOME}/changes?from=1&to=40"))


def test_a_page_says_that_a_list_is_cut(readers: dict[str, httpx.Client], monkeypatch: pytest.MonkeyPatch) -> None:
    says = "A list on this page is cut after"
    assert says not in words(readers["auditor"].get(f"{HOME}/board"))
    monkeypatch.setattr(renderer, "LARGEST", 3)
    assert f"{says} 3 rows. GraphQL and the page \u201cEntries\u201d have all of them." in words(
        readers["auditor"].get(f"{HOME}/board")
    )
