"""Check people's access tokens, signed by the one OpenID Connect issuer of the settings for this ledger.

A token is a JWT (RFC 9068, or one that its issuer types as plain JWT). Its signature must use a listed asymmetric
algorithm and a key that the issuer publishes. Keys are cached for some minutes. They are fetched earlier when no
cached key fits a token. All who need keys share one fetch. Those with cached keys wait at most PATIENCE_SECONDS
for an issuer that hangs.
"""

import asyncio
import logging
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from joserfc import jwk, jws, jwt
from joserfc.errors import BadSignatureError, JoseError
from msgspec import Struct

from api.auth.issuer_keys import IssuerKeys
from ledger.domain.errors import Unavailable
from ledger.domain.fact import ID_PATTERN
from projections.engine.tasks import end

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
TYPES = ("at+jwt", "application/at+jwt", "jwt")
LEEWAY_SECONDS = 60
KEYS_FRESH_SECONDS = 600.0
"""Seconds after which keys are fetched again, so that withdrawn keys lose their trust."""
KEYS_KEPT_SECONDS = 86_400.0
"""Seconds for which cached keys remain in use while the issuer cannot be reached."""
ASK_AGAIN_SECONDS = 10.0
"""Minimum seconds from a failed fetch, or from one for a token without a fitting key, to the next fetch."""
PATIENCE_SECONDS = 1.0
"""Seconds that a token with a cached key waits for newer keys, unless the latest fetch failed or took longer."""
ANSWER_SECONDS = 10.0
"""Seconds in which the issuer must send a whole answer."""
_UNREACHABLE = "sign-in is not possible now, because the issuer cannot be reached; try again later"
_LONGEST_SUBJECT = 255
_MAXIMUM_TOKEN = 16_384
_MAXIMUM_DOCUMENT = 1_000_000
_ID_TOKEN_CLAIMS = ("at_hash", "c_hash", "nonce")
_DIGESTED = "sub:"
_ID = re.compile(ID_PATTERN)
_SHAPE = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){2}")
logger = logging.getLogger(__name__)


class Person(Struct, frozen=True):
    """Person named by a valid token."""

    actor: str
    until: datetime
    """Instant from which the token is invalid."""


class Header(Struct):
    """Header of a signed token."""

    alg: str
    typ: str = ""
    kid: str | None = None


class _HeaderRegistry(jws.JWSRegistry):
    """Registry for which a null parameter of a header means an absent one."""

    def check_header(self, header: dict[str, Any]) -> None:
        """Check a header without its null parameters; raise JoseError for a wrong one."""
        super().check_header({name: value for name, value in header.items() if value is not None})


