"""Verdicts on four other instruments at three dates, as a reader worked them out from the clauses and the events."""

from collections import defaultdict
from datetime import date, datetime, time
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.mark.structures import ParameterSet

from ledger.intake.pack import read
from projections.engine.follower import refold
from projections.views.compliance.verdict import Status
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW, StatusPeriod
from tests.ledger.packs.instruments import LONDON, NAMES, PACKS, recorded

IN_HINDSIGHT = " in hindsight"
"""End of a date that is judged on all entries; the others are judged on the entries recorded by then."""


class Line(NamedTuple):
    """A row of a table."""

    clause: str
    day: str
    status: str
    since: str
    """First day of the status; empty: not checked."""
    deciding: list[str]
    """Ids of the events that the verdict cites."""
    reason: str


class Settled(NamedTuple):
    """A table of settled verdicts."""

    wordings: dict[str, str]
    """Clause → its wording."""
    rows: list[Line]


@cache
def settled(name: str) -> Settled:
    """Return the table of an instrument."""
    table, clause = Settled({}, []), ""
    path = Path(__file__).with_name(f"{name.rpartition('-')[0]}_at_three_dates.md")
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            clause = line[3:]
        elif line.startswith("> "):
            table.wordings[clause] = line[2:]
        elif line.startswith("| 20"):
            day, status, since, deciding, reason = (cell.strip() for cell in line[1:-1].split("|", 4))
            table.rows.append(Line(clause, day, status, since, deciding.split(), reason))
    return table


@cache
def verdicts(name: str, day: str) -> dict[str, StatusPeriod]:
    """Return each clause's verdict at the end of a day."""
    on = datetime.combine(date.fromisoformat(day.removesuffix(IN_HINDSIGHT)), time(23, 59), LONDON)
    entries = recorded(name).desk.history
    known = [entry for entry in entries if day.endswith(IN_HINDSIGHT) or entry.recorded_at <= on]
    versions = refold(VIEW, known).versions()
    rows = [version.row for table in (STANDINGS, PROSPECTS) for version in versions[table.name].values()]
    return {row.number: row for row in sorted(rows, key=lambda row: row.begins) if row.begins <= on}


def cases() -> list[ParameterSet]:
    """Return every row as a test case; an open objection has to fail until it is met."""
    found = [(name, line) for name in NAMES for line in settled(name).rows]
    return [
        pytest.param(
            name,
            line,
            id=f"{name} {line.clause} on {line.day}",
            marks=[pytest.mark.xfail(reason=line.reason, strict=True)] if line.reason.startswith("OPEN") else [],
        )
        for name, line in found
    ]


@pytest.mark.parametrize(("name", "line"), cases())
def test_the_verdict_is_the_readers(name: str, line: Line) -> None:
    verdict = verdicts(name, line.day)[line.clause]
    assert verdict.status == line.status, verdict.reason
    if line.since:
        assert verdict.since.astimezone(LONDON).date().isoformat() == line.since, verdict.reason
    ids = {position: event for event, position in recorded(name).positions.items()}
    cited = [ids[position] for position in verdict.entries]
    missing = [event for event in line.deciding if not any(fnmatchcase(each, event) for each in cited)]
    assert not missing, f"{verdict.reason} It rests on {cited}."


@pytest.mark.parametrize("name", NAMES)
def test_the_table_quotes_every_clause_and_judges_it_at_three_dates(name: str) -> None:
    pack, table = read((PACKS / f"{name}.toml").read_bytes()), settled(name)
    assert table.wordings == {clause.number: clause.text for clause in pack.clauses}
    days = defaultdict(set)
    for line in table.rows:
        if not line.day.endswith(IN_HINDSIGHT):
            days[line.clause].add(line.day)
    three = next(iter(days.values()))
    assert len(three) == 3
    assert dict(days) == dict.fromkeys(table.wordings, three)


def test_the_tables_hold_every_status() -> None:
    statuses = {line.status for name in NAMES for line in settled(name).rows}
    assert statuses == {status.value for status in Status}
