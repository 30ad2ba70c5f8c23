"""Data of page templates."""

from typing import Any

from api.pages.page_data import overview

EARLY = "2022-07-20T09:00:00+00:00"
LATE = "2022-07-22T09:00:00+00:00"


def entry(
    position: int, type_: str, actor: str, subject: str | None = None, occurred: str = LATE
) -> dict[str, Any]:
    return {
        "position": position,
        "type": type_,
        "actor": actor,
        "subject": subject,
        "occurredAt": occurred,
        "recordedAt": LATE,
    }


def recent(*entries: dict[str, Any]) -> list[tuple[int, int, int, bool]]:
    data = overview(None, {"clauses": [], "entries": {"nodes": entries}})  # type: ignore[arg-type]  # it is not read
    return [
        (line["first"]["position"], line["last"]["position"], line["count"], line["late"])
        for line in data["recent"]
    ]


def test_neighbouring_entries_of_one_fact_by_one_actor_are_one_line() -> None:
    tokens = [entry(position, "TokenIssued", "operator") for position in (5, 6, 7)]
    other = entry(8, "TokenIssued", "records-officer")
    assert recent(*tokens, other, entry(9, "TokenIssued", "operator")) == [
        (5, 7, 3, False),
        (8, 8, 1, False),
        (9, 9, 1, False),
    ]


def test_entries_about_something_have_their_own_lines_and_late_ones_a_line_for_each_time() -> None:
    about = [entry(position, "ProgressRecorded", "officer", "O1") for position in (6, 7)]
    late = [entry(position, "ClauseRegistered", "operator", occurred=EARLY) for position in (8, 9)]
    earlier = entry(10, "ClauseRegistered", "operator", occurred="2022-07-05T00:00:00+00:00")
    assert recent(*about, *late, earlier) == [
        (6, 6, 1, False),
        (7, 7, 1, False),
        (8, 9, 2, True),
        (10, 10, 1, True),
    ]