class Discovered(Struct):
    """Metadata that the issuer publishes."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None


def actor_of(subject: str) -> str:
    """Return the actor's id for a token's `sub`.

    The id is the `sub` itself if that is a valid id, and otherwise contains the digest of the `sub`. A `sub` that
    looks like such a digest is digested too, so that no two subjects share an actor.
    """
    is_own = _ID.fullmatch(subject) is not None and not subject.startswith(_DIGESTED)
    return subject if is_own else f"{_DIGESTED}{sha256(subject.encode()).hexdigest()[:32]}"


def is_subject(claim: object) -> bool:
    """Return whether a claim can be a subject: text of at most 255 characters, none half a surrogate pair."""
    is_text = isinstance(claim, str) and len(claim) <= _LONGEST_SUBJECT
    return is_text and not any("\ud800" <= character <= "\udfff" for character in str(claim))


def is_jwt(token: str) -> bool:
    """Return whether a token has the form of a signed JWT."""
    return len(token) <= _MAXIMUM_TOKEN and _SHAPE.fullmatch(token) is not None


class Issuer:
    """Issuer of access tokens, which publishes its metadata by OpenID Connect Discovery 1.0.

    Args:
        url: Address of the issuer, as its tokens name it.
        audience: Audience that the tokens must name.
        clock: Function that returns monotonic seconds.
    """

    def __init__(self, url: str, audience: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.url = url
        self._clock = clock
        self.client = httpx.AsyncClient(timeout=5.0, follow_redirects=False, headers={"accept-encoding": "gzip"})
        self._rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": url},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )
        self._registry = _HeaderRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        self._keys = IssuerKeys()
        self._discovered: Discovered | None = None
        self._fetched: float | None = None
        self._quiet_from: float | None = None
        """Monotonic seconds from which ASK_AGAIN_SECONDS must pass before the next fetch; None at the start."""
        self._is_slow = False
        """True if the latest fetch failed, or did not end in PATIENCE_SECONDS."""
        self._fetching: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Close the issuer's connections."""
        if self._fetching is not None:
            await end(self._fetching)
        await self.client.aclose()

    async def person(self, token: str) -> Person | None:
        """Return the person that a token names, or None when the token is not valid.

        Raises:
            Unavailable: The issuer's keys cannot be fetched, and the cached keys are missing or too old.
        """
        header = header_of(token)
        if header is None or header.alg not in ALGORITHMS or header.typ.lower() not in TYPES:
            return None
        keys = await self.keys(header.kid, header.alg)
        if not keys:
            return None
        try:
            claims = self.claims(token, keys, self._rules)
            until = datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS, UTC)
        except (JoseError, ValueError, TypeError, OverflowError, OSError, RecursionError):
            return None
        subject = claims["sub"]
        is_id_token = header.typ.lower() == "jwt" and any(name in claims for name in _ID_TOKEN_CLAIMS)
        if not is_subject(subject) or is_id_token:
            return None
        return Person(actor_of(subject), until)

    async def about(self) -> Discovered:
        """Return the issuer's cached metadata; raise Unavailable when none is cached and fetching fails."""
        if self._discovered is None:
            self._begin_fetch()
            await self._fetched_keys()
        if self._discovered is None:
            raise Unavailable(_UNREACHABLE)
        return self._discovered

    def claims(self, token: str, keys: list[jwk.Key], rules: jwt.JWTClaimsRegistry) -> dict[str, Any]:
        """Return the claims of a token that one of the keys signed.

        Raises:
            JoseError, ValueError: None of the keys signed the token, or a claim is wrong.
        """
        claims = self._signed(token, keys)
        rules.validate(claims)
        if type(claims["iss"]) is not str:  # a list that contains the issuer passes the rules
            raise ValueError("the token names several issuers")
        return claims

    def _signed(self, token: str, keys: list[jwk.Key]) -> dict[str, Any]:
        *others, last = keys
        for key in others:
            with suppress(BadSignatureError):
                return jwt.decode(token, key, registry=self._registry).claims
        return jwt.decode(token, last, registry=self._registry).claims

    async def keys(self, kid: str | None, alg: str) -> list[jwk.Key]:
        """Return the issuer's keys with this id and algorithm.

        Without an id, a key is returned only if no different key fits the algorithm.

        Raises:
            Unavailable: The keys cannot be fetched, and the cached keys are missing or too old.
        """
        if self._is_older(KEYS_FRESH_SECONDS):
            self._begin_fetch()
            if self._is_older(KEYS_KEPT_SECONDS):
                await self._fetched_keys()
            elif not self._is_slow and not await self._fetched_keys(PATIENCE_SECONDS):
                self._is_slow = True
        if self._is_older(KEYS_KEPT_SECONDS):
            raise Unavailable(_UNREACHABLE)
        keys = self._keys.find(kid, alg)
        if not keys:
            if self._begin_fetch():
                self._quiet_from = self._clock()
            await self._fetched_keys()
            keys = self._keys.find(kid, alg)
        return keys

    def _is_older(self, seconds: float) -> bool:
        """Return True if the cached keys are older than this, or missing."""
        return self._fetched is None or self._clock() - self._fetched > seconds

    def _begin_fetch(self) -> bool:
        """Begin a fetch in a task unless one runs or it is too early; return whether it began."""
        is_quiet = self._quiet_from is not None and self._clock() - self._quiet_from < ASK_AGAIN_SECONDS
        if is_quiet or (self._fetching is not None and not self._fetching.done()):
            return False
        self._fetching = asyncio.create_task(self._fetch())
        return True

    async def _fetched_keys(self, seconds: float | None = None) -> bool:
        """Wait for the fetch that runs, if any, and return whether it ended; it goes on when the wait ends."""
        if self._fetching is None or self._fetching.done():
            return True
        return bool((await asyncio.wait([self._fetching], timeout=seconds))[0])

    async def _fetch(self) -> None:
        """Fetch the issuer's metadata and keys; log a failure, and leave the cached ones as they are."""
        began = self._clock()
        try:
            keys = await self._published()
        except (httpx.HTTPError, JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
            logger.warning("the issuer's keys cannot be fetched: %s", type(error).__name__)
        except Exception:
            logger.exception("the issuer's keys cannot be fetched")
        else:
            self._keys, self._fetched, self._is_slow = keys, began, False
            return
        self._is_slow, self._quiet_from = True, self._clock()

    async def _published(self) -> IssuerKeys:
        metadata = await self._get(f"{self.url.rstrip('/')}/.well-known/openid-configuration")
        discovered = msgspec.json.decode(metadata, type=Discovered)
        if discovered.issuer != self.url:
            raise ValueError("the document names another issuer")
        if urlsplit(discovered.jwks_uri).scheme != urlsplit(self.url).scheme:
            raise ValueError("the keys' address has another scheme than the issuer")
        self._discovered = discovered
        return IssuerKeys(msgspec.json.decode(await self._get(discovered.jwks_uri)))

    async def _get(self, url: str) -> bytes:
        answer = await self.exchange("GET", url)
        answer.raise_for_status()
        return answer.content

    async def exchange(self, method: str, url: str, **parts: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
        """Send a request to the issuer and return its answer, whose size and time are bounded.

        Args:
            method: Method of the request.
            url: Address, from the issuer's metadata.
            parts: Form and credentials, as `httpx` takes them.

        Raises:
            httpx.HTTPError: The issuer cannot be reached, or is too slow.
            ValueError: The address is not valid, the body is too long, or its compression is unknown.
        """
        content = bytearray()
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self.client.stream(method, url, **parts) as answer:
                # 64 KB of gzip become 64 MB at most; of other encodings, gigabytes
                if answer.headers.get("content-encoding", "gzip").lower() not in ("gzip", "identity"):
                    raise ValueError("the issuer's answer is compressed in an unknown way")
                async for piece in answer.aiter_bytes():
                    content += piece
                    if len(content) > _MAXIMUM_DOCUMENT:
                        raise ValueError("the issuer's answer is too long")
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from error
        except TimeoutError as error:
            raise httpx.ReadTimeout(f"no whole answer in {ANSWER_SECONDS:g} s") from error
        return httpx.Response(answer.status_code, content=bytes(content), request=answer.request)


def header_of(token: str) -> Header | None:
    """Return the header of a token, or None if it cannot be read."""
    first = token.partition(".")[0]
    try:
        return msgspec.json.decode(urlsafe_b64decode(first + "=" * (-len(first) % 4)), type=Header)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
