"""Councils by their codes, and England's working days."""

from datetime import date

import msgspec
import pytest

from ledger.domain.calendar import is_working, working_day_from, working_days_after
from ledger.domain.councils import councils
from ledger.domain.fact import OnsCode
from ledger.intake.pack import check
from ledger.packs import shipped


def test_the_councils_are_those_of_england() -> None:
    councils_by_code = councils()
    live = {code: council.name for code, council in councils_by_code.items() if council.until is None}
    districts = {name for code, name in live.items() if code.startswith("E07")}
    assert len(districts) == 164
    assert len(set(live.values()) - districts) == 153
    assert (councils_by_code["E08000008"].name, councils_by_code["E10000006"].until) == (
        "Tameside",
        date(2023, 3, 31),
    )
    for code in councils_by_code:
        msgspec.convert(code, OnsCode)
        assert code[:3] in ("E06", "E07", "E08", "E09", "E10")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("E08000099", "no English council has the code E08000099"),
        ("W06000015", "no English council has the code W06000015"),
        ("E10000009", "the code E10000009 (Dorset) ended on 2019-03-31"),
        ("E07000191", "the code E07000191 (West Somerset) ended on 2019-03-31"),
    ],
)
def test_a_pack_names_a_council_of_its_time(code: str, message: str) -> None:
    faults = check(shipped("tameside-2022").replace(b"E08000008", code.encode()))
    assert [message in fault.message for fault in faults] == [True]


def test_a_notice_may_go_to_a_district() -> None:
    assert check(shipped("tameside-2022").replace(b"E08000008", b"E07000110")) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('council = "E07000032"', None),
        ('body = "Fellshire NHS Trust"\nbody_code = "RXX"', None),
        ('body = "Fellshire Police"\nexpires_on = 2023-07-05', None),
        ('council = "E07000999"', "no English council has the code E07000999"),
        ("", "a notice is issued to a council, by its code, or to another body"),
        (
            'council = "E08000008"\nbody = "Tameside"',
            "a notice is issued to a council, by its code, or to another",
        ),
        ('council = "E08000008"\nbody_code = "RXX"', "name the body"),
        ('body = "Fellshire Police"\nexpires_on = 2022-07-04', "the end, 2022-07-04, is before the start"),
        ('body = "Fellshire Police"\npredecessors = ["tameside-2022"]', "a notice cannot follow itself"),
        ('body = "Fellshire Police"\npredecessors = ["a", "a"]', "a is listed twice"),
    ],
)
def test_a_pack_names_any_public_body(body: str, message: str | None) -> None:
    faults = check(shipped("tameside-2022").replace(b'council = "E08000008"', body.encode()))
    assert [fault.message for fault in faults if message is None or message not in fault.message] == []
    assert len(faults) == (message is not None)


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2022, 7, 5), True),
        (date(2022, 7, 9), False),
        (date(2022, 9, 19), False),  # the late Queen's funeral
        (date(2023, 5, 8), False),  # the King's coronation
        (date(2022, 12, 27), False),  # Christmas Day fell on a Sunday
        (date(2024, 3, 29), False),  # Good Friday
        (date(2022, 3, 17), True),  # Saint Patrick's Day, of Northern Ireland alone
    ],
)
def test_bank_holidays_are_englands(day: date, working: bool) -> None:
    assert is_working(day) is working


def test_working_days_are_counted_from_the_day_after() -> None:
    friday = date(2022, 12, 23)
    assert working_days_after(friday, 0) == friday
    assert working_days_after(friday, 1) == date(2022, 12, 28)
    assert working_day_from(date(2022, 12, 24)) == date(2022, 12, 28)
    assert working_days_after(date(2024, 2, 28), 2) == date(2024, 3, 1)
    with pytest.raises(ValueError, match="forward"):
        working_days_after(friday, -1)
