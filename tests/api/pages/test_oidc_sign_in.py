"""Sign-in at a real issuer by the code flow with PKCE, and each way in which it fails."""

import gzip
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.errors import JoseError

from api.auth import oidc
from api.auth.wrong_tokens import AT_ONCE
from api.pages import oidc_sign_in
from ledger.append.clock import now
from tests.api import issuer as issuers
from tests.api.browsing import browser, fields, words
from tests.api.issuer import AUDIENCE, Issuer
from tests.api.service import Service, begin, event, record, run
from tests.databases import copied_database

pytestmark = pytest.mark.database
HOME = "/notices/tameside"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuers.running() as running:
        yield running


@pytest.fixture(scope="module")
def signing_in(template: str, issuer: Issuer) -> Iterator[Service]:
    """Yield a service whose people sign in at the issuer; `jo` is a council officer."""
    with copied_database(template, "views_template") as url:
        notice = run(begin(url))
        jo = [
            event("people.ActorRegistered", {"actor": "jo", "kind": "PERSON"}, "operator"),
            event("people.RoleGranted", {"actor": "jo", "role": "COUNCIL_OFFICER"}, "operator"),
        ]
        run(record(url, notice.name, jo))
        at = {"oidc_client_id": "pages", "oidc_client_secret": "hush"}
        with Service(url, notice, now, oidc_issuer=issuer.url, oidc_audience=AUDIENCE, **at) as running:
            yield running


@pytest.fixture
def visitor(signing_in: Service) -> Iterator[httpx.Client]:
    with browser(signing_in.url) as client:
        client.follow_redirects = False
        yield client


def at_the_issuer(issuer: Issuer, visitor: httpx.Client, subject: str, target: str = HOME) -> str:
    """Sign in at the issuer and return the address that it redirects the browser to."""
    location = visitor.get("/sign-in/organisation", params={"next": target}).headers["location"]
    return str(issuer.client.post(location, data={"sub": subject}).headers["location"])


def test_a_person_signs_in_at_their_organisation_and_comes_back(issuer: Issuer, visitor: httpx.Client) -> None:
    assert "Sign in with your organisation" in words(visitor.get("/sign-in", params={"next": HOME}))
    answer = visitor.get(at_the_issuer(issuer, visitor, "jo"))
    assert (answer.status_code, answer.headers["location"]) == (303, HOME)
    page = visitor.get(HOME)
    assert page.status_code == 200
    assert "Signed in as jo" in words(page)
    assert "ledger-signing-in" not in visitor.cookies


def test_a_sign_in_is_completed_once(issuer: Issuer, visitor: httpx.Client, signing_in: Service) -> None:
    address = at_the_issuer(issuer, visitor, "jo")
    cookies = dict(visitor.cookies)
    assert visitor.get(address).status_code == 303
    with browser(signing_in.url) as copy:
        copy.follow_redirects = False
        copy.cookies.update(cookies)
        again = copy.get(address)
    assert again.status_code == 400
    assert "completed already" in words(again)


