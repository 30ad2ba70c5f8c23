"""Signing in to the pages: sessions and their cookies, forms from elsewhere, headers and assets."""

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from api.auth import session_key
from api.auth.sessions import Session, Sessions
from api.pages import static_files
from api.pages.oidc_sign_in import local
from api.settings import Settings
from ledger.domain.errors import LedgerError
from tests.api.browsing import browser, fields, sign_in, words
from tests.api.service import Service, begin, event, issue, record, run

pytestmark = pytest.mark.database


@pytest.fixture
def visitor(service: Service) -> Iterator[httpx.Client]:
    with browser(service.url) as client:
        yield client


def test_whoever_is_not_signed_in_signs_in_and_comes_back(service: Service, visitor: httpx.Client) -> None:
    target = f"/notices/{service.notice.name}?knownAt=2100-01-01"
    redirect = visitor.get(target)
    assert redirect.url.path == "/sign-in"
    answer = visitor.post("/sign-in", data={**fields(redirect), "token": service.notice.tokens["officer"]})
    assert (answer.status_code, answer.url.raw_path.decode()) == (200, target)
    assert "Signed in as officer" in words(answer)


def test_the_cookie_is_for_this_service_alone_and_says_nothing(service: Service, visitor: httpx.Client) -> None:
    token = service.notice.tokens["officer"]
    form = fields(visitor.get("/sign-in"))
    left = visitor.post("/sign-in", data={**form, "token": token}, follow_redirects=False).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(left.split("; "))
    assert "officer" not in left
    assert token not in left


def test_over_tls_the_cookie_belongs_to_this_host_alone(service: Service) -> None:
    forwarded = {"X-Forwarded-Proto": "https"}
    with browser(service.url) as client:
        page = client.get("/sign-in", headers=forwarded)
        data = {**fields(page), "token": service.notice.tokens["officer"]}
        answer = client.post("/sign-in", data=data, headers=forwarded, follow_redirects=False)
    assert answer.headers["set-cookie"].startswith("__Host-ledger-session=")
    assert "Secure" in answer.headers["set-cookie"].split("; ")
    assert "max-age" in answer.headers["strict-transport-security"]


@pytest.mark.parametrize("token", ["", "ledger_" + "A" * 43, "naïve", "x.y.z"])
def test_what_is_no_token_is_said_on_the_form(visitor: httpx.Client, token: str) -> None:
    answer = sign_in(visitor, token, "/notices/x")
    assert answer.status_code == 422
    assert "There is a problem" in words(answer)
    assert fields(answer)["next"] == "/notices/x"
    assert "set-cookie" not in answer.headers


def test_signing_out_ends_the_session(service: Service, visitor: httpx.Client) -> None:
    page = sign_in(visitor, service.notice.tokens["officer"])
    assert visitor.post("/sign-out", data=fields(page)).url.path == "/sign-in"
    assert visitor.get("/").url.path == "/sign-in"


def test_a_form_from_elsewhere_is_refused(service: Service, visitor: httpx.Client) -> None:
    page = sign_in(visitor, service.notice.tokens["officer"])
    good = fields(page)
    for data, headers in (
        ({}, {}),
        ({"session-form": "0" * 64}, {}),
        ({"session-form": "ü"}, {}),
        (good, {"Origin": "https://elsewhere.example"}),
        (good, {"Origin": "null"}),
        (good, {"Origin": "http://["}),
        (good, {"Sec-Fetch-Site": "cross-site"}),
        (good, {"Sec-Fetch-Site": "same-site"}),
    ):
        answer = visitor.post("/sign-out", data=data, headers=headers)
        assert answer.status_code == 403, (data, headers)
    with browser(service.url) as other:
        other_fields = fields(sign_in(other, service.notice.tokens["chair"]))
    assert visitor.post("/sign-out", data=other_fields).status_code == 403
    headers = {"Origin": service.url, "Sec-Fetch-Site": "same-origin"}
    assert visitor.post("/sign-out", data=good, headers=headers).status_code == 200


