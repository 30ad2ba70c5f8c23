"""Test every role and path: all HTTP responses of a notice against the matrix, with no small cell in any."""

import re
from collections.abc import Iterator

import pytest
from starlette.routing import Route

from api.app import create_app
from api.settings import Settings
from ledger.domain.roles import Role, matrix
from tests.api.browsing import browser, sign_in
from tests.api.everybody import EACH_ROLE, GRANTABLE, actor_of, reads
from tests.api.http.test_feed import following
from tests.api.service import NOTICE, Service

pytestmark = pytest.mark.database
LOG = f"/ledgers/{NOTICE}"
PERIOD = "from=2022-07-01&to=2022-12-31"
NEEDED: dict[str, tuple[str, ...]] = {
    f"{LOG}/entries?limit=1": ("notice",),
    f"{LOG}/notifications?limit=1": ("notice",),
    f"{LOG}/notifications/1,2": ("notice",),
    f"{LOG}/checkpoint": ("notice",),
    f"{LOG}/tile/0/000.p/1": ("notice",),
    f"{LOG}/tile/entries/000.p/1": ("notice", "entries"),
    f"{LOG}/proof/1": ("notice",),
    f"{LOG}/consistency?from=1": ("notice",),
    f"{LOG}/reports/preview.json?{PERIOD}": ("adviser",),
    f"{LOG}/reports/preview.html?{PERIOD}": ("adviser",),
    f"{LOG}/reports/preview.csv?{PERIOD}": ("adviser",),
}
"""Views that a role must read, by address; other roles get FORBIDDEN."""
ELSEWHERE = {
    "/ledgers/{notice}/evidence/{evidence:path}": "test_evidence_access",
    "/ledgers/{notice}/reports/{report:path}.{format}": "test_report; it is the preview's, at another position",
}
"""Routes that another test file covers role by role."""


def fits(path: str, address: str) -> bool:
    """Return True if an address belongs to a route."""
    pattern = re.sub(r"\\{\w+(:path)?\\}", ".+", re.escape(path).replace("\\:", ":"))
    return re.fullmatch(pattern, address.partition("?")[0]) is not None


def test_every_path_of_a_notice_is_walked() -> None:
    paths = {
        route.path
        for route in create_app(Settings()).routes
        if isinstance(route, Route) and "{notice}" in route.path and "GET" in (route.methods or ())
    }
    walked = {path for path in paths if any(fits(path, address) for address in NEEDED)}
    assert paths - walked - set(ELSEWHERE) == set()


@EACH_ROLE
def test_each_path_is_given_to_whom_the_matrix_says(everybody: Service, role: Role) -> None:
    with everybody.client(actor_of(role)) as client:
        for address, views in NEEDED.items():
            answer = client.get(address)
            if all(reads(role, view) for view in views):
                assert answer.status_code == 200, (address, answer.text)
            else:
                assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN"), address
    nobody = everybody.client()
    with nobody:
        assert {nobody.get(address).status_code for address in NEEDED} == {401}


FIGURES = re.compile(r'"(numerator|denominator)": ?[0-9]|\b7\.5\b|\b3 of 40\b|\b3</td>')
"""Patterns that disclose the reading of 3 in 40, by its counts or by its value."""
MEASURES = f"""{{ notice(id: "{NOTICE}") {{ measures {{ nodes {{
  assurance readings {{ nodes {{ numerator denominator value signals }} }}
  spc {{ mean lower upper points {{ nodes {{ value signal }} }} }}
}} }} falling: measures(filter: {{signalling: true}}) {{ nodes {{ measure }} }}
compliance {{ nodes {{ reason }} }} }} }}"""


def texts(everybody: Service, role: Role) -> Iterator[tuple[str, str]]:
    """Return all responses to a role, by their address."""
    token = everybody.notice.tokens[actor_of(role)]
    with everybody.client(actor_of(role)) as client:
        for address in (*NEEDED, f"{LOG}/entries?limit=10000"):
            yield address, client.get(address).content.decode("latin-1")
        yield "graphql", client.post("/graphql", json={"query": MEASURES}).text
        head = int(client.get(f"{LOG}/entries").headers["ledger-position"])
    with following(everybody.url, token) as events:
        yield "feed", "\n".join(next(events)[2] for _ in range(head))
    with browser(everybody.url) as person:
        yield "the notice's page", sign_in(person, token, f"/notices/{NOTICE}").text


REDACTED = [role for role in GRANTABLE if role in matrix().redacted["measures"]]


@pytest.mark.parametrize("role", REDACTED, ids=lambda role: role.value)
def test_a_small_figure_leaves_by_no_path(everybody: Service, role: Role) -> None:
    for where, text in texts(everybody, role):
        assert FIGURES.findall(text) == [], where


def test_whoever_sees_measures_whole_finds_it(everybody: Service) -> None:
    places = {where for where, text in texts(everybody, Role.ADVISER) if FIGURES.search(text)}
    assert {"graphql", "feed", f"{LOG}/entries?limit=10000"} <= places
