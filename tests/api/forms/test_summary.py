"""Answers of a form before they are recorded, as people read them."""

from zoneinfo import ZoneInfo

import pytest

from api.forms.controls import FormControl
from api.forms.dates import INSTANT_PARTS
from api.forms.summary import answers

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (("28", "2", "2024"), "28 February 2024"),
        (("1", "jul", "2023"), "1 July 2023"),
        (("31", "2", "2024"), "31 2 2024"),
        (("", "", ""), None),
        (("28", "2", "2024", "15:30"), "28 February 2024, 15:30"),
        (("28", "2", "2024", "9.05"), "28 February 2024, 09:05"),
        (("30", "6", "2023", "23:30Z"), "1 July 2023, 00:30"),
        (("29", "10", "2023", "01:30+0000"), "29 October 2023, 01:30+0000"),
        (("26", "3", "2023", "01:30"), "26 3 2023 01:30"),
        (("28", "2", "2024", ""), "28 2 2024"),
    ],
)
def test_a_date_to_check_is_in_words_unless_it_is_none(typed: tuple[str, ...], text: str | None) -> None:
    control = FormControl(
        widget="instant" if len(typed) == len(INSTANT_PARTS) else "day",
        path="time",
        label="When it happened",
        full_label="When it happened",
        parts=dict(zip(INSTANT_PARTS, typed, strict=False)),
    )
    assert [answer.text for answer in answers([control], LONDON)] == ([] if text is None else [text])
