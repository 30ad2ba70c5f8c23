"""Test `ledger project`: one process keeps the views up to date, and another can take over."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.append.writer import Writer
from projections.query.reader import Reader
from projections.views.registry import ALL
from tests.api.process import uri
from tests.ledger.history import ALICE, NOTICE, SETTING_SIZE, begin, progress
from tests.projections.engine.test_runner import waits_for_the_lock
from tests.projections.folding import until


@contextmanager
def projecting(database: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the command as a process."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ledger")), "project"],
        env={**os.environ, "LEDGER_DATABASE_URL": uri(database)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert any("Following the entries" in line for line in process.stderr)
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_the_views_follow_and_another_takes_over_from_one_that_is_killed(database: str) -> None:
    with projecting(database) as first:
        async with Writer(database) as writer, Reader(database, ALL) as reader:
            await begin(writer)
            async with reader.at(NOTICE, at_least=SETTING_SIZE, wait=60):
                pass
            with projecting(database) as second:
                await until(lambda: waits_for_the_lock(database), 60)
                first.kill()
                receipt = await writer.append(NOTICE, progress(), ALICE)
                async with reader.at(NOTICE, at_least=receipt.position, wait=60):
                    pass
                second.send_signal(signal.SIGINT)
                assert second.wait(30) == 0
