"""A small invented history, and functions with which tests submit to it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from ledger.append.receipt import Receipt
from ledger.append.writer import Writer
from ledger.domain.authorisation import Credential
from ledger.domain.errors import Refused
from ledger.domain.registry import find_kind
from ledger.domain.roles import Role
from ledger.intake.parse import SubmittedFact, accept

NOTICE = "tameside-2022"
DIGEST = "A" * 43 + "="
OPERATOR = Credential("operator", role=Role.OPERATOR)
ALICE = Credential("alice")
"""Council officer of the setting."""
BOB = Credential("bob")
"""Adviser of the setting."""
ROSA = Credential("rosa")
"""Records officer of the setting."""
DAN = Credential("dan")
"""Data-protection officer of the setting."""
_numbers = count(1)


def submit(
    name: str, data: dict[str, Any], source: str = "alice", key: str | None = None, **more: Any
) -> SubmittedFact:
    """Return a fact by its name, as its source submits it."""
    kind = find_kind(name)
    assert kind is not None, name
    event = {"specversion": "1.0", "id": key or f"k{next(_numbers)}", "source": source, "type": kind.type}
    return accept({**event, "data": data, **more})


def progress(
    key: str | None = None, text: str = "Nine of ten meetings were held in time.", **more: Any
) -> SubmittedFact:
    """Return progress against the setting's objective."""
    data = {"objective": "O1", "narrative": text, "activityRating": "AMBER", "impactRating": "RED"}
    return submit("ProgressRecorded", data, key=key, **more)


def setting() -> list[SubmittedFact]:
    """Return the facts of seven entries: a notice, an area, four people with their roles, an objective."""
    notice = {"kind": "IMPROVEMENT_NOTICE", "council": "E08000008", "issuer": "DfE", "issuedOn": "2022-07-05"}
    roles = {
        "alice": Role.COUNCIL_OFFICER,
        "bob": Role.ADVISER,
        "rosa": Role.RECORDS_OFFICER,
        "dan": Role.DATA_PROTECTION_OFFICER,
    }
    return [
        submit(
            "NoticeIssued", notice | {"title": "A notice", "trigger": "A visit", "packDigest": DIGEST}, "operator"
        ),
        submit("AreaRegistered", {"area": "1a", "title": "Leaders' understanding"}, "operator"),
        *(
            submit("RoleGranted", {"actor": actor, "role": role.value}, "operator")
            for actor, role in roles.items()
        ),
        submit("ObjectiveAdded", OBJECTIVE, "operator"),
    ]


OBJECTIVE = {"objective": "O1", "title": "Timely meetings", "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
SETTING_SIZE = 7


async def begin(writer: Writer, notice: str = NOTICE) -> None:
    """Record the setting."""
    answers = await writer.append_all(notice, setting(), OPERATOR)
    assert [answer.position for answer in received(answers)] == list(range(1, SETTING_SIZE + 1))


def received(answers: Sequence[Receipt | Refused]) -> list[Receipt]:
    """Return the answers, after checking that all are receipts."""
    for answer in answers:
        assert isinstance(answer, Receipt), answer
    return [answer for answer in answers if isinstance(answer, Receipt)]


def codes(answer: Receipt | Refused) -> list[str]:
    """Return the codes of a refusal."""
    assert isinstance(answer, Refused), answer
    return [refusal.code for refusal in answer.refusals]


class Clock:
    """A clock that tests move by hand."""

    def __init__(self) -> None:
        self.at = datetime(2022, 7, 5, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the clock's time."""
        return self.at

    def advance(self, **time: float) -> None:
        """Move the clock by the parameters of a timedelta."""
        self.at += timedelta(**time)
