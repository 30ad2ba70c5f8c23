"""Test the pages that subscribers with the same rights share: one computation for each change."""

import asyncio

from projections.query.reader import Reader
from schema.live_pages import LivePages, Page


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