def test_what_is_sent_along_is_bound_to_this_browser(issuer: Issuer, visitor: httpx.Client) -> None:
    location = urlsplit(visitor.get("/sign-in/organisation").headers["location"])
    parameters = parse_qs(location.query)
    assert parameters["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= parameters.keys()
    assert f"{location.scheme}://{location.netloc}" == issuer.url


def test_somebody_without_a_role_is_signed_in_and_reads_nothing(issuer: Issuer, visitor: httpx.Client) -> None:
    visitor.get(at_the_issuer(issuer, visitor, "stranger"))
    assert visitor.get(HOME).status_code == 404
    assert "have access to any notices" in words(visitor.get("/"))


def test_an_answer_that_was_not_asked_for_here_signs_nobody_in(
    signing_in: Service, issuer: Issuer, visitor: httpx.Client
) -> None:
    good = at_the_issuer(issuer, visitor, "jo")
    with browser(signing_in.url) as other:
        refused = other.get(good)
        assert refused.status_code == 400
        assert "started elsewhere" in words(refused)
    for wrong in (
        good.replace("state=", "state=x"),
        good + "&iss=https%3A%2F%2Felsewhere.example",
        "/sign-in/back?error=access_denied",
        "/sign-in/back",
    ):
        assert visitor.get(wrong).status_code == 400, wrong
    assert visitor.get("/").status_code == 303


def test_a_code_that_another_began_with_is_not_taken(issuer: Issuer, visitor: httpx.Client) -> None:
    """Check that the issuer binds the code to its challenge."""
    code = parse_qs(urlsplit(at_the_issuer(issuer, visitor, "jo")).query)["code"][0]
    address = at_the_issuer(issuer, visitor, "stranger")
    own = parse_qs(urlsplit(address).query)["code"][0]
    answer = visitor.get(address.replace(own, code))
    assert answer.status_code == 400
    assert "did not confirm who you are" in words(answer)


def test_an_id_token_of_another_sign_in_is_not_taken(issuer: Issuer, visitor: httpx.Client) -> None:
    """Refuse an ID token without the sign-in's nonce, as it may belong to another person."""
    sent = visitor.get("/sign-in/organisation").headers["location"]
    nonce = parse_qs(urlsplit(sent).query)["nonce"][0]
    back = issuer.client.post(sent.replace(nonce, "another"), data={"sub": "jo"}).headers["location"]
    answer = visitor.get(back)
    assert answer.status_code == 400
    assert "not valid" in words(answer)


@pytest.mark.parametrize(
    ("changes", "accepted"),
    [
        ({}, True),
        ({"aud": ["pages"]}, True),
        ({"aud": ["pages", "other"], "azp": "pages"}, True),
        ({"aud": ["pages", "other"]}, False),
        ({"aud": ["pages", "other"], "azp": "other"}, False),
        ({"azp": "other"}, False),
        ({"exp": 10**18}, True),
        ({"exp": 1}, False),
        ({"exp": None}, False),
        ({"exp": "soon"}, False),
        ({"exp": True}, False),
        ({"nbf": 10**11}, False),
        ({"iat": 10**11}, False),
        ({"iss": "https://elsewhere.example"}, False),
        ({"aud": []}, False),
        ({"aud": AUDIENCE}, False),
        ({"nonce": "m"}, False),
        ({"nonce": ["n"]}, False),
        ({"iss": ["and the issuer"]}, False),
        ({"sub": ""}, False),
        ({"sub": ["jo"]}, False),
        ({"sub": "x" * 256}, False),
    ],
)
async def test_an_id_token_is_for_this_client_this_sign_in_and_this_time(
    issuer: Issuer, changes: dict[str, object], accepted: bool
) -> None:
    named = changes.get("iss")
    several = {"iss": [*named, issuer.url]} if isinstance(named, list) else {}
    token = issuer.sign(issuer.claims(**{"aud": "pages", "nonce": "n", **changes, **several}))
    verifier = oidc.Issuer(issuer.url, AUDIENCE)
    try:
        subject = await oidc_sign_in._verified_subject(verifier, token, "pages", "n")
    except (JoseError, ValueError):
        subject = ""
    finally:
        await verifier.close()
    assert subject == ("jo" if accepted else "")


@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx.Response(
            200, headers={"content-encoding": "gzip"}, content=gzip.compress(b" " * 10_000_000)
        ),
        lambda: httpx.Response(200, content=b" " * 10_000_000),
        lambda: httpx.Response(200, headers={"content-encoding": "zstd"}, content=b""),
    ],
)
async def test_a_token_endpoint_that_answers_too_much_is_not_read_to_its_end(
    answer: Callable[[], httpx.Response],
) -> None:
    issuer = oidc.Issuer("https://issuer.example", AUDIENCE)
    issuer.client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer()))
    with pytest.raises(ValueError, match="the issuer's answer is"):
        await issuer.exchange("POST", "https://issuer.example/token", data={"code": "c"})


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:443"])
def test_an_unknown_host_is_not_sent_to_the_issuer(visitor: httpx.Client, host: str) -> None:
    answer = visitor.get("/sign-in/organisation", headers={"Host": host})
    assert (answer.status_code, answer.headers.get("location")) == (421, None)
    assert "LEDGER_PUBLIC_URL" in words(answer)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "[::1]:9000", "127.0.0.1"])
