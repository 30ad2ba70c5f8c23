"""The effect of corrections on a history: replaced, removed, left out, of an earlier version."""

from typing import Any

import msgspec
import pytest

from ledger.domain import corrections
from ledger.domain.areas.plan import ObjectiveAdded
from ledger.domain.areas.records import EntryCorrected, Replacement
from ledger.domain.authorisation import Credential
from ledger.domain.corrections import effective, effects, fold
from ledger.domain.fact import Narrative
from ledger.domain.registry import KIND_OF, StoredType
from ledger.domain.roles import Role
from tests.ledger.desk import Desk
from tests.ledger.history import DIGEST

OBJECTIVE = {"objective": "O2", "title": "Visits", "areas": ["1a"], "owner": "bob", "due": "2023-01-31"}
RECORDS = Credential("operator", role=Role.OPERATOR)


def corrected_desk(*, removed: bool = False) -> tuple[Desk, int]:
    """Return a desk on which an objective was corrected, and the objective's position."""
    desk = Desk()
    position = desk.record("ObjectiveAdded", OBJECTIVE)
    desk.clock.advance(seconds=1)
    data: dict[str, object] = {"position": position, "reason": "A wrong date."}
    if not removed:
        data["replacement"] = {"type": KIND_OF[ObjectiveAdded].type, "data": OBJECTIVE | {"due": "2023-02-28"}}
    desk.record("EntryCorrected", data, RECORDS)
    return desk, position


def test_a_replaced_entry_reads_as_its_replacement() -> None:
    desk, position = corrected_desk()
    item = effective(desk.history)[position - 1]
    assert isinstance(item.entry.fact, ObjectiveAdded)
    assert item.entry.fact.due.isoformat() == "2023-02-28"
    assert (item.removed, item.corrected_by) == (False, position + 1)
    assert item.entry.recorded_at == desk.history[position - 1].recorded_at
    assert fold(effective(desk.history)).plan.objectives["O2"].due.isoformat() == "2023-02-28"


def test_a_removed_entry_keeps_its_position_and_loses_its_fact() -> None:
    desk, position = corrected_desk(removed=True)
    item = effective(desk.history)[position - 1]
    assert (item.removed, item.corrected_by) == (True, position + 1)
    state = fold(effective(desk.history))
    assert "O2" not in state.plan.objectives
    assert state.position == len(desk.history)


def test_a_pending_correction_counts_after_those_recorded() -> None:
    desk, position = corrected_desk()
    pending = EntryCorrected(position=position, reason=Narrative(DIGEST))
    assert effective(desk.history, pending)[position - 1].removed
    assert not effective(desk.history)[position - 1].removed


def test_a_correction_of_an_entry_that_is_left_out_is_ignored() -> None:
    desk, position = corrected_desk()
    others = [entry for entry in desk.history if entry.position != position]
    assert [item.entry for item in effective(others)] == others


def test_the_effects_of_each_entry_in_order_give_the_same_facts() -> None:
    desk, _ = corrected_desk()
    facts = {effect.position: effect.fact for entry in desk.history for effect in effects(entry)}
    assert facts == {item.entry.position: item.entry.fact for item in effective(desk.history)}


def test_a_replacement_of_an_earlier_version_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = StoredType(
        KIND_OF[ObjectiveAdded],
        (
            lambda data: {**data, "owner": data["lead"]},
            lambda data: {name: value for name, value in data.items() if name != "lead"},
        ),
    )
    monkeypatch.setattr(corrections, "STORED_TYPES", {"improvement-ledger.plan.ObjectiveAdded.v0": earlier})
    data: dict[str, Any] = {name: value for name, value in OBJECTIVE.items() if name != "owner"}
    data |= {"lead": "bob", "title": {"sha256": DIGEST}}
    correction = EntryCorrected(
        position=7,
        reason=Narrative(DIGEST),
        replacement=Replacement("improvement-ledger.plan.ObjectiveAdded.v0", data),
    )
    fact = corrections.replacement(correction)
    assert isinstance(fact, ObjectiveAdded)
    assert fact.owner == "bob"
    assert msgspec.to_builtins(correction.replacement)["data"] == data
