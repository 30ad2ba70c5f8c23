"""Test an issuer's key sets with foreign keys: unusable ones are left out, and the right one is chosen."""

import asyncio
import gzip
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwk, jwt

from api.auth import oidc
from api.auth.oidc import ALGORITHMS, Issuer
from ledger.domain.errors import Unavailable

ISSUER, AUDIENCE = "https://issuer.example", "ledger"
RSA = jwk.RSAKey.generate_key(2048)
OTHER_RSA = jwk.RSAKey.generate_key(2048)
EC = jwk.ECKey.generate_key("P-256")
ED = jwk.OKPKey.generate_key("Ed25519")
BRAINPOOL = {"kty": "EC", "crv": "BP-256", "kid": "bp", "x": "AAAA", "y": "AAAA"}
PUBLIC = {"RSA": RSA, "other": OTHER_RSA, "EC": EC, "Ed": ED}


def public(key: jwk.Key, **members: Any) -> dict[str, Any]:
    """Return a key as an issuer publishes it."""
    return {**key.as_dict(private=False), **members}


def short(bits: int) -> dict[str, Any]:
    """Return a public RSA key of so many bits."""
    modulus = urlsafe_b64encode(bytes([255] * (bits // 8))).rstrip(b"=").decode()
    return {"kty": "RSA", "n": modulus, "e": "AQAB"}


def token(key: jwk.Key, alg: str, **header: Any) -> str:
    """Return an access token of `jo`."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "jo", "exp": int(time.time()) + 600}
    return jwt.encode({"alg": alg, "typ": "at+jwt", **header}, claims, key, algorithms=list(ALGORITHMS))


def issuer_of(keys: object) -> Issuer:
    """Return an issuer that publishes these keys."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/jwks":
            return httpx.Response(200, json=keys)
        return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})

    issuer = Issuer(ISSUER, AUDIENCE)
    issuer.client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return issuer


@pytest.mark.parametrize(
    ("foreign", "name"),
    [
        (BRAINPOOL, "'bp'"),
        ({"kty": "EC", "crv": "P-256", "kid": "no-point"}, "'no-point'"),
        ({"kty": "RSA", "kid": "short"}, "'short'"),
        ({"kty": "oct", "kid": "secret", "k": "AAAA"}, "'secret'"),
        ({"kty": ["RSA"], "kid": "list"}, "'list'"),
        ({"kid": "no-type"}, "'no-type'"),
        ("text", "number 1"),
        (None, "number 1"),
        (public(OTHER_RSA, kid=7), "7"),
        (public(OTHER_RSA, kid="encryption", use="enc"), "'encryption'"),
        (public(OTHER_RSA, kid="wrapping", key_ops=["wrapKey"]), "'wrapping'"),
        (public(OTHER_RSA, kid="number", key_ops=5), "'number'"),
        (public(OTHER_RSA, kid="true", key_ops=True), "'true'"),
        (public(EC, kid="object", key_ops={"verify": True}), "'object'"),
        (public(OTHER_RSA, kid="many", alg=["RS256"]), "'many'"),
        (public(OTHER_RSA, kid="modulus", n=5), "'modulus'"),
        ({**OTHER_RSA.as_dict(private=True), "kid": "private"}, "'private'"),
        ({**short(1024), "kid": "1024 bits"}, "'1024 bits'"),
    ],
)
async def test_an_unusable_key_is_left_out_and_named_in_the_log(
    foreign: object, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = issuer_of({"keys": [foreign, public(RSA, kid="good")]})
    with caplog.at_level(logging.WARNING):
        person = await issuer.person(token(RSA, "RS256", kid="good"))
    assert person is not None
    assert person.actor == "jo"
    [record] = caplog.records
    assert record.getMessage().startswith(f"the issuer's key {name} is left out: ")


async def test_a_null_member_means_an_absent_one() -> None:
    issuer = issuer_of({"keys": [public(OTHER_RSA, kid=None, use=None, alg=None), public(RSA, kid="good")]})
    assert await issuer.person(token(RSA, "RS256", kid="good")) is not None
    assert await issuer.person(token(OTHER_RSA, "RS256", kid="good")) is None
    only = issuer_of({"keys": [public(RSA, kid=None, d=None, p=None, q=None, key_ops=None, x5c=None)]})
    assert await only.person(token(RSA, "RS256")) is not None


@pytest.mark.parametrize(
    "members",
    [
        {"key_ops": []},
        {"use": ""},
        {"alg": ""},
        {"kid": "", "key_ops": ["verify", 5]},
        {"x5c": "no list", "x5t": 5},
        {"oth": [], "ext": "yes"},
        {"crv": "P-256", "k": {}},
        {"d": "", "p": ""},
    ],
)
async def test_an_empty_or_foreign_member_does_not_make_a_key_unusable(members: dict[str, Any]) -> None:
    only = issuer_of({"keys": [public(RSA) | members]})
    assert await only.person(token(RSA, "RS256")) is not None


@pytest.mark.parametrize("reverse", [False, True])
async def test_one_id_for_several_keys_is_resolved_by_algorithm_and_type(reverse: bool) -> None:
    keys = [
        public(OTHER_RSA, kid="k", alg="RS512"),
        public(RSA, kid="k", alg="RS256"),
        public(EC, kid="k"),
        public(ED, kid="k"),
    ]
    issuer = issuer_of({"keys": keys[::-1] if reverse else keys})
    for key, alg in ((OTHER_RSA, "RS512"), (RSA, "RS256"), (EC, "ES256"), (ED, "Ed25519")):
        assert await issuer.person(token(key, alg, kid="k")) is not None, alg
    for key, alg in ((OTHER_RSA, "RS256"), (RSA, "RS512"), (RSA, "PS256")):
        assert await issuer.person(token(key, alg, kid="k")) is None, alg


@pytest.mark.parametrize("reverse", [False, True])
async def test_each_of_several_keys_with_one_id_is_tried(reverse: bool) -> None:
    keys = [public(RSA, kid="k"), public(OTHER_RSA, kid="k"), public(OTHER_RSA, kid="another")]
    issuer = issuer_of({"keys": keys[::-1] if reverse else keys})
    for key in (RSA, OTHER_RSA):
        assert await issuer.person(token(key, "RS256", kid="k")) is not None
    assert await issuer.person(token(jwk.RSAKey.generate_key(2048), "RS256", kid="k")) is None
    assert await issuer.person(token(RSA, "RS256", kid="another")) is None


@pytest.mark.parametrize("alg", ["RS256", "PS512"])
async def test_a_short_key_does_not_stop_another_with_its_id(alg: str) -> None:
    # a modulus of 512 bits has no room for the digest of PS512
    issuer = issuer_of({"keys": [{**short(512), "kid": "k"}, public(RSA, kid="k")]})
    assert await issuer.person(token(RSA, alg, kid="k")) is not None


async def test_a_key_that_is_listed_twice_is_one_key() -> None:
    for again in (public(RSA), public(RSA, kid="b"), public(RSA, kid="a", use="sig", alg="RS256")):
        issuer = issuer_of({"keys": [public(RSA, kid="a"), again, public(EC, kid="c")]})
        assert await issuer.person(token(RSA, "RS256")) is not None, again
        assert await issuer.person(token(OTHER_RSA, "RS256")) is None


async def test_without_an_id_the_only_fitting_key_is_used() -> None:
    issuer = issuer_of({"keys": [public(RSA, kid="a"), public(EC, kid="b")]})
    assert await issuer.person(token(RSA, "RS256")) is not None
    assert await issuer.person(token(EC, "ES256")) is not None
    two = issuer_of({"keys": [public(RSA, kid="a"), public(OTHER_RSA, kid="b")]})
    assert await two.person(token(RSA, "RS256")) is None


@pytest.mark.parametrize("document", [[], {"keys": {}}, {}, "keys"])
async def test_what_is_not_a_key_set_leaves_the_issuer_unavailable(document: object) -> None:
    with pytest.raises(Unavailable):
        await issuer_of(document).person(token(RSA, "RS256", kid="good"))


class Endless(httpx.AsyncByteStream):
    """A body that never ends."""

    def __init__(self, piece: bytes, pause: float) -> None:
        self._piece, self._pause = piece, pause

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(self._pause)
            yield self._piece


def published(content: bytes) -> Callable[[], httpx.Response]:
    """Return a function that makes an answer with gzip's name and this body."""
    return lambda: httpx.Response(200, headers={"content-encoding": "gzip"}, content=content)


def with_keys_at(address: str) -> Callable[[], httpx.Response]:
    """Return a function that makes metadata whose keys have this address."""
    return lambda: httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": address})


BAD_ANSWERS: dict[str, Callable[[], httpx.Response]] = {
    "redirection": lambda: httpx.Response(302, headers={"location": "http://169.254.169.254/"}),
    "text named gzip": published(b"text"),
    "gzip bomb": published(gzip.compress(b" " * 10_000_000)),
    "unrequested encoding": lambda: httpx.Response(200, headers={"content-encoding": "zstd"}, content=b""),
    "endless": lambda: httpx.Response(200, stream=Endless(b" " * 65_536, 0)),
    "slow": lambda: httpx.Response(200, stream=Endless(b" ", 0.005)),
    "address with NUL": with_keys_at("https://issuer\0.example/"),
    "address too long": with_keys_at(f"https://issuer.example/{'a' * 70_000}"),
    "address without a host": with_keys_at("https:///jwks"),
    "port beyond the last": with_keys_at("https://issuer.example:99999/"),
    "half a surrogate pair": lambda: httpx.Response(200, content=b'{"issuer":"\\ud800","jwks_uri":""}'),
    "nesting": lambda: httpx.Response(200, content=b"[" * 100_000),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_a_bad_answer_leaves_the_issuer_unavailable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "ANSWER_SECONDS", 0.1)
    issuer = Issuer(ISSUER, AUDIENCE)
    issuer.client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: BAD_ANSWERS[name]()))
    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await issuer.person(token(RSA, "RS256"))


