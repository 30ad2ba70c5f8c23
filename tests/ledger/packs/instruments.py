"""Invented notices of several kinds: their packs, and the history of each, recorded without a database."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.intake.pack import events, read
from ledger.intake.parse import accept
from tests.ledger.desk import Desk
from tests.ledger.history import OPERATOR, submit

PACKS = Path(__file__).parent
NAMES = ("alderbourne-2024", "carrbridge-2009", "fellshire-2024", "wharfeton-2023")
LONDON = ZoneInfo("Europe/London")


class Recorded(NamedTuple):
    """A notice with its history."""

    desk: Desk
    positions: dict[str, int]
    """Id of each recorded event → its position."""


def issued(name: str) -> Recorded:
    """Return a desk with the pack, recorded on the morning of its issue."""
    pack = read((PACKS / f"{name}.toml").read_bytes())
    desk = Desk(with_setting=False)
    desk.clock.at = local(f"{pack.notice.issued_on} 09:00")
    positions = {}
    for event in events(pack):
        entry = desk.submit(accept(event), OPERATOR)
        assert not isinstance(entry, Refused), entry
        positions[event["id"]] = entry.position
    return Recorded(desk, positions)


def local(text: str) -> datetime:
    """Return the instant of a local time, such as 2023-02-06 09:00."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def lines(name: str) -> list[dict[str, Any]]:
    """Return the lines of a history, in order.

    `at` is the time of recording, and `time` the event's own time. `corrects` is the id of the corrected event.
    `refused` is the code of the refusal.
    """
    return [json.loads(line) for line in (PACKS / f"{name}.ndjson").read_text().splitlines()]


@cache
def recorded(name: str) -> Recorded:
    """Return the desk after the whole history."""
    desk, positions = issued(name)
    wrong = []
    for line in lines(name):
        desk.clock.at = local(line["at"])
        credential = OPERATOR if line["by"] == "operator" else Credential(line["by"])
        data = line["data"] | ({"position": positions[line["corrects"]]} if "corrects" in line else {})
        times = {"time": local(line["time"]).isoformat()} if "time" in line else {}
        item = submit(line["fact"], data, line["by"], line["id"], **times)
        answer = desk.submit(item, credential)
        if isinstance(answer, Refused):
            if line.get("refused") not in [refusal.code for refusal in answer.refusals]:
                wrong.append(f"{line['id']}: {answer}")
        elif "refused" in line:
            wrong.append(f"{line['id']}: it was recorded, and should have been refused")
        else:
            positions[line["id"]] = answer.position
    assert not wrong, "; ".join(wrong)
    return Recorded(desk, positions)
