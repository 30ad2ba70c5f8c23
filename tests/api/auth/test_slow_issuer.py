"""Test that an issuer which does not answer locks nobody out while its cached keys may be used."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self

import httpx
import pytest
import uvloop
from joserfc import jwk, jwt

from api.auth import oidc
from ledger.domain.errors import Unavailable

AUDIENCE = "ledger"
OLD, NEW = (jwk.ECKey.generate_key("P-256", {"kid": kid}) for kid in ("old", "new"))
LOOPS: list[Callable[[Coroutine[Any, Any, None]], None]] = [asyncio.run, uvloop.run]
pytestmark = pytest.mark.parametrize("run", LOOPS)


class SlowIssuer:
    """Real issuer that answers only while `answers` is set, and hangs up while `refuses` is true."""

    def __init__(self) -> None:
        self.now = 0.0
        self.key = OLD
        self.refuses = False
        self.answers = asyncio.Event()
        self.asked = asyncio.Condition()
        self.requests = 0
        """Number of requests for the metadata, which begin a fetch."""

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[tuple[Self, oidc.Issuer]]:
        """Yield the issuer and its client, whose requests have no time limits."""
        slow = cls()
        server = await asyncio.start_server(slow._answer, "127.0.0.1", 0)
        slow.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = oidc.Issuer(slow.url, AUDIENCE, lambda: slow.now)
        await client.client.aclose()
        client.client = httpx.AsyncClient(timeout=None)  # noqa: S113 - only the test's own limit counts
        try:
            async with asyncio.timeout(30):
                yield slow, client
        finally:
            slow.answers.set()
            await client.close()
            server.close()

    url = ""

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        if path != "/jwks":
            self.requests += 1
            async with self.asked:
                self.asked.notify_all()
        await self.answers.wait()
        keys = {"keys": [self.key.as_dict(private=False)]}
        body = json.dumps(keys if path == "/jwks" else {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"})
        if not self.refuses:
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write((head + body).encode())
            await writer.drain()
        writer.close()

    async def until_asked(self, times: int) -> None:
        """Wait for this many fetches to start."""
        async with self.asked:
            await self.asked.wait_for(lambda: self.requests >= times)

    def token(self, key: jwk.ECKey = OLD) -> str:
        """Return an access token of `jo`."""
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "jo", "exp": int(time.time()) + 600}
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": key.kid}, claims, key)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the limit on the issuer's answer, so that only an answer without it passes."""
    monkeypatch.setattr(oidc, "ANSWER_SECONDS", None)
    monkeypatch.setattr(oidc, "PATIENCE_SECONDS", 0.01)


async def everybody(client: oidc.Issuer, token: str) -> list[oidc.Person | None]:
    return list(await asyncio.gather(*(client.person(token) for _ in range(8))))


def test_cached_keys_let_everybody_in_while_the_issuer_hangs(run: Callable[..., None]) -> None:
    async def hang() -> None:
        async with SlowIssuer.running() as (slow, client):
            slow.answers.set()
            assert await client.person(slow.token()) is not None
            slow.answers.clear()
            slow.now = oidc.KEYS_FRESH_SECONDS + 1
            assert None not in await everybody(client, slow.token())
            await client.about()
            slow.now += oidc.ASK_AGAIN_SECONDS
            assert None not in await everybody(client, slow.token())
            await slow.until_asked(2)
            assert slow.requests == 2  # the second still waits for its answer
            slow.key = NEW
            unknown = asyncio.create_task(client.person(slow.token(NEW)))  # waits for the same answer
            slow.answers.set()
            assert await unknown is not None
            assert slow.requests == 2
            assert await client.person(slow.token()) is None

    run(hang())


def test_withdrawn_keys_lose_their_trust_while_the_issuer_answers(
    run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "PATIENCE_SECONDS", 60.0)

    async def withdraw() -> None:
        async with SlowIssuer.running() as (slow, client):
            slow.answers.set()
            assert await client.person(slow.token()) is not None
            slow.key = NEW
            slow.now = oidc.KEYS_FRESH_SECONDS + 1
            assert await everybody(client, slow.token()) == [None] * 8

    run(withdraw())


def test_an_issuer_that_failed_is_asked_again_at_intervals_and_nobody_waits(
    run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        async with SlowIssuer.running() as (slow, client):
            slow.answers.set()
            assert await client.person(slow.token()) is not None
            slow.refuses = True
            slow.now = oidc.KEYS_FRESH_SECONDS + 1
            monkeypatch.setattr(oidc, "PATIENCE_SECONDS", None)  # so that this attempt ends
            assert None not in await everybody(client, slow.token())
            assert await everybody(client, slow.token(NEW)) == [None] * 8
            slow.answers.clear()
            slow.now += oidc.ASK_AGAIN_SECONDS - 1
            assert None not in await everybody(client, slow.token())
            assert slow.requests == 2
            slow.now += 1
            assert None not in await everybody(client, slow.token())
            await slow.until_asked(3)
            assert None not in await everybody(client, slow.token())
            assert slow.requests == 3

    run(fail())


@pytest.mark.parametrize("starts", ["person", "about"])
def test_all_who_have_no_keys_wait_for_one_answer(run: Callable[..., None], starts: str) -> None:
    async def wait() -> None:
        async with SlowIssuer.running() as (slow, client):
            first = asyncio.create_task(getattr(client, starts)(*([slow.token()] if starts == "person" else [])))
            await slow.until_asked(1)
            all_wait = asyncio.create_task(everybody(client, slow.token()))
            await asyncio.sleep(0)
            first.cancel()  # a caller that leaves takes nothing from the others
            await asyncio.wait([first])
            slow.answers.set()
            assert None not in await all_wait
            assert (await client.about()).issuer == slow.url
            assert slow.requests == 1

    run(wait())


def test_whoever_has_no_keys_is_refused_at_once_between_the_attempts(run: Callable[..., None]) -> None:
    async def refuse() -> None:
        async with SlowIssuer.running() as (slow, client):
            slow.refuses = True
            slow.answers.set()
            for waits in (partial(client.person, slow.token()), client.about):
                with pytest.raises(Unavailable):
                    await waits()
            slow.refuses = False
            slow.now = oidc.ASK_AGAIN_SECONDS - 1
            with pytest.raises(Unavailable):
                await client.person(slow.token())
            assert slow.requests == 1
            slow.now += 1
            assert await client.person(slow.token()) is not None
            assert slow.requests == 2

    run(refuse())
