"""Tameside's verdicts at twenty dates, as two independent readers worked them out from the events alone."""

from datetime import date, datetime, time
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from _pytest.mark.structures import ParameterSet

from projections.engine.follower import refold
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW, StatusPeriod
from tests.ledger.packs.test_history import played

TABLES = [Path(__file__).with_name(f"tameside_at_{dates}.md") for dates in ("ten_dates", "ten_more_dates")]
LONDON = ZoneInfo("Europe/London")
HINDSIGHT = "2022-11-01"
"""Day of the first table that is judged on all entries."""
IN_HINDSIGHT = " in hindsight"
"""End of a day of the second table that is judged on all entries."""
Line = tuple[str, str, str, list[str], str]
"""Clause, day, status, ids of the deciding events, and reason."""


def lines() -> list[Line]:
    """Return the rows of both tables."""
    clause, rows = "", []
    for line in [line for table in TABLES for line in table.read_text().splitlines()]:
        if line.startswith("## "):
            clause = line[3:]
        elif line.startswith("| 20"):
            day, status, entries, reason = [cell.strip() for cell in line[1:].removesuffix("|").split("|", 3)]
            rows.append((clause, day, status, entries.split(), reason))
    return rows


@cache
def verdicts(day: str) -> dict[str, StatusPeriod]:
    """Return each clause's verdict at the end of a day."""
    on = datetime.combine(date.fromisoformat(day.removesuffix(IN_HINDSIGHT)), time.max, LONDON)
    knows_all = day == HINDSIGHT or day.endswith(IN_HINDSIGHT)
    history = [entry for entry in played()[0].history if knows_all or entry.recorded_at <= on]
    versions = refold(VIEW, history).versions()
    rows = [version.row for table in (STANDINGS, PROSPECTS) for version in versions[table.name].values()]
    return {row.number: row for row in sorted(rows, key=lambda row: row.begins) if row.begins <= on}


def case(line: Line) -> ParameterSet:
    """Return a row as a test case; an open objection has to fail until it is met."""
    is_open = line[4].startswith("OPEN")
    marks = [pytest.mark.xfail(reason=line[4], strict=True)] if is_open else []
    return pytest.param(*line[:4], id=f"{line[0]} on {line[1]}", marks=marks)


@pytest.mark.parametrize(("clause", "day", "status", "deciding"), [case(line) for line in lines()])
def test_the_verdict_is_the_independent_readers(clause: str, day: str, status: str, deciding: list[str]) -> None:
    verdict = verdicts(day)[clause]
    assert verdict.status == status, verdict.reason
    ids = {position: name for name, position in played()[1].items()}
    cited = [ids.get(position, "") for position in verdict.entries]
    missing = [name for name in deciding if not any(fnmatchcase(entry, name) for entry in cited)]
    assert not missing, f"{verdict.reason} It rests on {cited}."


def test_the_table_has_every_clause_of_every_day() -> None:
    rows = lines()
    for day in {line[1] for line in rows if not line[1].endswith(IN_HINDSIGHT)}:
        assert sorted(line[0] for line in rows if line[1] == day) == sorted(verdicts(day))
