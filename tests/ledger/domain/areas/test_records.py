"""Upkeep of the record: effects of corrections on a history, and the erasure of free text."""

from typing import Any

import pytest

from ledger.domain.areas.records import UNCORRECTABLE
from ledger.domain.registry import KIND_OF
from ledger.domain.roles import Role, matrix
from tests.ledger.desk import Desk, Refusals, at
from tests.ledger.history import OBJECTIVE, OPERATOR

AREA, OBJECTIVE_ENTRY = 2, 7
PROGRESS = {"objective": "O1", "narrative": "Done.", "activityRating": "AMBER", "impactRating": "RED"}
ERASE = {"reason": "It names a child.", "authority": "UK GDPR, article 17"}


def correction(position: int, name: str | None = None, **data: Any) -> dict[str, Any]:
    """Return a correction, with a replacement if a fact is named."""
    event_data: dict[str, Any] = {"position": position, "reason": "A mistake."}
    if name is not None:
        event_data["replacement"] = {"type": f"improvement-ledger.{name}.v1", "data": data}
    return event_data


def test_a_corrected_entry_reads_as_absent() -> None:
    desk = Desk()
    desk.record("EntryCorrected", correction(OBJECTIVE_ENTRY), "rosa")
    assert desk.state.plan.objectives == {}
    assert desk.state.records.corrected == {OBJECTIVE_ENTRY: 8}
    assert desk.refused("ProgressRecorded", PROGRESS) == [("NOT_FOUND", "data.objective")]
    desk.record("ObjectiveAdded", OBJECTIVE)


def test_a_corrected_entry_reads_as_its_replacement() -> None:
    desk = Desk()
    desk.record("ProgressRecorded", PROGRESS)
    better = correction(OBJECTIVE_ENTRY, "plan.ObjectiveAdded", **OBJECTIVE | {"due": "2023-03-31"})
    desk.record("EntryCorrected", better, "rosa")
    assert desk.state.plan.objectives["O1"].due.isoformat() == "2023-03-31"
    assert desk.state.plan.objectives["O1"].position == OBJECTIVE_ENTRY


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (correction(8), [("NOT_FOUND", "data.position")]),
        (correction(1), [("NOT_CORRECTABLE", "data.position")]),
        (
            correction(OBJECTIVE_ENTRY, "plan.ProgressRecorded", **PROGRESS),
            [("WRONG_TYPE", "data.replacement.type")],
        ),
        (
            correction(OBJECTIVE_ENTRY, "plan.ObjectiveAdded", **OBJECTIVE | {"areas": ["1z"]}),
            [("DEPENDED_ON", "data.replacement")],
        ),
        (correction(AREA), [("DEPENDED_ON", "data.position")]),
    ],
)
def test_what_is_not_corrected(data: dict[str, Any], expected: Refusals) -> None:
    assert Desk().refused("EntryCorrected", data, "rosa") == expected


def test_the_refusal_names_the_entry_that_could_not_stand() -> None:
    desk = Desk()
    desk.record("ProgressRecorded", PROGRESS)
    desk.record("ProgressRecorded", PROGRESS)
    refused = desk.refusal("EntryCorrected", correction(OBJECTIVE_ENTRY), "rosa")
    assert "entry 8 (ProgressRecorded) would no longer be allowed: there is no objective O1" in str(refused)
    desk.record("EntryCorrected", correction(9), "rosa")
    desk.record("EntryCorrected", correction(8), "rosa")
    desk.record("EntryCorrected", correction(OBJECTIVE_ENTRY), "rosa")


def test_an_entry_is_corrected_once_and_a_correction_never() -> None:
    desk = Desk()
    desk.record("EntryCorrected", correction(OBJECTIVE_ENTRY), "rosa")
    again = desk.refused("EntryCorrected", correction(OBJECTIVE_ENTRY), "rosa")
    assert again == [("ALREADY_CORRECTED", "data.position")]
    assert desk.refused("EntryCorrected", correction(8), "rosa") == [("NOT_CORRECTABLE", "data.position")]


