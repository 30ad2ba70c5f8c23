"""Test that feeds and subscriptions share their reads: one for each change, for all readers of the same rights."""

import asyncio
import json
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import httpx
import pytest

from projections.views import entries
from schema.assembly import LedgerSchema
from tests.api.http.test_feed import following
from tests.api.http.test_subscriptions import ENTRIES, PATIENCE, opened
from tests.api.service import Service, progress

pytestmark = pytest.mark.database
READERS = 15


def test_feeds_at_one_position_share_a_read(
    service: Service, officer: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = list[int]()
    page = entries.page

    async def counted(*args: Any, **kwargs: Any) -> list[entries.EntryRow]:
        reads.append(kwargs["after"])
        return await page(*args, **kwargs)

    monkeypatch.setattr(entries, "page", counted)
    head, recorded = service.position(), 5
    with ExitStack() as stack:
        feeds = [
            stack.enter_context(following(service.url, service.notice.tokens[actor], after=head))
            for actor in ("officer", "member")
            for _ in range(READERS)
        ]
        for _ in range(recorded):
            assert service.post(officer, progress()).status_code == 201
        for events in feeds:
            feed_entries = [next(events) for _ in range(recorded)]
            assert [position for position, _, _ in feed_entries] == [
                str(head + each) for each in range(1, recorded + 1)
            ]
    assert len(reads) < len(feeds)


def test_feeds_that_share_a_read_keep_their_rights(service: Service, officer: httpx.Client) -> None:
    head = service.position()
    tokens = service.notice.tokens
    with (
        following(service.url, tokens["officer"], after=head) as whole,
        following(service.url, tokens["member"], after=head) as hashes,
    ):
        service.post(officer, progress())
        assert "specversion" in json.loads(next(whole)[2])
        assert set(json.loads(next(hashes)[2])) == {"position", "leafHash", "withheld"}


async def test_subscriptions_that_start_at_one_position_share_a_page(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Subscribe on several sockets and as several people of one role, then as a role that sees less."""
    pages = list[object]()
    page = LedgerSchema._page

    async def counted(self: LedgerSchema, *args: Any) -> Any:
        pages.append(args)
        return await page(self, *args)

    monkeypatch.setattr(LedgerSchema, "_page", counted)
    head = service.position()
    request = {"query": ENTRIES, "variables": {"notice": service.notice.name, "after": head - 1}}
    async with AsyncExitStack() as stack:
        sockets = [await opened(service, service.headers("officer")) for _ in range(3)]
        member = await opened(service, service.headers("member"))
        for joined in (*sockets, member):
            stack.push_async_callback(joined.close)
            await joined.recv()
            for name in range(READERS):
                await joined.send(json.dumps({"type": "subscribe", "id": str(name), "payload": request}))
        async with asyncio.timeout(PATIENCE):
            for joined in (*sockets, member):
                for _ in range(READERS):
                    entry = json.loads(await joined.recv())["payload"]["data"]["entries"]
                    assert (entry["position"], entry["withheld"]) == (head, joined is member)
    assert len(pages) < 2 * READERS, "each of the 60 subscriptions computed its own pages"


async def test_who_may_not_read_gets_no_page_of_others(service: Service) -> None:
    request = {"query": ENTRIES, "variables": {"notice": service.notice.name, "after": 0}}
    answers = []
    for actor in ("officer", "system"):
        joined = await opened(service, service.headers(actor))
        async with asyncio.timeout(PATIENCE):
            await joined.recv()
            await joined.send(json.dumps({"type": "subscribe", "id": "1", "payload": request}))
            answers.append(json.loads(await joined.recv()))
        await joined.close()
    assert [answer["type"] for answer in answers] == ["next", "error"]
    assert answers[0]["payload"]["data"]["entries"]["position"] == 1
    assert answers[1]["payload"][0]["extensions"]["code"] == "NOT_FOUND"
