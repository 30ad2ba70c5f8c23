"""Test answers to requests that come to no route: a page for a browser, and a problem for a program."""

import asyncio

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from api.http.cut_requests import CutRequests
from api.pages.errors import outside_answer
from api.settings import Settings
from tests.api.browsing import words

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def cut(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Raise the error of a request that the server cancels while it stops."""
    raise asyncio.CancelledError


CASES: dict[str, tuple[ASGIApp, str, int, str, str]] = {
    "another host": (
        create_app(Settings(public_url="https://ledger.example")),
        "http://elsewhere.example/<b>",
        421,
        "UNKNOWN_HOST",
        "Use the service's own address This service does not answer to the host elsewhere.example; open https://le",
    ),
    "not open yet": (
        create_app(Settings()),
        "http://localhost/notices/tameside",
        503,
        "UNAVAILABLE",
        "The ledger is not available The database cannot be reached yet; try again shortly.",
    ),
    "cut off": (
        CutRequests(cut, outside_answer),
        "http://localhost/notices/tameside",
        503,
        "UNAVAILABLE",
        "The ledger is not available The server stops, and the request took too long; send it again",
    ),
}


@pytest.mark.parametrize("accept", [BROWSER, "application/json", "*/*", None])
@pytest.mark.parametrize("case", CASES)
async def test_a_browser_gets_a_page_and_a_program_a_problem(case: str, accept: str | None) -> None:
    app, url, status, code, phrase = CASES[case]
    headers = {"Accept": accept} if accept else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), headers=headers) as client:
        if accept is None:
            del client.headers["Accept"]
        answer = await client.get(url)
    assert (answer.status_code, answer.headers.get("retry-after")) == (status, "5" if status == 503 else None)
    assert (answer.headers.get("connection") == "close") is (case == "cut off")
    if accept == BROWSER:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "private, no-store"
        assert phrase in words(answer)
        assert "Sign out" not in answer.text
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == code