def test_this_machine_is_known_to_itself(visitor: httpx.Client, host: str) -> None:
    location = visitor.get("/sign-in/organisation", headers={"Host": host}).headers["location"]
    assert parse_qs(urlsplit(location).query)["redirect_uri"] == [f"http://{host.lower()}/sign-in/back"]


def test_a_public_address_is_where_people_come_back_to_and_no_other_host_is_answered(
    signing_in: Service, issuer: Issuer
) -> None:
    public = {"public_url": "https://ledger.example", "oidc_client_id": "pages", "oidc_issuer": issuer.url}
    with (
        Service(signing_in.database, signing_in.notice, now, oidc_audience=AUDIENCE, **public) as service,
        browser(service.url) as client,
    ):
        client.follow_redirects = False
        for host in ("ledger.example", "Ledger.Example:443", "127.0.0.1", "localhost:1", "ledger.example:"):
            location = client.get("/sign-in/organisation", headers={"Host": host}).headers["location"]
            assert parse_qs(urlsplit(location).query)["redirect_uri"] == ["https://ledger.example/sign-in/back"]
        for host in ("evil.example", "ledger.example:8443", "ledger.example.evil", "[", "a, ledger.example"):
            for path in ("/sign-in", "/graphql", "/openapi.json", "/ledgers/tameside/entries"):
                answer = client.get(path, headers={"Host": host, "Accept": "*/*"})
                assert (answer.status_code, answer.json()["code"]) == (421, "UNKNOWN_HOST"), (host, path)
            assert client.get("/healthz", headers={"Host": host}).status_code == 200
        dotted = client.get("/sign-in/organisation?next=%2Fnotices", headers={"Host": "Ledger.Example.:443"})
        assert dotted.headers["location"] == "https://ledger.example/sign-in/organisation?next=%2Fnotices"
        detail = words(client.get("/sign-in", headers={"Host": "<b>~.example"}))
        assert "the host ?b??.example; open https://ledger.example." in detail
        assert "set LEDGER_PUBLIC_URL" in detail
        forwarded = {"Host": "upstream", "X-Forwarded-Host": "ledger.example", "X-Forwarded-Proto": "https"}
        assert client.get("/sign-in", headers=forwarded).status_code == 200
        form = {**fields(client.get("/sign-in")), "token": service.notice.tokens["officer"]}
        origin = {"Origin": "https://ledger.example"}  # the proxy sends its own name for this machine
        assert client.post("/sign-in", data=form, headers=origin).status_code == 303


def test_without_a_client_there_is_no_such_sign_in(service: Service) -> None:
    with browser(service.url) as client:
        assert "Sign in with your organisation" not in words(client.get("/sign-in"))
        assert client.get("/sign-in/organisation").status_code == 400


def test_wrong_codes_at_full_speed_are_answered_429(issuer: Issuer, visitor: httpx.Client) -> None:
    """Send wrong codes: each costs a row, and a request to the issuer with the client's secret."""

    def sent_back(address: str) -> int:
        visitor.headers["X-Forwarded-For"] = address
        location = visitor.get("/sign-in/organisation").headers["location"]
        state = parse_qs(urlsplit(location).query)["state"][0]
        return visitor.get("/sign-in/back", params={"state": state, "code": "wrong"}).status_code

    before, statuses = issuer.asked("/oauth2/token"), [sent_back("192.0.2.7")]
    while statuses[-1] != 429:
        assert len(statuses) < 3 * AT_ONCE
        statuses.append(sent_back("192.0.2.7"))
    assert set(statuses[:-1]) == {400}
    assert issuer.asked("/oauth2/token") - before == len(statuses) - 1
    assert sent_back("192.0.2.8") == 400
