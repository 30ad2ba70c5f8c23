"""A copy of another version than its source is refused, and an alarm of an older copy names the remedy."""

import psycopg
import pytest

from ledger.append.writer import Writer
from ledger.domain.errors import LedgerError
from ledger.follow.checks import check_source
from ledger.follow.monitor import FollowMonitor
from ledger.proof.checkpoint import Signer
from ledger.proof.high_water import HighWaterMarks
from ledger.store.database import connect
from tests.databases import copied_database
from tests.ledger.damage import NARRATED, NEWER, damage, rehash
from tests.ledger.history import ALICE, NOTICE, begin, progress, received

SOURCE = (
    "INSERT INTO ledger.sources (source, site, key, left_at) "
    "VALUES ('tameside', 'https://ledger.example', '{key}', now())"
)
FOLLOWED = "INSERT INTO ledger.followed SELECT notice, 'tameside' FROM ledger.heads"
HEAD = (
    "UPDATE ledger.heads h SET root_hash = e.root_hash FROM ledger.entries e "
    "WHERE e.notice = h.notice AND e.position = h.size"
)


async def test_a_type_of_a_newer_source_is_an_alarm_that_stops_no_verification(database: str) -> None:
    async with Writer(database) as writer:
        await begin(writer)
        received(await writer.append_all(NOTICE, [progress(), progress()], ALICE))
    await damage(database, SOURCE, FOLLOWED, key=Signer.generate("tameside/1").public)
    async with await connect(database, "ledger_writer") as connection:
        assert await FollowMonitor(HighWaterMarks()).look(connection) == ()
        await damage(database, NEWER)
        await rehash(database)
        await damage(database, HEAD)
        monitor = FollowMonitor(HighWaterMarks())
        (alarm,) = await monitor.look(connection)
        assert str(alarm) == (
            f"OLDER: {NOTICE}: this version does not know the type improvement-ledger.plan.ProgressRecorded.v99 "
            f"of entry {NARRATED}; upgrade this ledger"
        )
        await damage(database, "UPDATE ledger.entries SET leaf_hash = sha256('x') WHERE position = 2")
        alarms = await FollowMonitor(HighWaterMarks()).look(connection)
        assert [each.kind for each in alarms] == ["REWRITTEN"]
        assert await monitor.look(connection) == (alarm,)


@pytest.mark.parametrize(
    ("upgraded", "message"),
    [
        ("source", "the source has another version than this ledger; upgrade this ledger, and run ledger migrate"),
        ("own", "this ledger has another version than the source; upgrade the source, and run ledger migrate"),
    ],
)
async def test_a_follower_newer_or_older_than_its_source_is_refused(
    template: str, database: str, upgraded: str, message: str
) -> None:
    with copied_database(template, "ledger_template") as of_source:
        newer = of_source if upgraded == "source" else database
        with psycopg.connect(newer, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO public.ledger_migrations (name, checksum) VALUES ('ledger/9999_new.sql', '')"
            )
        async with await connect(of_source, None) as source, await connect(database, None) as own:
            with pytest.raises(LedgerError) as refused:
                await check_source(source, own)
    assert str(refused.value) == message
