"""When a fact happened: on the day that it states, else at the event's time, else when it was recorded."""

from datetime import UTC, date, datetime

import pytest

from ledger.domain.areas.actions import ActionCompleted
from ledger.domain.areas.adviser import AdviserReleased
from ledger.domain.areas.board import ChairAppointed
from ledger.domain.areas.notice import NoticeRevised, Revision
from ledger.domain.areas.plan import ProgressRecorded
from ledger.domain.entry import Entry, occurred
from ledger.domain.fact import Fact, Narrative
from ledger.domain.registry import KINDS

NARRATIVE = Narrative("A" * 43 + "=")
COMPLETED = ActionCompleted(action="A1", completed_on=date(2022, 10, 31), result=NARRATIVE)
REVISED = NoticeRevised(
    revised_on=date(2022, 10, 31), reason=NARRATIVE, clauses=[Revision(number="1", parameters={})]
)
CHAIR = ChairAppointed(chair="cole", first=date(2022, 7, 11))
RELEASED = AdviserReleased(appointment="AP1", last=date(2022, 7, 11), reason=NARRATIVE)
PROGRESS = ProgressRecorded(objective="O1", narrative=NARRATIVE, activity_rating="RED", impact_rating="RED")


@pytest.mark.parametrize(
    ("fact", "reported", "expected"),
    [
        (PROGRESS, "2022-11-03T11:14:00", "2022-11-03T11:14:00"),
        (COMPLETED, "2022-11-03T11:14:00", "2022-10-31T23:59:59.999999"),
        (COMPLETED, "2022-11-01T00:00:00", "2022-10-31T23:59:59.999999"),
        (COMPLETED, "2022-10-31T09:30:00", "2022-10-31T09:30:00"),
        (COMPLETED, "2022-10-30T23:59:00", "2022-10-31T23:59:59.999999"),
        (REVISED, "2022-11-03T11:14:00", "2022-10-31T00:00:00"),
        (REVISED, "2022-10-31T10:00:00", "2022-10-31T00:00:00"),
        # In summer a day in England begins an hour earlier than in Greenwich.
        (CHAIR, "2022-07-20T10:00:00", "2022-07-10T23:00:00"),
        (CHAIR, "2022-07-11T10:00:00", "2022-07-10T23:00:00"),
        (CHAIR, "2022-07-06T10:00:00", "2022-07-06T10:00:00"),
        (RELEASED, "2022-07-20T10:00:00", "2022-07-11T22:59:59.999999"),
        (RELEASED, "2022-07-01T10:00:00", "2022-07-01T10:00:00"),
    ],
)
def test_a_fact_happened_on_the_day_that_it_states(fact: Fact, reported: str, expected: str) -> None:
    at = datetime.fromisoformat(reported).replace(tzinfo=UTC)
    assert occurred(fact, at) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_an_entry_happened_at_its_time_and_otherwise_when_it_was_recorded() -> None:
    recorded, time = datetime(2022, 11, 3, tzinfo=UTC), datetime(2022, 11, 2, tzinfo=UTC)
    rest = (recorded, "bob", "COUNCIL_OFFICER", PROGRESS)
    assert Entry("n", 1, "i", "s", "t", None, None, (), (), *rest).occurred_at == recorded
    assert Entry("n", 1, "i", "s", "t", None, time, (), (), *rest).occurred_at == time


def test_the_stated_day_is_a_field_of_its_fact() -> None:
    stated = {kind.name: kind.struct.stated_day for kind in KINDS.values() if kind.struct.stated_day is not None}
    assert {name for name in stated if name.endswith(("Completed", "Received", "Closed"))} == {
        "ActionCompleted", "ContributionReceived", "PartnerUpdateReceived", "AreaClosed", "NoticeClosed",
    }  # fmt: skip
    for kind in KINDS.values():
        if kind.struct.stated_day is not None:
            assert kind.struct.stated_day.field in kind.struct.__struct_fields__
