"""Every page in a browser: accessible, at any width, by keyboard alone, without scripts, and on paper."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.api.sampled import sampled
from tests.api.service import Service
from tests.browser.people import Person
from tests.ledger.history import NOTICE

pytestmark = pytest.mark.long(seconds=12)
HOME = f"/notices/{NOTICE}"
PAGES = (
    "/",
    *(HOME, f"{HOME}?knownAt=2023-01-31", f"{HOME}?position=9999"),
    *(f"{HOME}/plan", f"{HOME}/plan?slow=yes", f"{HOME}/plan/O1", f"{HOME}/coverage"),
    *(f"{HOME}/board", f"{HOME}/board/decisions/D2", f"{HOME}/board/decisions/D6"),
    *(f"{HOME}/evidence", f"{HOME}/evidence/E6", f"{HOME}/measures", f"{HOME}/measures/M1"),
    *(
        f"{HOME}/reviews",
        f"{HOME}/duties",
        f"{HOME}/views",
        f"{HOME}/partners",
        f"{HOME}/reports",
        f"{HOME}/reports/AR1",
    ),
    *(f"{HOME}/entries", f"{HOME}/entries/300", f"{HOME}/about/O1", f"{HOME}/replay?decisions=yes"),
    *(f"{HOME}/changes", f"{HOME}/changes?from=121&to=400", "/nowhere"),
)


@pytest.fixture(scope="module")
def sample(history_template: str) -> Iterator[Service]:
    with sampled(history_template) as running:
        yield running


@pytest.mark.timeout(900)
@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_everybody_can_use_every_page(sample: Service, chromium: Browser, axe: str, narrow: bool) -> None:
    auditor = Person(chromium, sample, "auditor", axe, narrow=narrow)
    messages: list[str] = []
    auditor.page.on(
        "console", lambda message: messages.append(message.text) if "Failed to load" not in message.text else None
    )
    auditor.page.on("pageerror", lambda error: messages.append(str(error)))
    for page in PAGES:
        auditor.page.goto(page)
        expect(auditor.page.get_by_role("heading", level=1), page).to_have_count(1)
        auditor.look()
    assert [message for message in messages if "Failed to load" not in message] == [], (
        "the browser reported a breach of the policy or a script error"
    )


def test_a_reader_of_suppressed_figures_can_use_them(sample: Service, chromium: Browser, axe: str) -> None:
    member = Person(chromium, sample, "board-member", axe)
    member.page.goto(f"{HOME}/measures")
    member.look()


def test_the_sign_in_page_says_its_fault_to_everybody(sample: Service, chromium: Browser, axe: str) -> None:
    person = Person(chromium, sample, "auditor", axe)
    person.page.get_by_role("button", name="Sign out").click()
    person.look()
    person.page.get_by_role("button", name="Sign in").click()
    expect(person.page.get_by_role("alert")).to_contain_text("Enter a token")
    person.look()


def test_a_page_is_walked_with_the_keyboard_alone(sample: Service, chromium: Browser, axe: str) -> None:
    page = Person(chromium, sample, "auditor", axe).page
    page.goto(HOME)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    seen: list[str] = []
    for _ in range(25):
        page.keyboard.press("Tab")
        name, visible = page.evaluate(
            """() => {
                const at = document.activeElement, box = at.getBoundingClientRect();
                const style = getComputedStyle(at);
                const marked = style.outlineStyle !== "none" || style.boxShadow !== "none";
                return [at.innerText.trim() || at.id, box.width > 0 && marked];
            }"""
        )
        assert visible, f"the focus on {name!r} is not visible"
        seen.append(name)
    assert {"Sign out", "Plan", "History", "View as at an earlier date"} <= set(seen)
    page.locator("summary", has_text="View as at an earlier date").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Recorded up to")).to_be_focused()
    page.keyboard.type("01312023")  # as the browser's own language has it
    page.keyboard.press("Enter")
    expect(page.get_by_text("This is not the current position.")).to_be_visible()
    page.get_by_role("link", name="Board", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{sample.url}{HOME}/board?knownAt=2023-01-31")


def test_the_most_usual_form_is_two_links_from_the_top_of_the_overview(
    sample: Service, chromium: Browser, axe: str
) -> None:
    page = Person(chromium, sample, "council-officer", axe).page
    page.goto(HOME)
    for key in ("Tab", "Enter", "Tab"):
        page.keyboard.press(key)
    expect(page.get_by_role("link", name="Record progress")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Record progress")).to_be_visible()


def test_without_scripts_all_of_it_works(sample: Service, chromium: Browser, axe: str) -> None:
    page = Person(chromium, sample, "auditor", axe, narrow=True, scripts=False).page
    page.goto(HOME)
    page.get_by_role("link", name="Plan", exact=True).click()
    page.get_by_label("Pace").select_option(label="Slow")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_role("rowheader", name="O9")).to_be_visible()
    page.get_by_text("View as at an earlier date").click()
    page.get_by_label("or entry number").fill("300")
    page.get_by_role("button", name="View").click()
    expect(page.get_by_text("This is not the current position.")).to_be_visible()
    page.get_by_role("link", name="Changes since then").click()
    expect(page.get_by_role("heading", name="Compliance")).to_be_visible()


def test_on_a_narrow_screen_nothing_of_a_table_is_out_of_sight_and_a_chart_begins_with_what_is_latest(
    sample: Service, chromium: Browser, axe: str
) -> None:
    page = Person(chromium, sample, "auditor", axe, narrow=True, scripts=False).page
    for path in ("", "/plan", "/board", "/evidence", "/entries", "/reviews"):
        page.goto(f"{HOME}{path}")
        for region in page.locator(".scroll:has(> .stacks)").all():
            assert region.evaluate("at => at.scrollWidth <= at.clientWidth"), path
    page.goto(f"{HOME}/reports")
    row = page.get_by_role("row", name="AR1", exact=False).first
    expect(row.get_by_role("cell").first).to_have_css("display", "block")
    assert (
        row.get_by_role("cell")
        .first.evaluate("at => getComputedStyle(at, '::before').content")
        .startswith('"Period')
    )
    page.goto(f"{HOME}/measures/M1")
    box = page.get_by_text("mean 77%").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= box["x"] + box["width"] <= 320


@pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
def test_a_reader_sees_which_objectives_cover_an_item_without_scrolling(
    sample: Service, chromium: Browser, axe: str, narrow: bool
) -> None:
    page = Person(chromium, sample, "auditor", axe, narrow=narrow).page
    page.goto(f"{HOME}/coverage")
    matrix = page.get_by_role("region", name="Coverage matrix")
    assert matrix.evaluate("at => at.scrollWidth <= at.clientWidth")
    row = matrix.get_by_role("row", name="Area 1a", exact=False)
    expect(row.get_by_role("cell")).to_have_count(1 if narrow else 11)
    assert ("by (O2), O5, O6, O9, O10" in row.inner_text()) is narrow
    assert row.inner_text().count("●") == (0 if narrow else 5)


def test_on_a_narrow_screen_a_page_does_not_move_as_its_menu_folds(
    sample: Service, chromium: Browser, axe: str
) -> None:
    page = Person(chromium, sample, "auditor", axe, narrow=True).page
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach("
        "entry => { window.shift += entry.value; })).observe({type: 'layout-shift', buffered: true});"
    )
    for path in ("/plan", "/board", "/measures/M1"):
        page.goto(f"{HOME}{path}")
        expect(page.get_by_role("button", name="Menu")).to_be_visible()
        assert page.evaluate("new Promise(done => requestAnimationFrame(() => done(window.shift)))") < 0.1, path
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="Coverage")).to_be_visible()


def test_on_paper_there_is_the_matter_without_what_is_clicked(
    sample: Service, chromium: Browser, axe: str
) -> None:
    page = Person(chromium, sample, "auditor", axe).page
    page.goto(f"{HOME}/board?knownAt=2023-01-31")
    page.emulate_media(media="print")
    expect(page.get_by_text("This is not the current position.")).to_be_visible()
    expect(page.get_by_text("View as at an earlier date")).to_be_hidden()
    expect(page.get_by_role("link", name="Coverage")).to_be_hidden()
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_a_folded_list_does_not_widen_the_form_that_it_opens_on(
    sample: Service, chromium: Browser, axe: str
) -> None:
    page = Person(chromium, sample, "council-officer", axe, narrow=True).page
    for fact in ("EvidenceSubmitted", "RiskRaised"):
        page.goto(f"{HOME}/record/{fact}")
        folds = page.locator("main details").all()
        assert folds, fact
        for fold in folds:
            fold.locator("summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 320, fact
