"""Test that the first page and a notice's pages say truly which role a reader has and what it opens."""

import re
from datetime import UTC, datetime

import pytest
from starlette.datastructures import QueryParams

from api.auth.sessions import Session
from api.pages.form_request import not_allowed
from api.pages.page_request import PageRequest, Visitor
from api.pages.renderer import SECTIONS
from api.pages.time_control import TimePoint
from api.schema_client import Operator
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refusal
from ledger.domain.registry import find_kind
from ledger.domain.roles import Role
from tests.api.browsing import browser, sign_in, words
from tests.api.everybody import EACH_ROLE, GRANTABLE, actor_of, reads
from tests.api.service import NOTICE, Service

pytestmark = pytest.mark.database
NONE = "You don't have access to any notices"


@EACH_ROLE
def test_the_first_page_names_the_role_of_everybody(everybody: Service, role: Role) -> None:
    with browser(everybody.url) as client:
        first = words(sign_in(client, everybody.notice.tokens[actor_of(role)]))
        page = client.get(f"/notices/{NOTICE}")
    assert NONE not in first
    assert role.meaning.lower() in first.lower()
    if reads(role, "notice"):
        assert (page.status_code, "Your roles:" in first, "cannot open" in first) == (200, True, False)
    else:
        assert "add entries from other systems and cannot open the notice's pages" in first
        assert page.status_code == 403
        assert "may record in this notice but not read it" in words(page)


@pytest.mark.parametrize("role", [role for role in GRANTABLE if reads(role, "notice")])
def test_a_page_that_a_role_does_not_read_says_so_in_words(everybody: Service, role: Role) -> None:
    pages = {
        "plan": reads(role, "plan"),
        "reviews": reads(role, "reviews") or reads(role, "access"),
        "replay": reads(role, "entries"),
    }
    with browser(everybody.url) as client:
        sign_in(client, everybody.notice.tokens[actor_of(role)])
        answers = {page: client.get(f"/notices/{NOTICE}/{page}") for page in pages}
    assert {page: answer.status_code == 200 for page, answer in answers.items()} == pages
    for page in (words(answer) for answer in answers.values() if answer.status_code != 200):
        assert f"Your role, {role.meaning}, cannot read " in page
        assert ("Ask the notice's records officer" in page) == (role is not Role.RECORDS_OFFICER)
        assert ("Ask another records officer" in page) == (role is Role.RECORDS_OFFICER)


def test_a_page_of_notices_beyond_the_last_one_does_not_say_that_there_are_none(service: Service) -> None:
    query = {"query": "{ notices(first: 1) { pageInfo { endCursor } } }"}
    with service.client("chair") as program, browser(service.url) as client:
        page_info = program.post("/graphql", json=query).json()["data"]["notices"]["pageInfo"]
        sign_in(client, service.notice.tokens["chair"])
        beyond = words(client.get("/", params={"after": page_info["endCursor"]}))
    assert NONE not in beyond
    assert "There are no notices on this page. See all your notices" in beyond


def test_a_new_notice_has_no_empty_part(everybody: Service) -> None:
    paths = [section.path for section in SECTIONS if section.path != "/record"]
    with browser(everybody.url) as client:
        sign_in(client, everybody.notice.tokens[actor_of(Role.AUDITOR)])
        pages = {path: client.get(f"/notices/{NOTICE}{path}").text for path in (*paths, "/duties")}
    empty = re.compile(r"</h[2-6]>\s*(?:<h[1-6]|</main)|<tbody[^>]*>\s*</tbody>")
    assert {path: empty.findall(page) for path, page in pages.items() if empty.search(page)} == {}
    assert "Every grant has been used" not in pages["/reviews"]


def test_graphql_does_not_say_that_a_system_has_no_role(service: Service) -> None:
    with service.client("system") as system:
        answer = system.post("/graphql", json={"query": f'{{ notice(id: "{NOTICE}") {{ id }} }}'}).json()
    assert "or you have no role that reads it" in answer["errors"][0]["message"]


def test_a_refusal_names_the_fact_in_words_alone() -> None:
    kind = find_kind("AdviserReportIssued")
    assert kind is not None
    visitor = Visitor(Session("1", "ada", datetime.now(UTC)), Operator(Credential("ada")))
    adviser = PageRequest(NOTICE, visitor, [Role.ADVISER], TimePoint(), False, {}, QueryParams(), {})
    for written in (kind.type, kind.name):
        refused = not_allowed(Refusal("FORBIDDEN", f"no token for {written}"), kind, adviser)
        assert str(refused) == "no token for “Adviser report issued”"
