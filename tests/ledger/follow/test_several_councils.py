"""One copy of two councils' ledgers: national questions answered over both."""

import asyncio
from collections.abc import Iterator

import pytest

from ledger.append.writer import Writer
from ledger.follow import source, subscription
from ledger.follow.registry import Source
from projections.engine.runner import Runner
from projections.query.reader import Reader
from projections.views.registry import ALL
from tests.ledger.follow.pairs import PASSWORD, Pair, pair, servers
from tests.ledger.history import NOTICE, SETTING_SIZE, begin
from tests.schema.conftest import World

pytestmark = [pytest.mark.database, pytest.mark.long]
OTHER = "stockport-2024"


@pytest.fixture
def councils() -> Iterator[tuple[Pair, Pair]]:
    """Yield two councils, of which the second is followed in the copy of the first."""
    with servers() as running, pair(running) as first, pair(running) as second:
        second.copy = first.copy
        key = str(second.signer.public)
        second.described = Source("stockport", "https://ledger.stockport.example", key, left=False)
        yield first, second


async def test_a_copy_answers_national_questions_about_all_its_councils(councils: tuple[Pair, Pair]) -> None:
    first, second = councils
    await first.follow()
    async with Writer(second.source) as writer:
        await begin(writer, OTHER)
    await source.publish(second.source, second.follower, PASSWORD)
    await subscription.subscribe(second.copy, second.source_login, second.described, lambda _: None)
    await second.arrived(OTHER)

    runner = await Runner(first.copy, ALL).open()
    following = asyncio.create_task(runner.run())
    async with Writer(first.copy) as writer, Reader(first.copy, ALL) as reader:
        world = World(writer, reader, runner)
        world.notices = [NOTICE, OTHER]
        for notice in world.notices:
            await world.caught_up(SETTING_SIZE, notice)
        data = await world.data("{ notices { totalCount nodes { id asOf { position } } } }", "operator")
    await runner.close()
    await asyncio.wait([following])
    nodes = [{"id": name, "asOf": {"position": SETTING_SIZE}} for name in sorted(world.notices)]
    assert data["notices"] == {"totalCount": 2, "nodes": nodes}
    assert await first.alarms() == []
    await subscription.unsubscribe(second.copy, "stockport")
