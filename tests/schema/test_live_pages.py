"""Test the pages that subscribers with the same rights share, and what a subscriber gets whose rights change."""

import asyncio
from typing import Any

import pytest

from projections.query.reader import Reader
from schema import live_pages
from schema.live_pages import LivePages, Page
from tests.schema.conftest import HEAD, NOTICE, World


async def test_subscribers_with_the_same_key_share_one_computation() -> None:
    pages = LivePages(Reader("postgresql://127.0.0.1:1/none", ()))
    computed: list[Page] = []

    async def compute() -> Page:
        page = Page(3)
        page.position = 4
        computed.append(page)
        await asyncio.sleep(0)
        return page

    first, *others = await asyncio.gather(*(pages.get("same", compute) for _ in range(50)))
    again, other = await pages.get("same", compute), await pages.get("other rights", compute)
    assert all(page is first for page in (*others, again))
    assert computed == [first, other]


@pytest.fixture
async def begun(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a subscription of a board member who is also an officer, after its first entry, and its context."""
    monkeypatch.setattr(live_pages, "SENDING_SECONDS", 0.0)
    await world.record("people.RoleGranted", {"actor": "bea", "role": "COUNCIL_OFFICER"}, "another-role")
    await world.caught_up(HEAD + 1)
    context = world.context("bea")
    document = "subscription($id: ID!) { entries(notice: $id, after: 0) { position withheld } }"
    results = await world.schema.stream(document, {"id": NOTICE}, context)
    assert (await anext(results)).data["entries"] == {"position": 1, "withheld": False}
    yield results, context
    await results.aclose()


@pytest.mark.database
async def test_the_rest_of_a_page_is_not_sent_after_the_token_ended(begun: Any) -> None:
    results, context = begun
    context.viewer.is_expired = True
    ended = await anext(results)
    assert [error.extensions["code"] for error in ended.errors] == ["UNAUTHENTICATED"]
    assert [result async for result in results] == []


@pytest.mark.database
async def test_the_rest_of_a_page_is_for_the_roles_that_are_left(world: World, begun: Any) -> None:
    """Check that no entry is missing or repeated where the page was cut off."""
    results, _ = begun
    revoked = {"actor": "bea", "role": "COUNCIL_OFFICER", "reason": "She left the council."}
    await world.record("people.RoleRevoked", revoked, "one-role-less")
    entries = [(await anext(results)).data["entries"] for _ in range(HEAD)]
    assert entries == [{"position": position, "withheld": True} for position in range(2, HEAD + 2)]