def test_a_grant_cannot_be_given_a_time_that_was_not_asked_for() -> None:
    desk = Desk().reviewing()
    times = {"request": "A1", "from": at(1), "until": at(3)}
    more = {"grantee": "rita", "review": "R1", "kind": "DATA", "scope": "s", "purpose": "p"}
    desk.record("AccessRequested", times | more, "bob")
    desk.record("AccessGranted", times)
    shorter = correction(11, "access.AccessRequested", **times | more | {"until": at(2)})
    assert "entry 12 (AccessGranted)" in str(desk.refusal("EntryCorrected", shorter, "rosa"))
    desk.record("EntryCorrected", correction(12, "access.AccessGranted", **times | {"until": at(2)}), "rosa")
    assert "rosa cannot decide on access" in str(desk.refusal("EntryCorrected", shorter, "rosa"))
    desk.record("EntryCorrected", shorter, OPERATOR)
    assert desk.state.access.requests["A1"].until.isoformat() == at(2)


def test_a_revoked_role_may_be_corrected_back() -> None:
    desk = Desk()
    revoked = {"actor": "alice", "role": "COUNCIL_OFFICER", "reason": "The wrong person."}
    position = desk.record("RoleRevoked", revoked, "rosa")
    desk.record("EntryCorrected", correction(position), "rosa")
    desk.record("ProgressRecorded", PROGRESS)


def test_a_text_is_erased_by_two_people_and_once() -> None:
    desk = Desk()
    target = desk.record("ProgressRecorded", PROGRESS)
    request = desk.record("ErasureRequested", ERASE | {"position": target}, "rosa")
    again = desk.record("ErasureRequested", ERASE | {"position": target}, "dan")
    erase = {"position": target, "request": request}
    assert desk.refused("NarrativeErased", erase, "rosa") == [("SAME_PERSON", "")]
    done = desk.record("NarrativeErased", erase, "dan")
    assert desk.state.records.erased == {target: done}
    assert desk.refused("NarrativeErased", erase, "dan") == [("ALREADY_ERASED", "data.position")]
    other = {"position": target, "request": again}
    assert desk.refused("NarrativeErased", other, "rosa") == [("ALREADY_ERASED", "data.position")]
    late = ERASE | {"position": target}
    assert desk.refused("ErasureRequested", late, "dan") == [("ALREADY_ERASED", "data.position")]


def test_an_erasure_needs_a_request_for_that_very_entry() -> None:
    desk = Desk()
    request = desk.record("ErasureRequested", ERASE | {"position": 2}, "rosa")
    for erase in (
        {"position": 1, "request": request},
        {"position": 2, "request": 1},
        {"position": 2, "request": 99},
    ):
        assert desk.refused("NarrativeErased", erase, "dan") == [("NOT_FOUND", "data.request")]
    absent = ERASE | {"position": desk.state.position + 1}
    assert desk.refused("ErasureRequested", absent, "rosa") == [("NOT_FOUND", "data.position")]


@pytest.mark.parametrize("name", ["ErasureRequested", "NarrativeErased"])
def test_an_erasure_is_not_undone(name: str) -> None:
    desk = Desk()
    request = desk.record("ErasureRequested", ERASE | {"position": 2}, "rosa")
    done = desk.record("NarrativeErased", {"position": 2, "request": request}, "dan")
    position = {"ErasureRequested": request, "NarrativeErased": done}[name]
    assert desk.refused("EntryCorrected", correction(position), "rosa") == [("NOT_CORRECTABLE", "data.position")]


def test_what_was_destroyed_or_shown_to_somebody_is_not_corrected_away() -> None:
    by_service = {
        kind.name
        for kind in KIND_OF.values()
        if [role for role in Role if matrix().may_record(role, kind.name)] == [Role.SERVICE]
    }
    assert {"EvidenceOpened", "AccessUsed"} < by_service
    assert by_service | {"NarrativeErased", "EvidenceErased"} <= UNCORRECTABLE
