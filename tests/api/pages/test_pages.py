"""Every page on the demo's history, for each role, now and at earlier points; every link works."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from api.cli.demo import LIVE_MOMENT
from api.pages.renderer import environment
from ledger.domain.roles import Role
from projections.narrate.sentence import natural_key
from tests.api.browsing import browser, links, sign_in, words
from tests.api.filling import sent, with_values
from tests.api.sampled import READERS, sampled
from tests.api.service import Service, begin, issue
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.database
HOME = f"/notices/{NOTICE}"
ONE_OF_EACH = {role: actor for actor, role in READERS.items()}.values()
"""One actor for each role that reads."""
ALIKE = 1
"""Pages of one kind that a walk visits."""


@pytest.fixture(scope="module")
def sample(history_template: str) -> Iterator[Service]:
    with sampled(history_template) as running:
        yield running


@pytest.fixture(scope="module")
def readers(sample: Service) -> Iterator[dict[str, httpx.Client]]:
    """Yield a signed-in browser for each reader."""
    with ExitStack() as stack:
        clients = {}
        for actor in ONE_OF_EACH:
            clients[actor] = stack.enter_context(browser(sample.url))
            assert sign_in(clients[actor], sample.notice.tokens[actor]).status_code == 200
        yield clients


def walk(client: httpx.Client, begin: str) -> dict[str, httpx.Response]:
    """Follow every link from a page, a few of each kind, and return the answers by path."""
    queue, seen, kinds = [begin], {begin}, Counter[str]()
    answers: dict[str, httpx.Response] = {}
    while queue:
        path = queue.pop(0)
        answer = client.get(path)
        answers[path] = answer
        if "text/html" not in answer.headers["content-type"]:
            continue
        for link in sorted(links(answer)):
            parts = urlsplit(link)
            target = f"{parts.path}{'?' if parts.query else ''}{parts.query}"
            parameters = ",".join(sorted(re.findall(r"(\w+)=", parts.query)))
            kind = re.sub(r"=[^&]*", "=", re.sub(r"/(\w+)/[^/?]+$", r"/\1/…", parts.path)) + parameters
            kinds[kind] += target not in seen
            if target not in seen and kinds[kind] <= ALIKE:
                seen.add(target)
                queue.append(target)
    return answers


@pytest.mark.parametrize("actor", ONE_OF_EACH)
def test_every_link_leads_somewhere(readers: dict[str, httpx.Client], actor: str) -> None:
    answers = walk(readers[actor], "/")
    assert {path: answer.status_code for path, answer in answers.items() if answer.status_code != 200} == {}
    assert HOME in answers
    wrong = re.compile(r"built-in method|Undefined|None,")
    assert [path for path, answer in answers.items() if wrong.search(words(answer))] == []


@pytest.mark.parametrize("point", ["?knownAt=2022-12-31", "?position=600&on=now"])
def test_an_earlier_point_is_said_and_kept(readers: dict[str, httpx.Client], point: str) -> None:
    answers = walk(readers["auditor"], f"{HOME}{point}")
    within = {link for link in links(answers[f"{HOME}{point}"]) if f"{HOME}/" in link and "/changes" not in link}
    assert len(within) > 10
    assert {link for link in within if point.removeprefix("?") not in link} == set()
    for path, answer in answers.items():
        assert answer.status_code == 200, path
        recording = f"{HOME}/record" in path  # facts are recorded now
        if point.removeprefix("?") in path and "text/html" in answer.headers["content-type"] and not recording:
            assert "This is not the current position" in words(answer), path
            assert "Back to now" in words(answer), path


def test_the_demo_begins_at_a_live_moment(readers: dict[str, httpx.Client]) -> None:
    text = words(readers["adviser"].get(f"{HOME}?knownAt={LIVE_MOMENT}"))
    end = "Back to now (the end of this invented history)"
    for phrase in ("This history is invented", "issued by DfE Live", end, "Not met", "Changes due"):
        assert phrase in text
    assert "Clause 10 became Not met on 3 April 2023" in text


def test_clauses_stand_in_their_own_order_and_an_area_that_went_on_elsewhere_has_no_empty_day(
    readers: dict[str, httpx.Client],
) -> None:
    page = readers["adviser"].get(HOME)
    clauses = re.findall(r'id="clause-([^"]+)"', page.text)
    assert "5f" in clauses
    assert clauses == sorted(clauses, key=natural_key)
    assert re.search(r"Carried over \( entry \d+ \), under tameside-2024", words(page))


@pytest.mark.parametrize(
    ("address", "status", "message"),
    [
        ("?position=0", 400, "enter the number of an entry"),
        ("?position=99999999999999999999", 400, "enter the number of an entry"),
        ("?position=9999", 404, "its entries have positions 1 to"),
        ("?knownAt=yesterday", 400, "“Recorded up to” is 'yesterday'; enter a date such as"),
        ("?knownAt=9999-12-31", 400, "enter a date such as"),
        ("?knownAt=2001-01-01", 404, "by the end of 1 January 2001"),
        ("?on=2023-02-30", 400, "enter a date such as"),
        ("?on=0001-01-01", 400, "enter a date such as"),
        ("?position=3&knownAt=2023-01-01", 400, "enter one of them"),
    ],
)
def test_a_point_that_is_none_is_explained(
    readers: dict[str, httpx.Client], address: str, status: int, message: str
) -> None:
    answer = readers["auditor"].get(f"{HOME}{address}")
    assert answer.status_code == status
    assert message in words(answer)
    assert "Back to the notice" in words(answer)
    assert f"{answer.url.copy_with(query=None)}" in links(answer), "the way to the same page as of now"
    assert {f"{readers['auditor'].base_url}{HOME}/plan"} <= links(answer)


def test_whoever_may_not_read_a_view_is_not_shown_it(readers: dict[str, httpx.Client]) -> None:
    text = words(readers["records-officer"].get(HOME))
    assert "Changes due" not in text
    assert "Clauses of the notice" in text


@pytest.mark.parametrize(
    ("page", "phrase"),
    [
        ("/plan?slow=yes&area=1a", "Audits tell the truth"),
        ("/plan/O1", "Areas 1b: Risk to children is assessed"),
        ("/partners", "The police force, partner-police"),
        ("/plan/O7", "122 days later than first set (31 May 2023)"),
        ("/coverage", "RC3 and RC4 have no open objective and no reasoned rejection"),
        *(("/board", said) for said in ("Vacant 1 April 2023 to 2 July 2023", "Circulate the budget")),
        ("/board/decisions/D2", "Two posts move from assessment to duty by October."),
        ("/board/decisions/D6", "This decision was rescinded on 26 July 2023."),
        ("/evidence/E6", "Decision D1"),
        ("/measures/M1", "The reading for July 2022 is below the lower limit: concern."),
        ("/duties", "transition lead council-officer 1 February 2024 to 15 March 2024"),
        ("/plan", "Agency social workers leave before the permanent recruits start"),
        ("/plan/O6", "Embedded 31 January 2024"),
        ("/duties", "Hold all senior appointments."),
        *(("/reports/AR1", said) for said in ("the notice as at that entry", "1b: Risk to children is assessed")),
        *(("/replay?decisions=yes", said) for said in ("The board took decision D1", "Option 1: “To leave it as")),
        ("/changes?from=2022-12-31", "Obligations whose status changed"),
        ("/about/O1", "The objective in the plan"),
        ("/measures/M6", "(1,998 to 96)"),
        ("/entries/1", "by operator About"),
        ("/evidence/E10", "Supports Nothing directly. See what cites it"),
        ("/evidence", "Board pack circulated, entry"),
        ("/entries?type=BoardDecisionRecorded", "Board report submitted"),
        ("", "closed on 18 March 2024. Each obligation has the status it had then"),
        ("", "R2 began before the council's own assessment. The notice was closed on 18 March 2024 (escalated)."),
        ("/plan/O1", "(action A3) council-officer 11 April 2023, 17:00 Green"),
        ("/views", "Kinship carers, 27 February 2024, 18:00"),
        ("/about/BRP1", "Reports to the board"),
        ("/about/AR1", "The adviser's report"),
        *(("/board/decisions/D6", said) for said in ("Quorate Present: chair", "Related to O1 : Children in")),
    ],
)
def test_what_a_page_says(readers: dict[str, httpx.Client], page: str, phrase: str) -> None:
    answer = readers["auditor"].get(f"{HOME}{page}")
    assert answer.status_code == 200
    assert phrase in words(answer)


@pytest.mark.parametrize("page", ["/evidence/E10", "/about/BRP1", "/about/CR1", "/about/AR1", "/about/B6"])
def test_what_a_thing_is_decides_where_its_links_lead(readers: dict[str, httpx.Client], page: str) -> None:
    auditor = readers["auditor"]
    answer = auditor.get(f"{HOME}{page}")
    assert {link for link in links(answer) if auditor.get(link).status_code != 200} == set()
    assert page != "/evidence/E10" or re.search(r">Board pack circulated, entry (\d+)</a>", answer.text)


def test_an_entry_shows_what_it_names_and_folds_a_query(readers: dict[str, httpx.Client]) -> None:
    auditor = readers["auditor"]

    def first(fact: str) -> httpx.Response:
        positions = re.findall(r"/entries/(\d+)", auditor.get(f"{HOME}/entries?newest=no&type={fact}").text)
        return auditor.get(f"{HOME}/entries/{positions[0]}")

    named = first("ContributionReceived")
    assert re.search(r"About CB\d+ Clauses", words(named))
    assert {link for link in links(named) if auditor.get(link).status_code != 200} == set()
    query = first("AdviserReportIssued").text.partition("<details")[2].partition("GraphQL query of its figures")
    assert "query" in query[2].partition("</details>")[0]


def test_a_correction_is_told_alike_wherever_it_is_told(readers: dict[str, httpx.Client]) -> None:
    auditor = readers["auditor"]
    at = int(re.findall(r"/entries/(\d+)", auditor.get(f"{HOME}/entries?newest=no&type=EntryCorrected").text)[0])
    changed = "Objective O2 Due 30 November 2022 31 December 2022"
    assert changed in words(auditor.get(f"{HOME}/entries/{at}"))
    assert changed in words(auditor.get(f"{HOME}/changes?from={at - 1}&to={at}"))
    replay = words(auditor.get(f"{HOME}/replay?from={at}&subject=O2"))
    assert "Objective O2: due 30 November 2022 → 31 December 2022" in replay
    assert "Corrected later by" in words(auditor.get(f"{HOME}/replay?subject=O2"))


@pytest.mark.parametrize(
    ("page", "status", "message"),
    [
        ("/plan/O99", 404, "nothing with this reference is recorded at this point"),
        ("/plan/O1?position=50", 404, "Nothing with this reference is recorded at this point"),
        ("/plan?slow=perhaps", 400, "enter yes or no"),
        ("/plan?after=nonsense", 400, "cursor"),
        ("/evidence?status=LOST", 400, "LOST"),
        ("/entries/9999", 404, "Nothing with this reference"),
        ("/entries?since=x", 400, "enter a whole number"),
        ("/entries?from=soon", 400, "enter a date such as"),
        ("/replay?from=x", 400, "enter a whole number"),
        ("/changes?from=700&to=3", 400, "swap them"),
        ("/changes?from=x", 400, "enter a date such as"),
        ("/changes?from=9999", 404, "its entries have positions 1 to"),
        ("/about/nobody", 404, "Nothing with this reference"),
    ],
)
def test_what_cannot_be_shown_says_why(
    readers: dict[str, httpx.Client], page: str, status: int, message: str
) -> None:
    answer = readers["auditor"].get(f"{HOME}{page}")
    assert answer.status_code == status
    assert message.lower() in words(answer).lower()


@pytest.mark.parametrize(
    "page", ["/board/decisions/D6", "/reports/AR1", "/evidence/E11", "/entries/400", "/about/D6"]
)
def test_what_was_not_recorded_by_then_says_when_it_was(readers: dict[str, httpx.Client], page: str) -> None:
    auditor = readers["auditor"]
    point = "knownAt=2022-07-20"
    answer = auditor.get(f"{HOME}{page}?{point}")
    text = words(answer)
    assert answer.status_code == 404
    assert "Not yet recorded at this point" in text
    assert re.search(r"It was first recorded on \d+ \w+ 202\d, \d\d:\d\d , in entry \d+", text)
    for phrase in ("This is not the current position.", "Back to now", "View as at an earlier date"):
        assert phrase in text
    addresses = links(answer)
    assert f"{auditor.base_url}{HOME}/board?{point}" in addresses
    (then,) = (link for link in addresses if "position=" in link)
    assert auditor.get(then).status_code == 200


def test_a_page_of_a_view_that_a_role_does_not_read_says_so(readers: dict[str, httpx.Client]) -> None:
    for actor, page in (("partner-schools", "/board"), ("records-officer", "/plan"), ("reviewer", "/replay")):
        answer = readers[actor].get(f"{HOME}{page}")
        assert answer.status_code == 403, page
        assert "You do not have access to this page" in words(answer)
        assert "Back to the notice" in words(answer)


async def test_to_whoever_has_no_role_a_notice_looks_like_none(sample: Service) -> None:
    officer = (await begin(sample.database, "elsewhere")).tokens["officer"]
    system = await issue(sample.database, NOTICE, "performance-system", "INTEGRATION")
    pages = ("", "/replay", "/replay?from=2", "/entries", "/entries/1", "/board", "/reports", "/changes")
    for token, status in ((officer, 404), (system, 403)):
        with browser(sample.url) as visitor:
            sign_in(visitor, token)
            answers = [(visitor.get(HOME + page), visitor.get(f"/notices/nowhere{page}")) for page in pages]
        assert {(existing.status_code, none.status_code) for existing, none in answers} == {(status, 404)}
        assert status == 403 or all(words(one).replace(NOTICE, "nowhere") == words(none) for one, none in answers)


def test_small_counts_are_suppressed_for_those_who_do_not_see_them(readers: dict[str, httpx.Client]) -> None:
    whole, partly = (words(readers[actor].get(f"{HOME}/measures")) for actor in ("auditor", "board-member"))
    assert "Suppressed" not in whole
    assert "Suppressed" in partly


def test_a_file_is_had_by_following_the_link_only(readers: dict[str, httpx.Client]) -> None:
    text = words(readers["auditor"].get(f"{HOME}/evidence/E6"))
    assert "has its digest only" in text
    crossed = readers["auditor"].get(f"{HOME}/files/E6", headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403
    assert readers["auditor"].get(f"{HOME}/files/E6").status_code == 404


def test_reports_are_handed_over_as_partner_systems_get_them(
    sample: Service, readers: dict[str, httpx.Client]
) -> None:
    headers = {"Authorization": f"Bearer {sample.notice.tokens['auditor']}"}
    for name in ("AR1.html", "AR1.json"):
        answer = readers["auditor"].get(f"{HOME}/report-files/{name}")
        with browser(sample.url) as system:
            expected = system.get(f"/ledgers/{NOTICE}/reports/{name}", headers=headers)
            assert system.get(f"{HOME}/report-files/{name}").url.path == "/sign-in"
        assert (answer.status_code, answer.content) == (200, expected.content)
        assert answer.headers["content-type"] == expected.headers["content-type"]


@pytest.mark.parametrize(
    "page", ["", "/plan", "/coverage", "/board", "/evidence", "/measures", "/reviews", "/entries"]
)
def test_a_page_is_a_handful_of_statements(
    readers: dict[str, httpx.Client], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements, counts, execute = list[object](), list[int](), psycopg.AsyncCursor.execute

    async def counting(self: psycopg.AsyncCursor[Any], query: Any, *arguments: Any, **named: Any) -> Any:
        statements.append(query)
        return await execute(self, query, *arguments, **named)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", counting)
    while len(counts) < 3 or (min(counts) > 10 and len(counts) < 40):  # background tasks query now and then
        statements.clear()
        assert readers["auditor"].get(f"{HOME}{page}").status_code == 200
        counts.append(len(statements))
    assert 0 < min(counts) <= 10


def test_a_form_says_that_the_notice_is_closed(readers: dict[str, httpx.Client]) -> None:
    (chair,) = (readers[actor] for actor in ONE_OF_EACH if READERS[actor] is Role.CHAIR)
    page = chair.get(f"{HOME}/record/InterestDeclared", follow_redirects=True)
    assert "This notice was closed on 18 March 2024. You can still record an earlier event" in words(page)
    later = readers["auditor"].get(f"{HOME}/record/AuditFindingRecorded", follow_redirects=True)
    timed = ["time.year" in {name for name, value in sent(each.text, "record") if value} for each in (page, later)]
    assert (timed, "closed on" in words(later)) == ([False, True], False)
    pairs = [*sent(page.text, "record"), ("do", "check")]
    for year, error in (("2024", "include a day"), ("", "be before the notice was closed on 18 March 2024")):
        wrong = words(chair.post(page.url, data=dict(with_values(pairs, {"time.year": year}))))
        assert (wrong.count("When it happened must"), f"must {error}" in wrong) == (2, True)
    assert "recorded as entry 168 by chair" in words(chair.get(f"{HOME}/board/decisions/D2"))


def test_a_token_issued_on_a_page_is_shown_once(sample: Service, readers: dict[str, httpx.Client]) -> None:
    registrar, path = readers["records-officer"], f"{HOME}/record/TokenIssued"
    page = registrar.get(path)
    pairs = with_values(sent(page.text, "record"), {"data.actor": "auditor", "data.role": "AUDITOR"})
    assert "data.token" not in dict(pairs)

    def press(button: str) -> httpx.Response:
        return registrar.post(path, data={**dict(pairs), "do": button})

    assert "Check your answers" in words(press("check"))
    answer = press("record")
    secret = re.search(r"ledger_[A-Za-z0-9_-]{43}", answer.text)
    assert secret is not None, words(answer)
    assert answer.headers["cache-control"] == "private, no-store"
    with browser(sample.url) as holder:
        assert "Signed in as auditor" in words(sign_in(holder, secret[0]))
    again = press("record")
    assert again.status_code == 422
    assert "ledger_" not in again.text


def test_entries_begin_with_the_newest(sample: Service, readers: dict[str, httpx.Client]) -> None:
    auditor = readers["auditor"]

    def positions(query: str) -> list[int]:
        rows = auditor.get(f"{HOME}/entries{query}").text.partition("<tbody")[2]
        return list(dict.fromkeys(map(int, re.findall(r'rowheader"[^>]*>\s*<a[^>]*>(\d+)<', rows))))

    size = sample.position()
    assert positions("") == list(range(size, size - 50, -1))
    assert positions("?newest=no") == list(range(1, 51))
    page = auditor.get(f"{HOME}/entries")
    (following,) = {link for link in links(page) if "after=" in link}
    assert positions(following.partition("/entries")[2]) == list(range(size - 50, size - 100, -1))
    decisions = positions("?type=BoardDecisionRecorded")
    assert decisions == sorted(decisions, reverse=True)
    assert positions("?since=100&newest=no")[0] == 101
    assert positions(f"?since={size - 3}") == [size, size - 1, size - 2]


def test_another_notice_is_a_link_where_it_can_be_opened(
    sample: Service, readers: dict[str, httpx.Client]
) -> None:
    page = readers["auditor"].get(HOME)
    assert "Followed by tameside-2024" in words(page)
    assert f"{sample.url}/notices/tameside-2024" not in links(page), "it is not recorded here"
    macros = environment().get_template("macros.html").make_module({"page_request": None, "with_parameters": None})
    link = macros.notice_link  # type: ignore[attr-defined]
    assert link("n-2", {"n-2"}) == '<a class="govuk-link" href="/notices/n-2">n-2</a>'
    assert link("n-2", set()) == "n-2"


def test_a_report_that_arrives_ends_its_progress(readers: dict[str, httpx.Client]) -> None:
    auditor = readers["auditor"]
    assert auditor.get(f"{HOME}/reports/AR1").text.count("data-busy=") == 4
    answer = auditor.get(f"{HOME}/report-files/AR1.json?ready=123456")
    assert answer.headers["set-cookie"].startswith("ledger-ready=123456;")
    assert "set-cookie" not in auditor.get(f"{HOME}/report-files/AR1.json?ready=<b>").headers
