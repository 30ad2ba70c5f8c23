"""Test people's access tokens, from a real issuer: valid ones, and each way in which one can be invalid."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwk, jws, jwt

from api.auth import oidc
from ledger.domain.errors import Unavailable
from tests.api import issuer as issuers
from tests.api.issuer import AUDIENCE, Issuer
from tests.api.service import NO_TLS, STRUCTURED, Service, begin, event, progress, record, run
from tests.databases import copied_database

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuers.running() as running:
        yield running


@pytest.fixture(scope="module")
def signing_in(template: str, issuer: Issuer) -> Iterator[Service]:
    """Run a service of that issuer, where `jo` is a council officer, and `robot` a system with the same role."""
    with copied_database(template, "views_template") as url:
        notice = run(begin(url))
        registered = [
            *(
                event("people.ActorRegistered", {"actor": actor, "kind": kind}, "operator")
                for actor, kind in (("jo", "PERSON"), ("robot", "SYSTEM"), (oidc.actor_of("jo@council"), "PERSON"))
            ),
            *(
                event("people.RoleGranted", {"actor": actor, "role": "COUNCIL_OFFICER"}, "operator")
                for actor in ("jo", "robot", "stranger", oidc.actor_of("jo@council"))
            ),
        ]
        run(record(url, notice.name, registered))
        with Service(url, notice, oidc_issuer=issuer.url, oidc_audience=AUDIENCE) as running:
            yield running


def asked(service: Service, token: str, **headers: str) -> httpx.Response:
    with service.client() as client:
        return client.get(service.entries, headers={"Authorization": f"Bearer {token}", **headers})


def code_of(service: Service, token: str) -> tuple[int, str]:
    answer = asked(service, token)
    return answer.status_code, answer.json()["code"] if answer.status_code != 200 else ""


def test_who_signed_in_records_and_reads_as_the_actor_of_their_subject(
    signing_in: Service, issuer: Issuer
) -> None:
    token = issuer.sign_in("jo")
    with signing_in.client() as client:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": STRUCTURED}
        answer = client.post(signing_in.entries, json=progress(source="jo"), headers=headers)
        assert answer.status_code == 201
        lines = client.get(signing_in.entries, params={"after": answer.json()["position"] - 1}, headers=headers)
    entry = json.loads(lines.content)
    assert (entry["actor"], entry["actorrole"]) == ("jo", "COUNCIL_OFFICER")


def test_a_subject_that_is_no_id_never_stands_in_the_ledger(signing_in: Service, issuer: Issuer) -> None:
    token = issuer.sign_in("jo@council")
    with signing_in.client() as client:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": STRUCTURED}
        assert client.post(signing_in.entries, json=progress(source="jo-2"), headers=headers).status_code == 201
        assert b"jo@council" not in client.get(signing_in.entries, headers=headers).content


@pytest.mark.parametrize("subject", ["robot", "stranger", "nobody"])
def test_only_registered_persons_are_found_by_their_subject(
    signing_in: Service, issuer: Issuer, subject: str
) -> None:
    assert code_of(signing_in, issuer.sign_in(subject)) == (404, "UNKNOWN_NOTICE")


def test_a_person_has_the_parts_of_all_their_notices(signing_in: Service, issuer: Issuer) -> None:
    run(begin(signing_in.database, "elsewhere"))
    run(begin(signing_in.database, "apart"))
    there = [
        event("people.ActorRegistered", {"actor": "jo", "kind": "PERSON"}, "operator"),
        event("people.RoleGranted", {"actor": "jo", "role": "ADVISER"}, "operator"),
    ]
    run(record(signing_in.database, "elsewhere", there))
    headers = {"Authorization": f"Bearer {issuer.sign_in('jo')}"}
    with signing_in.client() as client:
        while True:  # the view of people follows the entries
            answer = client.post(
                "/graphql", json={"query": "{ me { actor parts { notice roles } } }"}, headers=headers
            )
            me = answer.json()["data"]["me"]
            if len(me["parts"]) == 2:
                break
        assert client.get("/ledgers/apart/entries", headers=headers).status_code == 404
    assert me["actor"] == "jo"
    assert [(part["notice"], part["roles"]) for part in me["parts"]] == [
        ("elsewhere", ["ADVISER"]),
        ("tameside", ["COUNCIL_OFFICER"]),
    ]


def test_whose_role_was_revoked_has_no_part_though_the_token_is_good(signing_in: Service, issuer: Issuer) -> None:
    granted = [
        event("people.ActorRegistered", {"actor": "lee", "kind": "PERSON"}, "operator"),
        event("people.RoleGranted", {"actor": "lee", "role": "CHAIR"}, "operator"),
    ]
    run(record(signing_in.database, "tameside", granted))
    token = issuer.sign_in("lee")
    assert code_of(signing_in, token) == (200, "")
    ended = event("people.RoleRevoked", {"actor": "lee", "role": "CHAIR", "reason": "Left."}, "operator")
    run(record(signing_in.database, "tameside", [ended]))
    assert code_of(signing_in, token) == (404, "UNKNOWN_NOTICE")


@pytest.mark.parametrize(
    ("changed", "good"),
    [
        ({}, True),
        ({"aud": ["another", AUDIENCE]}, True),
        ({"iat": 30, "nbf": 30}, True),
        ({"exp": -30}, True),
        ({"exp": -90}, False),
        ({"exp": None}, False),
        ({"exp": "soon"}, False),
        ({"nbf": 90}, False),
        ({"iat": 90}, False),
        ({"aud": "another"}, False),
        ({"aud": None}, False),
        ({"iss": "https://id.example"}, False),
        ({"iss": None}, False),
        ({"sub": None}, False),
        ({"sub": ""}, False),
        ({"sub": 7}, False),
        ({"sub": "j" * 256}, False),
        *(({"exp": 10**exponent}, False) for exponent in (12, 18, 30)),
    ],
)
def test_a_token_is_good_for_its_ledger_and_its_time_only(
    signing_in: Service, issuer: Issuer, changed: dict[str, Any], good: bool
) -> None:
    now = issuer.claims()["iat"]
    times = {
        name: now + value if isinstance(value, int) and name in ("exp", "nbf", "iat") else value
        for name, value in changed.items()
    }
    token = issuer.sign(issuer.claims(**times))
    assert code_of(signing_in, token) == ((200, "") if good else (401, "UNAUTHENTICATED"))


@pytest.mark.parametrize(
    ("header", "good"),
    [
        ({"typ": "JWT"}, True),
        ({"typ": "application/at+jwt"}, True),
        ({"typ": "logout+jwt"}, False),
        ({"typ": ""}, False),
    ],
)
def test_only_access_tokens_are_taken(
    signing_in: Service, issuer: Issuer, header: dict[str, Any], good: bool
) -> None:
    outcome = code_of(signing_in, issuer.sign(issuer.claims(), **header))
    assert outcome == ((200, "") if good else (401, "UNAUTHENTICATED"))


@pytest.mark.parametrize("claim", ["nonce", "at_hash", "c_hash"])
def test_an_id_token_is_no_access_token(signing_in: Service, issuer: Issuer, claim: str) -> None:
    assert code_of(signing_in, issuer.sign(issuer.claims(**{claim: "x"}), typ="JWT"))[0] == 401


def part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def public(issuer: Issuer) -> jwk.RSAKey:
    return jwk.RSAKey.import_key(issuer.client.get("/jwks").json()["keys"][0])


def test_a_token_without_a_signature_is_refused(signing_in: Service, issuer: Issuer) -> None:
    for algorithm in ("none", "None", "NONE", ""):
        for kid in (public(issuer).kid, None):
            unsigned = f"{part({'alg': algorithm, 'typ': 'at+jwt', 'kid': kid})}.{part(issuer.claims())}."
            for token in (unsigned, unsigned + "AAAA"):
                assert code_of(signing_in, token) == (401, "UNAUTHENTICATED")


def test_the_public_key_is_no_shared_secret(signing_in: Service, issuer: Issuer) -> None:
    key = public(issuer)
    for secret in (
        key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        key.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.as_dict()).encode(),
    ):
        signed = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': key.kid})}.{part(issuer.claims())}"
        signature = hmac.digest(secret, signed.encode(), "sha256")  # by hand: joserfc itself refuses to
        token = f"{signed}.{urlsafe_b64encode(signature).decode().rstrip('=')}"
        assert code_of(signing_in, token) == (401, "UNAUTHENTICATED")


def test_another_key_under_the_issuers_name_is_refused(signing_in: Service, issuer: Issuer) -> None:
    forged = jwk.RSAKey.generate_key(2048)
    header = {"alg": "RS256", "typ": "at+jwt", "kid": public(issuer).kid}
    assert code_of(signing_in, jwt.encode(header, issuer.claims(), forged)) == (401, "UNAUTHENTICATED")
    embedded = {**header, "kid": "mine", "jwk": forged.as_dict(private=False)}
    assert code_of(signing_in, jwt.encode(embedded, issuer.claims(), forged)) == (401, "UNAUTHENTICATED")


def test_a_changed_claim_breaks_the_signature(signing_in: Service, issuer: Issuer) -> None:
    head, _, signature = issuer.sign_in("nobody").split(".")
    assert code_of(signing_in, f"{head}.{part(issuer.claims())}.{signature}") == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "token", ["a.b.c", "e30.e30.e30", "." * 2, "x" * 20_000, "a.b.c.d.e", "eyJhbGciOiJSUzI1NiJ9"]
)
def test_what_is_no_token_is_refused(signing_in: Service, token: str) -> None:
    assert code_of(signing_in, token) == (401, "UNAUTHENTICATED")


def test_two_authorizations_are_none(signing_in: Service, issuer: Issuer) -> None:
    headers = [("Authorization", f"Bearer {issuer.sign_in('jo')}")] * 2
    answer = httpx.get(signing_in.url + signing_in.entries, headers=headers, verify=NO_TLS)
    assert answer.status_code == 401


def test_a_new_key_is_taken_and_the_old_one_no_more(
    signing_in: Service, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "ASK_AGAIN_SECONDS", 0.5)
    old = issuer.sign_in("jo")
    assert code_of(signing_in, old) == (200, "")
    issuer.rotate()
    new = issuer.sign_in("jo")
    while code_of(signing_in, new) != (200, ""):  # at most ASK_AGAIN_SECONDS, as other tests made it ask
        pass
    assert code_of(signing_in, old) == (401, "UNAUTHENTICATED")


def test_unknown_keys_do_not_flood_the_issuer(issuer: Issuer) -> None:
    now = 0.0

    async def flood() -> None:
        nonlocal now
        client = oidc.Issuer(issuer.url, AUDIENCE, lambda: now)
        assert await client.person(issuer.sign_in("jo")) is not None
        issuer.rotate()
        before = issuer.asked("/jwks")
        assert await client.person(issuer.sign_in("jo")) is not None  # a new key is asked for at once
        tokens = [issuer.sign(issuer.claims(), kid=f"unknown-{number}") for number in range(30)]
        assert await asyncio.gather(*map(client.person, tokens)) == [None] * 30
        assert issuer.asked("/jwks") == before + 1
        now = oidc.ASK_AGAIN_SECONDS
        assert await asyncio.gather(*map(client.person, tokens)) == [None] * 30
        assert issuer.asked("/jwks") == before + 2
        now = oidc.ASK_AGAIN_SECONDS + oidc.KEYS_FRESH_SECONDS + 1
        assert await client.person(issuer.sign_in("jo")) is not None
        assert issuer.asked("/jwks") == before + 3  # keys expire all the same
        await client.close()

    asyncio.run(flood())


def test_kept_keys_outlast_an_issuer_that_is_away_for_a_day(issuer: Issuer) -> None:
    now = 0.0
    token = issuer.sign_in("jo")

    async def away() -> None:
        nonlocal now
        client = oidc.Issuer(issuer.url, AUDIENCE, lambda: now)
        assert await client.person(token) is not None
        await client.close()
        client.client = httpx.AsyncClient(proxy="http://localhost:9")  # nobody listens there
        now = oidc.KEYS_KEPT_SECONDS
        assert await client.person(token) is not None
        now += 1
        with pytest.raises(Unavailable):
            await client.person(token)
        await client.close()

    asyncio.run(away())


@pytest.mark.parametrize("path", ["/elsewhere", "/"])
def test_a_discovery_document_of_another_issuer_is_not_believed(issuer: Issuer, path: str) -> None:
    async def ask() -> None:
        client = oidc.Issuer(issuer.url + path, AUDIENCE)
        with pytest.raises(Unavailable):
            await client.person(issuer.sign_in("jo"))
        await client.close()

    asyncio.run(ask())


def test_no_two_subjects_share_an_actor() -> None:
    digested = oidc.actor_of("zoë@council")
    assert digested.startswith("sub:")
    assert oidc.actor_of(digested) not in (digested, oidc.actor_of("zoë"))


@pytest.mark.parametrize("subject", ["\ud800", "jo\udfff", "j" * 256, 7, None, ["jo"]])
def test_a_claim_that_no_actor_can_be_made_of_is_no_subject(subject: object) -> None:
    assert not oidc.is_subject(subject)
    assert oidc.is_subject("zoë@council \U0001f600")


@pytest.mark.parametrize("subject", ["\ud800", "jo"])
def test_half_a_surrogate_pair_is_no_person(subject: str) -> None:
    key = jwk.ECKey.generate_key("P-256")
    claims = {"iss": "https://id.example", "aud": AUDIENCE, "exp": 2**33, "sub": subject}
    token = jws.serialize_compact({"alg": "ES256", "typ": "at+jwt"}, json.dumps(claims), key, algorithms=["ES256"])

    async def find_keys(_kid: str | None, _algorithm: str) -> list[jwk.ECKey]:
        return [key]

    async def ask() -> oidc.Person | None:
        issuer = oidc.Issuer("https://id.example", AUDIENCE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(issuer, "keys", find_keys)
            person = await issuer.person(token)
        await issuer.close()
        return person

    assert (asyncio.run(ask()) is not None) == (subject == "jo")
