"""A source that was restored from a backup: the copy keeps what it has, and says why it ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.store.database import connect
from ledger.verify.database import verify
from tests.journeys.tcp_server import TcpServer
from tests.ledger.damage import damage
from tests.ledger.follow.pairs import Pair, drop_slot, pair, servers
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, progress, received

pytestmark = [pytest.mark.database, pytest.mark.long]
COPIED = SETTING_SIZE + 3
RESTORED = f"does not have the {COPIED} entries of {NOTICE} that are here: it was restored from an older copy"


async def record(url: str, number: int) -> None:
    """Record progress by a process that knows no high-water mark."""
    async with Writer(url) as writer:
        received(await writer.append_all(NOTICE, [progress() for _ in range(number)], ALICE))


async def copied_size(both: Pair) -> int:
    """Return the size of the copy, which is sound."""
    assert (await verify(both.copy)).sound
    async with await connect(both.copy) as connection:
        [(size,)] = await (await connection.execute("SELECT size FROM ledger.heads")).fetchall()
    return int(size)


async def later_alarms(both: Pair) -> list[str]:
    """Return the kinds of the alarms when nothing has been heard for 90 s."""
    async with await connect(both.copy, "ledger_writer") as connection:
        later = datetime.now(UTC) + timedelta(seconds=90)
        return [alarm.kind for alarm in await both.monitor.look(connection, later)]


async def test_a_restored_dump_is_an_alarm_and_is_named_when_following_is_to_go_on(both: Pair) -> None:
    await both.follow()
    await record(both.source, 3)
    await both.arrived()
    assert await both.alarms() == []
    await drop_slot(both)
    await damage(
        both.source,
        "DELETE FROM ledger.entries WHERE position = 10",
        "DELETE FROM ledger.narratives WHERE position = 10",
        "UPDATE ledger.heads h SET size = 9, root_hash = e.root_hash FROM ledger.entries e WHERE e.position = 9",
    )
    assert await later_alarms(both) == ["SILENT"]
    with pytest.raises(LedgerError, match=RESTORED):
        await both.subscribe()
    await record(both.source, 5)  # past the entries that were copied
    with pytest.raises(LedgerError, match=RESTORED):
        await both.subscribe()
    assert await copied_size(both) == COPIED


@pytest.fixture
def alone() -> Iterator[tuple[TcpServer, Pair]]:
    """Yield a source on a server of its own, and the pair."""
    with servers() as running, pair(running) as both:
        yield running[0], both


async def test_a_server_restored_with_its_slots_adds_nothing_to_the_copy(alone: tuple[TcpServer, Pair]) -> None:
    server, both = alone
    await both.follow()
    server.stop()
    backup = server.back_up()
    server.start()
    await record(both.source, 3)
    await both.arrived()
    server.stop()
    server.restore(backup)
    server.start()
    await record(both.source, 5)
    with pytest.raises(LedgerError, match=RESTORED):
        await both.subscribe()
    await both.alarmed("STOPPED")
    assert await copied_size(both) == COPIED