def test_a_revoked_token_ends_its_session_at_once(service: Service, visitor: httpx.Client) -> None:
    token = run(issue(service.database, service.notice.name, "officer", "COUNCIL_OFFICER"))
    assert sign_in(visitor, token).url.path == "/"
    with psycopg.connect(service.database) as connection:
        digest = hashlib.sha256(token.encode()).digest()
        row = connection.execute("SELECT token FROM ledger.tokens WHERE secret_hash = %s", (digest,)).fetchone()
    assert row is not None
    revoked = event("people.TokenRevoked", {"token": row[0], "reason": "It was lost."}, "operator")
    run(record(service.database, service.notice.name, [revoked]))
    assert visitor.get("/").url.path == "/sign-in"


def test_a_session_that_is_changed_or_over_is_none() -> None:
    sessions, others = Sessions(b"k" * 32), Sessions(b"o" * 32)
    session = Session("1", "jo", datetime.now(UTC) + timedelta(hours=1))
    sealed = sessions.sealed(session)
    assert sessions.opened(sealed, Session) == session
    assert others.opened(sealed, Session) is None
    assert sessions.opened(sealed[:-2], Session) is None
    assert sessions.opened("é", Session) is None
    assert sessions.form_token(session) != others.form_token(session)


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere",
        "javascript:alert(1)",
        "",
        "/sign-out",
        "/a\nb",
        "//[",
        "http://[::1",
    ],
)
def test_only_pages_of_this_service_are_gone_back_to(target: str) -> None:
    assert local(target) == "/"
    assert local("/notices/x?position=3") == "/notices/x?position=3"


def test_all_processes_make_and_find_one_key(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "deep" / "data")
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(session_key.session_key(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert set(keys) == {session_key.session_key(settings)}
    path = settings.data / "session.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(settings.data.iterdir()) == [path]
    path.write_bytes(b"short")
    with pytest.raises(LedgerError, match="5 bytes"):
        session_key.session_key(dataclasses.replace(settings, session_key_file=path))


def test_each_page_lets_in_nothing_but_this_servers_own_files(service: Service, visitor: httpx.Client) -> None:
    signed_in = sign_in(visitor, service.notice.tokens["officer"])
    for answer in (
        signed_in,
        visitor.get("/sign-in?next=/"),
        visitor.get("/nowhere"),
        visitor.get("/notices/nowhere"),
        visitor.post("/sign-out"),
    ):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert "onclick" not in answer.text


def test_assets_are_kept_for_good_and_none_is_a_path(visitor: httpx.Client) -> None:
    for name, kind in (
        ("pages.css", "text/css"),
        ("govuk-frontend.min.js", "text/javascript"),
        ("mark.svg", "image/svg+xml"),
    ):
        answer = visitor.get(static_files.address(name))
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
    sheet = visitor.get(static_files.address("govuk-frontend.min.css")).text
    assert "GDS Transport" not in sheet
    assert "system-ui" in sheet
    digest = static_files.address("pages.css").split("/")[2]
    for path in (f"/assets/{digest}/..%2f..%2fsettings.py", f"/assets/{digest}/mark.svg", "/assets/0/pages.css"):
        assert visitor.get(path).status_code == 404


def test_a_notice_of_others_looks_like_one_that_is_not_there(service: Service, visitor: httpx.Client) -> None:
    run(begin(service.database, "theirs"))
    sign_in(visitor, service.notice.tokens["officer"])
    existing, nowhere = (visitor.get(f"/notices/{name}") for name in ("theirs", "nowhere"))
    assert existing.status_code == nowhere.status_code == 404
    assert existing.text.replace("theirs", "") == nowhere.text.replace("nowhere", "")
    assert "All notices" in words(existing)


def test_programs_go_on_getting_problems(service: Service, officer: httpx.Client) -> None:
    answer = officer.get("/nowhere")
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.status_code == 404
    assert service.url


def test_an_entry_is_shown_with_its_proof(service: Service, visitor: httpx.Client) -> None:
    sign_in(visitor, service.notice.tokens["officer"])
    place = f"/notices/{service.notice.name}"
    assert "c2sp.org/tlog-proof" in words(visitor.get(f"{place}/entries/2"))
    handed = visitor.get(f"{place}/proofs/2")
    assert handed.status_code == 200
    with service.client("officer") as system:
        served = system.get(f"/ledgers/{service.notice.name}/proof/2")
    assert handed.text == served.text
    assert visitor.get(f"{place}/proofs/x").status_code == 400