def signed(header: bytes, claims: bytes) -> str:
    """Return a token with these bytes as its header and claims, signed by the RSA key."""
    first = b".".join(urlsafe_b64encode(part).rstrip(b"=") for part in (header, claims))
    assert RSA.private_key is not None
    signature = RSA.private_key.sign(first, padding.PKCS1v15(), hashes.SHA256())
    return (first + b"." + urlsafe_b64encode(signature).rstrip(b"=")).decode()


HEADER = b'{"alg": "RS256", "typ": "at+jwt", "kid": "good"%s}'
CLAIMS = b'{"iss": "https://issuer.example", "aud": "ledger", "sub": "jo", "exp": %d%s}'


@pytest.mark.parametrize("deep", [b"[" * 3_000 + b"]" * 3_000, b'{"a":' * 1_500 + b"1" + b"}" * 1_500])
async def test_a_token_nested_deeply_is_judged_without_an_error(deep: bytes) -> None:
    issuer = issuer_of({"keys": [public(RSA, kid="good")]})
    soon = int(time.time()) + 600
    person = await issuer.person(signed(HEADER % b"", CLAIMS % (soon, b"")))
    assert person is not None
    assert await issuer.person(signed(HEADER % (b', "x": ' + deep), CLAIMS % (soon, b""))) is None
    # Python 3.13 decodes claims of this depth; the signature is right, so the person is let in.
    assert await issuer.person(signed(HEADER % b"", CLAIMS % (soon, b', "x": ' + deep))) in (None, person)


async def test_a_null_in_a_tokens_header_means_an_absent_parameter() -> None:
    issuer = issuer_of({"keys": [public(RSA, kid=None)]})
    header = b'{"alg": "RS256", "typ": "at+jwt", "kid": null, "x5t": null}'
    assert await issuer.person(signed(header, CLAIMS % (int(time.time()) + 600, b""))) is not None


async def test_a_key_set_nested_too_deeply_means_no_issuer() -> None:
    issuer = Issuer(ISSUER, AUDIENCE)
    issuer.client = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _request: httpx.Response(200, content=b"[" * 9_000))
    )
    with pytest.raises(Unavailable):
        await issuer.about()
