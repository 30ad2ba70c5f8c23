"""Wrong clocks: a machine ahead of or behind the database, a jump, a notice that a wrong clock has poisoned."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from ledger.append.clock import MachineClock, check_last
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import ClockWrong
from ledger.verify.database import verify
from ledger.verify.findings import Damage
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress

YEAR = timedelta(days=365)


class Wall:
    """A clock that a test sets wrong."""

    def __init__(self, wrong: timedelta = timedelta()) -> None:
        self.wrong = wrong

    def __call__(self) -> datetime:
        """Return the wrong time."""
        return datetime.now(UTC) + self.wrong


@pytest.mark.parametrize("wrong", [YEAR, timedelta(seconds=30), timedelta(seconds=-30), -YEAR])
async def test_a_clock_that_differs_from_the_databases_records_nothing(database: str, wrong: timedelta) -> None:
    async with Writer(database) as writer:
        await begin(writer)
    async with Writer(database, MachineClock(Wall(wrong))) as writer:
        with pytest.raises(ClockWrong, match="behind" if wrong < timedelta() else "ahead of"):
            await writer.append(NOTICE, progress(), ALICE)
    async with Writer(database) as writer:
        receipt = await writer.append(NOTICE, progress(), ALICE)
    assert receipt.position == SETTING_SIZE + 1
    assert abs(receipt.recorded_at - datetime.now(UTC)) < timedelta(minutes=5)


async def test_a_wrong_clock_records_no_new_notice(database: str) -> None:
    async with Writer(database, MachineClock(Wall(YEAR))) as writer:
        with pytest.raises(ClockWrong):
            await begin(writer)


async def test_a_jump_of_the_clock_is_refused_and_recording_goes_on_after_it(database: str) -> None:
    wall = Wall()
    async with Writer(database, MachineClock(wall)) as writer:
        await begin(writer)
        wall.wrong = timedelta(seconds=60)
        with pytest.raises(ClockWrong, match="jumped ahead by 60 s"):
            await writer.append(NOTICE, progress(), ALICE)
        wall.wrong = timedelta()
        assert isinstance(await writer.append(NOTICE, progress(), ALICE), Receipt)


def test_time_that_passes_is_no_jump() -> None:
    moment = [datetime(2026, 1, 1, tzinfo=UTC), 0.0]
    clock = MachineClock(lambda: moment[0], lambda: moment[1])  # type: ignore[arg-type,return-value]
    moment[:] = [datetime(2026, 3, 1, tzinfo=UTC), 59 * 86_400.0]
    clock.check_elapsed()
    moment[1] = 59 * 86_400.0 - 10
    with pytest.raises(ClockWrong):
        clock.check_elapsed()


@pytest.mark.parametrize(("seconds", "wrong"), [(4.9, False), (-4.9, False), (5.1, True), (-5.1, True)])
def test_a_clock_may_differ_by_five_seconds(seconds: float, *, wrong: bool) -> None:
    moment, off = datetime(2026, 1, 1, tzinfo=UTC), timedelta(seconds=seconds)
    with pytest.raises(ClockWrong) if wrong else nullcontext():
        MachineClock(lambda: moment + off).check_against(moment)
    walls = iter((moment, moment + off))
    with pytest.raises(ClockWrong) if wrong and off > timedelta() else nullcontext():
        MachineClock(lambda: next(walls), lambda: 0.0).check_elapsed()
    with pytest.raises(ClockWrong) if wrong and off > timedelta() else nullcontext():
        check_last(NOTICE, moment + off, moment)


async def test_a_poisoned_notice_is_read_and_named_and_its_neighbours_go_on(database: str) -> None:
    async with Writer(database, Wall(YEAR)) as simulated:
        await begin(simulated)
    async with Writer(database) as writer:
        await begin(writer, "other-2023")
        with pytest.raises(ClockWrong, match=f"ledger verify {NOTICE}"):
            await writer.append(NOTICE, progress(), ALICE)
        assert isinstance(await writer.append("other-2023", progress(), ALICE), Receipt)
        assert (await writer.state(NOTICE)).position == SETTING_SIZE
    report = await verify(database, NOTICE)
    assert report.first is not None
    assert (report.first.position, report.first.damage) == (1, Damage.AHEAD)
    assert (await verify(database, "other-2023")).sound
