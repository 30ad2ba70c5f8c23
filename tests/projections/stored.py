"""The invented history in a database, recorded as the demo records it: by the same people, at the same times."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from api.cli.demo_data import PEOPLE, SERVICE, START
from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.intake.pack import events, read
from ledger.intake.parse import accept
from ledger.packs import shipped
from tests.ledger.history import OPERATOR, Clock, submit
from tests.ledger.packs.test_history import LINES, NOTICE, event_of


async def store(url: str, more: Sequence[dict[str, Any]] = (), until: datetime | None = None) -> int:
    """Record the history up to an instant through the writer, refusals included, and more lines at their times.

    Returns:
        The last position.
    """
    clock = Clock()
    clock.at = START
    positions: dict[str, int] = {}
    async with Writer(url, clock) as writer:
        await writer.append_all(NOTICE, [accept(event) for event in events(read(shipped(NOTICE)))], OPERATOR)
        roles = [{"actor": actor, "role": role.value} for actor, role in PEOPLE.items()]
        await writer.append_all(NOTICE, [submit("RoleGranted", role, "operator") for role in roles], OPERATOR)
        for line in sorted((*LINES, *more), key=_recorded_at):
            if until is not None and _recorded_at(line) > until:
                break
            clock.at = _recorded_at(line)
            who = SERVICE if line["demoactor"] == SERVICE.actor else Credential(line["demoactor"])
            try:
                answer = await writer.append(NOTICE, accept(event_of(line, positions)), who)
            except Refused:
                assert "demorefused" in line, line["id"]
                continue
            assert isinstance(answer, Receipt)
            positions[line["id"]] = answer.position
        return max(positions.values())


def _recorded_at(line: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(line["demorecordedat"])
