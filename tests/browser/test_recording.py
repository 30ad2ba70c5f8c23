"""Recording in a browser: a decision, a document, and access that another person grants."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.api.service import Service, event, record, run
from tests.browser.people import Person

pytestmark = pytest.mark.long(seconds=25)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def day(person: Person, name: str, *parts: str) -> None:
    """Fill the inputs of a date or an instant under a legend."""
    group = person.page.get_by_role("group", name=re.compile(rf"^{name}"))
    for label, part in zip(("Day", "Month", "Year", "Time"), parts, strict=False):
        group.get_by_label(label).fill(part)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_chair_records_a_decision(service: Service, chromium: Browser, axe: str, scripts: bool) -> None:
    chair = Person(chromium, service, "chair", axe, narrow=True, scripts=scripts)
    page, name = chair.page, f"D{scripts}"
    page.goto(f"/notices/{service.notice.name}/record")
    chair.look()
    page.get_by_role("link", name="Record a decision").click()
    chair.look()

    page.get_by_label("Reference", exact=True).fill("D 1")
    page.get_by_label("Title").fill("Two more posts in the duty team")
    page.get_by_label("Option 1").fill("Wait")
    page.get_by_role("button", name="Add another (Options)").click()
    expect(page.get_by_label("Option 2")).to_be_focused()
    page.get_by_label("Option 2").fill("Agency staff")
    page.get_by_label("Title").press("Tab")
    page.get_by_label("Reference", exact=True).press("Enter")

    summary = page.get_by_role("alert")
    expect(summary.get_by_role("link")).to_have_text(
        [
            re.compile("^Reference must be text"),
            "Enter a meeting",
            "Enter an outcome",
            "Enter a rationale",
        ]
    )
    expect(page).to_have_title(re.compile("^Error: "))
    chair.look()
    summary.get_by_role("link", name="Enter a meeting").click()
    expect(page.get_by_label("Meeting")).to_be_focused()
    page.keyboard.type("B1")
    expect(page.get_by_label("Option 2")).to_have_value("Agency staff")
    page.get_by_label("Reference", exact=True).fill(name)
    page.get_by_label("Outcome").fill("The posts are advertised now.")
    page.get_by_label("Rationale").fill("Visits were late.")
    page.get_by_label("O1: See children sooner").check()
    size = service.position()
    page.get_by_label("Reference", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Check your answers")
    chair.look()
    assert service.position() == size, "Enter has recorded"
    page.go_back()
    page.go_forward()
    page.get_by_role("button", name="Change answers").click()
    expect(page.get_by_label("Rationale")).to_have_value("Visits were late.")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Record decision", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Recorded as entry {service.position()}")
    chair.look()
    page.get_by_role("link", name=f"Decision {name}", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Two more posts in the duty team")
    expect(page.get_by_role("main")).to_contain_text("Agency staff")


def test_an_officer_submits_evidence(service: Service, chromium: Browser, axe: str, tmp_path: Path) -> None:
    officer = Person(chromium, service, "officer", axe)
    page = officer.page
    page.goto(f"/notices/{service.notice.name}/evidence")
    page.get_by_role("link", name="Add evidence").click()
    officer.look()
    plan = tmp_path / "plan.pdf"
    plan.write_bytes(PDF)
    page.get_by_label("Reference", exact=True).fill("E1")
    page.get_by_label("Title").fill("The plan of July")
    page.get_by_label("Document").set_input_files(plan)
    page.get_by_role("button", name="Add evidence", exact=True).click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_text("Select a classification")
    officer.look()
    page.get_by_label("Official", exact=True).check()
    page.get_by_label("Document").set_input_files(plan)
    page.get_by_role("button", name="Add evidence", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Recorded as entry {service.position()}")
    page.get_by_role("link", name="Evidence E1", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("The plan of July")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.path().read_bytes() == PDF


def test_access_is_asked_for_and_granted_by_somebody_else(service: Service, chromium: Browser, axe: str) -> None:
    scheduled = {
        "review": "V1",
        "kind": "six-month review",
        "by": "DfE",
        "from": "2026-12-01",
        "topics": ["CULTURE"],
    }
    run(record(service.database, service.notice.name, [event("reviews.ReviewScheduled", scheduled, "operator")]))
    adviser = Person(chromium, service, "adviser", axe)
    page = adviser.page
    page.goto(f"/notices/{service.notice.name}/reviews")
    page.get_by_role("link", name="Request access").click()
    adviser.look()
    page.get_by_label("Reference", exact=True).fill("A1")
    page.get_by_label("Person to have access").fill("adviser")
    page.get_by_label("Review (optional)").select_option("V1")
    page.get_by_label("Data", exact=True).check()
    page.get_by_label("Scope").fill("The weekly figures")
    page.get_by_label("Purpose").fill("To see what changed")
    day(adviser, "Start", "1", "December", "2026", "09:00")
    day(adviser, "End", "1", "3", "2027", "09:00")
    form = page.locator("input[name=id]").get_attribute("value")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Request access", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Recorded as entry {service.position()}")
    page.go_back()
    page.go_back()
    expect(page.locator("input[name=id]")).to_have_value(form or "")
    expect(page.get_by_label("Scope")).to_have_value("The weekly figures")
    expect(page.get_by_role("group", name=re.compile("^End")).get_by_label("Year")).to_have_value("2027")
    page.goto(f"/notices/{service.notice.name}/reviews")
    expect(page.get_by_role("link", name="Grant A1")).to_have_count(0)

    officer = Person(chromium, service, "officer", axe)
    page = officer.page
    page.goto(f"/notices/{service.notice.name}/reviews")
    page.get_by_role("link", name="Grant A1").click()
    expect(page.get_by_label("Request")).to_have_value("A1")
    officer.look()
    day(officer, "End", "1", "2", "2027", "09:00")
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Grant access", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Recorded as entry {service.position()}")
    page.get_by_role("main").get_by_role("link", name="Reviews and access").click()
    row = page.get_by_role("table", name="All requests").get_by_role("row", name=re.compile("^A1"))
    expect(row).to_contain_text(re.compile("Granted by officer"))
    expect(row).to_contain_text("1 February 2027, 09:00")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("actor", ["officer", "chair", "adviser"])
def test_everybody_can_use_every_form(service: Service, chromium: Browser, axe: str, actor: str) -> None:
    """Check each form with its errors shown."""
    person = Person(chromium, service, actor, axe, narrow=True)
    page = person.page
    page.goto(f"/notices/{service.notice.name}/record")
    forms = [link.get_attribute("href") or "" for link in page.get_by_role("main").get_by_role("link").all()]
    size = service.position()
    assert forms
    for form in forms:
        page.goto(form)
        for name in ("time.day", "time.month"):
            page.locator(f"[name='{name}']").fill("31")
        page.locator(".govuk-button-group button[type=submit]").first.click()
        expect(page.get_by_role("alert"), form).to_be_visible()
        person.look()
    assert service.position() == size
