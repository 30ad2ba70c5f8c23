"""A subscription ends with its token, and says so over both transports."""

import asyncio
import json

import httpx
import pytest

from schema.errors import EXPIRED
from tests.api.http.test_subscriptions import ENTRIES, PATIENCE, opened
from tests.api.service import NO_TLS, Service, issue, revoke

pytestmark = pytest.mark.database


async def test_a_token_revoked_in_mid_stream_ends_the_subscription_by_name(service: Service) -> None:
    notice, position = service.notice.name, service.position()
    payload = {"query": ENTRIES, "variables": {"notice": notice, "after": position - 1}}
    token = await issue(service.database, notice, "officer", "COUNCIL_OFFICER")
    joined = await opened(service, {"Authorization": f"Bearer {token}"})
    await joined.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(base_url=service.url, timeout=PATIENCE, verify=NO_TLS) as browser,
        browser.stream("POST", "/graphql", json=payload, headers=headers) as events,
    ):
        lines = events.aiter_lines()
        while '"position"' not in await anext(lines):
            pass
        while '"position"' not in str(await joined.recv()):
            pass
        await revoke(service.database, notice, token)
        while '"errors"' not in (line := await anext(lines)):
            assert "NOT_FOUND" not in line
        while '"errors"' not in (message := str(await joined.recv())):
            pass
    await joined.close()
    for text in (line.removeprefix("data: "), message):
        answer = json.loads(text)
        (error,) = answer.get("payload", answer)["errors"]
        assert (error["extensions"]["code"], error["message"]) == ("UNAUTHENTICATED", EXPIRED)
