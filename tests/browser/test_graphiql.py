"""GraphiQL in a browser: the regular questions as tabs, under a policy that admits no other host."""

import json
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from schema.questions import questions
from tests.api.sampled import sampled
from tests.api.service import NO_TLS, Service

pytestmark = [pytest.mark.database, pytest.mark.long]
PATIENCE = 60_000
"""Milliseconds for a step of the browser on a busy machine."""


def test_the_ten_questions_are_asked_in_a_browser(service: Service, chromium: Browser) -> None:
    token = service.notice.tokens["adviser"]
    messages: list[str] = []
    elsewhere: list[str] = []
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: messages.append(f"error: {error}"))
    page.on("request", lambda request: elsewhere.append(request.url) if service.url not in request.url else None)
    page.goto(f"{service.url}/graphql")
    tabs = page.locator(".graphiql-tab")
    expect(tabs).to_have_count(len(questions()), timeout=PATIENCE)
    for question, words in zip(questions(), page.locator(".graphiql-tab-button").all_inner_texts(), strict=True):
        assert f"query {words}" in question.document
    page.fill("#token", token)
    page.click("#who button")
    expect(page.locator("#said")).to_have_text("You ask as adviser.", timeout=PATIENCE)
    expect(tabs).to_have_count(len(questions()), timeout=PATIENCE)
    tab = next(n for n, each in enumerate(questions()) if each.name == "uncovered-areas")
    page.locator(".graphiql-tab-button").nth(tab).click()
    expect(page.locator(".graphiql-query-editor")).to_contain_text("have no live objective?", timeout=PATIENCE)
    expect(page.locator(".graphiql-editor-tool").first).to_contain_text(service.notice.name, timeout=PATIENCE)
    with page.expect_response(lambda answer: "UncoveredAreas" in (answer.request.post_data or "")) as answered:
        page.click(".graphiql-execute-button")
    result: Any = answered.value.json()
    assert "data" in result, result
    assert result["data"]["notice"]["plan"]["coverage"]["nodes"] == []
    assert answered.value.request.headers["authorization"] == f"Bearer {token}"
    expect(page.locator(".result-window")).to_contain_text("coverage", timeout=PATIENCE)
    page.keyboard.press("Escape")
    page.click("button[aria-label='Show Documentation Explorer']")
    expect(page.locator(".graphiql-doc-explorer")).to_contain_text("AdviserReport", timeout=PATIENCE)
    page.click("button[aria-label='Open settings dialog']")
    expect(page.locator(".graphiql-dialog")).to_contain_text("Theme", timeout=PATIENCE)
    assert page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})") == "{}"
    page.close()
    assert elsewhere == []
    assert [line for line in messages if line.startswith("error")] == []


def test_the_examples_are_of_days_on_which_something_was_recorded(
    history_template: str, chromium: Browser
) -> None:
    with sampled(history_template) as sample:
        page = chromium.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{sample.url}/graphql")
        page.fill("#token", sample.notice.tokens["auditor"])
        page.click("#who button")
        expect(page.locator("#said")).to_have_text("You ask as auditor.", timeout=PATIENCE)
        tab = next(n for n, each in enumerate(questions()) if each.name == "compliance")
        page.locator(".graphiql-tab-button").nth(tab).click()
        variables = page.locator(".graphiql-editor-tool").first
        expect(variables).to_contain_text("2023-03-19T00:00:00", timeout=PATIENCE)
        expect(variables).to_contain_text("2024-03-18T00:00:00")
        page.close()


def test_a_client_that_is_no_browser_is_answered_as_ever(service: Service) -> None:
    with httpx.Client(base_url=service.url, verify=NO_TLS) as client:
        page = client.get("/graphql", headers={"Accept": "text/html,application/xhtml+xml"})
        policy = page.headers["content-security-policy"]
        assert (page.status_code, "unsafe" in policy, "http:" in policy) == (200, False, False)
        assert "default-src 'none'" in policy
        tabs = json.loads(page.text.partition('type="application/json">')[2].partition("</script>")[0])
        assert [tab["query"] for tab in tabs] == [question.document for question in questions()]
        answer = client.get("/graphql", params={"query": "{ me { actor } }"}, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
        for name in ("../app.py", "..%2fapp.py", "__init__.py", "page.html", "%2e%2e/graphql.py"):
            assert client.get(f"/graphql/{name}").status_code == 404, name
