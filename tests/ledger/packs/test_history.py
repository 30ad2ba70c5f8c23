"""The invented history: the generator writes it, and each line is recorded or refused as it says."""

import json
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from api.cli.demo_data import NAMES, PEOPLE, SERVICE, START
from ledger.domain.areas.records import LossAccepted
from ledger.domain.authorisation import Credential
from ledger.domain.calendar import is_working
from ledger.domain.errors import Refused
from ledger.domain.registry import KIND_OF, KINDS
from ledger.domain.roles import Role
from ledger.intake.pack import events, read
from ledger.intake.parse import accept
from ledger.packs import history, shipped
from tests.ledger.desk import Desk
from tests.ledger.history import OPERATOR, submit
from tools.invented_history import history as written

NOTICE = "tameside-2022"
LINES: list[dict[str, Any]] = [json.loads(line) for line in history(NOTICE).splitlines()]


def begun() -> Desk:
    """Return a desk with the notice and the demo's people, at the start of the demo."""
    desk = Desk(with_setting=False)
    desk.clock.at = START
    for event in events(read(shipped(NOTICE))):
        assert not isinstance(desk.submit(accept(event), OPERATOR), Refused)
    for actor, role in PEOPLE.items():
        desk.record("RoleGranted", {"actor": actor, "role": role.value}, OPERATOR)
    return desk


def event_of(line: dict[str, Any], positions: dict[str, int]) -> dict[str, Any]:
    """Return the line as it is posted."""
    event = {name: value for name, value in line.items() if not name.startswith("demo")}
    named = {
        name: positions[earlier] if isinstance(earlier, str) else [positions[one] for one in earlier]
        for name, earlier in line.get("demorefers", {}).items()
    }
    return {**event, "data": event["data"] | named}


@cache
def played() -> tuple[Desk, dict[str, int]]:
    """Return the desk after the whole history, and the position of each recorded line."""
    desk = begun()
    positions: dict[str, int] = {}
    wrong = []
    for line in LINES:
        desk.clock.at = datetime.fromisoformat(line["demorecordedat"])
        actor = line["demoactor"]
        credential = SERVICE if actor == SERVICE.actor else Credential(actor)
        answer = desk.submit(accept(event_of(line, positions)), credential)
        if isinstance(answer, Refused):
            if line.get("demorefused") not in [refusal.code for refusal in answer.refusals]:
                wrong.append(f"{line['id']}: {answer}")
        elif "demorefused" in line:
            wrong.append(f"{line['id']}: it was recorded, and should have been refused")
        else:
            positions[line["id"]] = answer.position
    assert wrong == []
    return desk, positions


def test_the_history_is_what_the_generator_writes() -> None:
    assert history(NOTICE).decode() == written(), (
        "python -m tools.invented_history >ledger/packs/tameside-2022.ndjson"
    )


def test_every_line_is_recorded_or_refused_as_it_says() -> None:
    desk, positions = played()
    assert len(positions) == sum("demorefused" not in line for line in LINES) >= 400
    assert desk.state.notice.closed is not None


def test_the_history_holds_every_fact_but_a_loss_of_entries() -> None:
    desk, _ = played()
    assert {entry.type for entry in desk.history} == set(KINDS) - {KIND_OF[LossAccepted].type}


def test_every_month_has_something_to_tell() -> None:
    desk, _ = played()
    by_month = Counter(f"{entry.occurred_at:%Y-%m}" for entry in desk.history)
    assert len(by_month) == 21
    assert min(by_month.values()) >= 6


def test_nothing_is_recorded_at_night_but_by_systems() -> None:
    for line in LINES:
        hour = datetime.fromisoformat(line["demorecordedat"]).hour
        assert 7 <= hour <= 18 or line["demoactor"] == "performance-system", line["id"]


def test_people_record_on_working_days() -> None:
    others = [
        line["id"]
        for line in LINES
        if line["demoactor"] not in ("performance-system", "service")
        and not is_working(datetime.fromisoformat(line["demorecordedat"]).date())
    ]
    assert others == []


def test_an_entry_without_which_others_cannot_stand_is_missed_by_name() -> None:
    """Remove each thing in turn, and check that the refusal names the entry that needs it."""
    desk, positions = played()
    late = desk.clock.at + timedelta(days=1)
    assert late > START
    for key in ("objective-1", "measure-1", "review-1", "request-1", "partner-1", "meeting-1", "evidence-2"):
        entry = desk.history[positions[key] - 1]
        correction = {"position": entry.position, "reason": "It never was."}
        refused = desk.refusal("EntryCorrected", correction, "council-officer", source="invented/council-officer")
        name = entry.subject
        assert [refusal.code for refusal in refused.refusals] == ["DEPENDED_ON"], key
        assert str(name) in str(refused), key
    assert submit("EntryCorrected", {"position": 1, "reason": "No."}).fact is not None


def test_every_person_of_the_history_has_a_name_in_the_demo() -> None:
    registered = {
        line["data"]["actor"]
        for line in LINES
        if ".ActorRegistered." in line["type"] and line["data"]["kind"] == "PERSON"
    }
    systems = {actor for actor, role in PEOPLE.items() if role in (Role.INTEGRATION, Role.PARTNER)}
    assert {*registered, *PEOPLE} - systems - {"diagnostic-provider"} == set(NAMES)
