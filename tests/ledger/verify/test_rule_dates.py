"""Replay of entries that rules refuse which became stricter after they were recorded."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.domain.registry import KINDS, find_kind
from ledger.domain.rule_dates import DATED_RULES
from ledger.verify.admission import AdmissionReplay
from ledger.verify.findings import Damage, NoticeReport
from tests.ledger.history import NOTICE, setting

Recorded = tuple[str, dict[str, Any], str, str]
"""Name of a fact, its data, and its recorder with the role."""
NARRATIVE = {"sha256": "A" * 43 + "="}
PROGRESS = {"objective": "O1", "narrative": NARRATIVE, "activityRating": "AMBER", "impactRating": "RED"}
EARLY = datetime(2026, 11, 1, 9, tzinfo=UTC)
LATE = datetime(2027, 2, 1, 9, tzinfo=UTC)


def bodies(at: datetime, *recorded: Recorded) -> list[bytes]:
    """Return the stored bytes of the setting and of further entries, recorded at an instant."""
    by_operator = {"actor": "operator", "role": "OPERATOR"}
    events = [{"type": item.type, "data": json.loads(item.data), **by_operator} for item in setting()]
    for name, data, actor, role in recorded:
        kind = find_kind(name)
        assert kind is not None
        events.append({"type": kind.type, "data": data, "actor": actor, "role": role})
    return [_body(position, at, event) for position, event in enumerate(events, 1)]


def _body(position: int, at: datetime, event: dict[str, Any]) -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": f"k{position}",
        "source": event["actor"],
        "type": event["type"],
        "ledger": NOTICE,
        "position": position,
        "recordedat": at.replace(microsecond=position).isoformat(),
        "actor": event["actor"],
        "actorrole": event["role"],
        "nonce": "A" * 22 + "==",
        "datacontenttype": "application/json",
        "data": event["data"],
    }
    return json.dumps(envelope).encode()


def replay(entries: list[bytes]) -> tuple[NoticeReport, list[tuple[int, Damage, str]]]:
    """Return the report and the damage of a replay."""
    report, damage = NoticeReport(NOTICE), list[tuple[int, Damage, str]]()
    admission = AdmissionReplay(report, lambda *finding: damage.append(finding))
    for position, body in enumerate(entries, 1):
        if admission.add_entry(position, body):
            admission.refold(entries[:position])
    return report, damage


STRICTER: dict[str, Recorded] = {
    "is not on the plan's": (
        "ProgressRecorded",
        PROGRESS | {"impactRating": "DOUBTFUL"},
        "alice",
        "COUNCIL_OFFICER",
    ),
    "no actor cleo is registered": (
        "ObjectiveAdded",
        {"objective": "O2", "title": NARRATIVE, "areas": ["1a"], "owner": "cleo", "due": "2023-06-30"},
        "alice",
        "COUNCIL_OFFICER",
    ),
    "rosa cannot grant": ("RoleGranted", {"actor": "rosa", "role": "AUDITOR"}, "rosa", "RECORDS_OFFICER"),
    "takes two people": ("RoleGranted", {"actor": "alice", "role": "ADVISER"}, "rosa", "RECORDS_OFFICER"),
    "has a part that is empty": (
        "ObjectiveAdded",
        {"objective": "a/..", "title": NARRATIVE, "areas": ["1a"], "owner": "alice", "due": "2023-06-30"},
        "alice",
        "COUNCIL_OFFICER",
    ),
}


@pytest.mark.parametrize("reason", STRICTER)
def test_an_entry_of_earlier_rules_is_told_apart(reason: str) -> None:
    entry = STRICTER[reason]
    report, damage = replay(bodies(EARLY, entry))
    assert not damage
    assert (report.admitted_earlier.count, report.unexplained.count) == (1, 0)
    assert reason in report.admitted_earlier.first
    assert "(a rule since 2026-11-29)" in report.admitted_earlier.first

    report, damage = replay(bodies(LATE, entry))
    assert not damage
    assert (report.admitted_earlier.count, report.unexplained.count) == (0, 1)
    assert reason in report.unexplained.first


def test_an_entry_that_every_release_refuses_is_damage() -> None:
    unknown = ("ProgressRecorded", PROGRESS | {"objective": "O9"}, "alice", "COUNCIL_OFFICER")
    for at in (EARLY, LATE):
        report, damage = replay(bodies(at, unknown))
        [(position, kind, detail)] = damage
        assert (position, kind) == (len(setting()) + 1, Damage.NOT_ALLOWED)
        assert "there is no objective O9" in detail
        assert (report.admitted_earlier.count, report.unexplained.count) == (0, 0)


def test_a_new_rule_does_not_hide_an_old_one() -> None:
    """Report damage where one refusal is old and another new."""
    both = PROGRESS | {"impactRating": "DOUBTFUL", "action": "A9"}
    report, damage = replay(bodies(EARLY, ("ProgressRecorded", both, "alice", "COUNCIL_OFFICER")))
    assert [finding[1] for finding in damage] == [Damage.NOT_ALLOWED]
    assert report.admitted_earlier.count == 0


def test_dated_rules_name_facts_that_exist() -> None:
    names = {kind.name for kind in KINDS.values()}
    assert all(set(rule.facts) <= names for rule in DATED_RULES)


SUBMITTED = {"deliverable": "own", "submittedOn": "2022-07-05"}
SUBMISSION = ("DeliverableSubmitted", SUBMITTED | {"deliverable": "other"}, "alice", "COUNCIL_OFFICER")


def corrected(position: int, data: dict[str, Any], actor: str, role: str) -> Recorded:
    """Return the correction of a submission."""
    kind = find_kind("DeliverableSubmitted")
    assert kind is not None
    replacement = {"type": kind.type, "data": data}
    return ("EntryCorrected", {"position": position, "reason": NARRATIVE, "replacement": replacement}, actor, role)


@pytest.mark.parametrize("at", [EARLY, LATE])
def test_who_accepted_what_they_corrected_is_listed(at: datetime) -> None:
    role, first = {"actor": "olga", "role": "DEPARTMENT_OFFICIAL"}, len(setting()) + 2
    recorded: list[Recorded] = [
        ("RoleGranted", role, "operator", "OPERATOR"),
        SUBMISSION,
        corrected(first, SUBMITTED, "olga", "DEPARTMENT_OFFICIAL"),
        ("DeliverableAccepted", {"deliverable": "own"}, "olga", "DEPARTMENT_OFFICIAL"),
    ]
    report, damage = replay(bodies(at, *recorded))
    assert not damage
    assert (report.admitted_earlier.count, report.unexplained.count) == ((1, 0) if at is EARLY else (0, 1))
    [breach] = report.duties
    assert (breach.position, breach.type, breach.actor) == (first + 2, "DeliverableAccepted", "olga")


def test_an_old_rule_about_recorders_has_no_date() -> None:
    role, instruction = {"actor": "alice", "role": "COMMISSIONER"}, {"instruction": "I1"}
    answer = instruction | {"answeredOn": "2022-07-05", "answer": NARRATIVE}
    recorded: list[Recorded] = [
        ("RoleGranted", role, "operator", "OPERATOR"),
        ("InstructionGiven", instruction | {"text": NARRATIVE}, "bob", "ADVISER"),
        ("InstructionAnswered", answer, "alice", "COUNCIL_OFFICER"),
        ("InstructionConfirmed", instruction, "alice", "COMMISSIONER"),
    ]
    _, damage = replay(bodies(EARLY, *recorded))
    assert [finding[0] for finding in damage] == [len(setting()) + 4]
