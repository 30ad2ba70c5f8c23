"""Test that the first page and a notice's pages say truly which role a reader has and what it opens."""

import pytest

from api.pages.form_request import not_allowed
from ledger.domain.errors import Refusal
from ledger.domain.registry import find_kind
from ledger.domain.roles import Role
from tests.api.browsing import browser, sign_in, words
from tests.api.everybody import EACH_ROLE, actor_of, reads
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


def test_a_page_of_notices_beyond_the_last_one_does_not_say_that_there_are_none(service: Service) -> None:
    query = {"query": "{ notices(first: 1) { pageInfo { endCursor } } }"}
    with service.client("chair") as program, browser(service.url) as client:
        page_info = program.post("/graphql", json=query).json()["data"]["notices"]["pageInfo"]
        sign_in(client, service.notice.tokens["chair"])
        beyond = words(client.get("/", params={"after": page_info["endCursor"]}))
    assert NONE not in beyond
    assert "There are no notices on this page. See all your notices" in beyond


def test_graphql_does_not_say_that_a_system_has_no_role(service: Service) -> None:
    with service.client("system") as system:
        answer = system.post("/graphql", json={"query": f'{{ notice(id: "{NOTICE}") {{ id }} }}'}).json()
    assert "or you have no role that reads it" in answer["errors"][0]["message"]


def test_a_refusal_names_the_fact_in_words_alone() -> None:
    kind = find_kind("AdviserReportIssued")
    assert kind is not None
    for written in (kind.type, kind.name):
        refused = not_allowed(Refusal("FORBIDDEN", f"no token for {written}"), kind)
        assert str(refused) == "no token for “Adviser report issued”"
