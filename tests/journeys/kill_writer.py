"""A process that appends until it is killed, and writes down each receipt before it continues.

Run as `python -m tests.journeys.kill_writer URL NAME FILE`. With the same file it continues where its receipts
end. So it sends again, under the same keys, the facts that it was sending when it was killed.
"""

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

from msgspec import Struct

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.errors import Busy, Unavailable
from tests.ledger.history import ALICE, progress, received

NOTICES = ("first-2022", "second-2023")


class Lane(Struct, frozen=True):
    """One client's way of appending."""

    notice: str
    together: int = 1
    strict: bool = False


LANES = (
    *(Lane(NOTICES[0]) for _ in range(4)),
    *(Lane(NOTICES[1]) for _ in range(2)),
    Lane(NOTICES[0], 20),
    Lane(NOTICES[1], 5, strict=True),
)


def keys(name: str, lane: int, turn: int) -> list[str]:
    """Return the ids of the facts that a lane sends together at its `turn`, counted from 0."""
    return [f"{name}.{lane}.{turn}.{index}" for index in range(LANES[lane].together)]


def turns_done(file: Path) -> Counter[int]:
    """Return the number of turns of each lane that have their receipts."""
    lines = Counter(int(line.split()[1].split(".")[1]) for line in file.read_text().splitlines())
    return Counter({lane: count // LANES[lane].together for lane, count in lines.items()})


async def run_lane(writer: Writer, name: str, lane: int, turn: int, receipts: int) -> None:
    """Append turn after turn; write the receipts of each turn to the file at once."""
    kind = LANES[lane]
    while True:
        answers = await insist(writer, kind, keys(name, lane, turn))
        lines = [f"{kind.notice} {a.id} {a.position} {a.leaf_hash} {a.root_hash}\n" for a in answers]
        os.write(receipts, "".join(lines).encode())
        turn += 1


async def insist(writer: Writer, kind: Lane, ids: list[str]) -> list[Receipt]:
    """Send the request until it is answered; end the process on a refusal, as none is expected."""
    while True:
        items = [progress(key, f"Text of {key}.") for key in ids]
        try:
            return received(await writer.append_all(kind.notice, items, ALICE, strict=kind.strict))
        except (Busy, Unavailable):
            await asyncio.sleep(0.05)


async def main(url: str, name: str, file: Path) -> None:
    """Run all lanes at the same time."""
    done = turns_done(file)
    receipts = os.open(file, os.O_WRONLY | os.O_APPEND)
    writer = Writer(url)
    while True:
        try:
            await writer.open()
            break
        except Unavailable:
            await asyncio.sleep(0.05)
    async with asyncio.TaskGroup() as lanes:
        for lane in range(len(LANES)):
            lanes.create_task(run_lane(writer, name, lane, done[lane], receipts))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
