"""Clauses whose rules have faults, as older versions admitted them: the view goes on, and none is MET."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from ledger.domain.areas.notice import ClauseRegistered, NoticeRevised, Revision
from ledger.domain.entry import Entry
from ledger.domain.rules import RULES, read_rule
from ledger.domain.rules.rule import Rule
from projections.engine.follower import refold
from projections.views.compliance.view import PROSPECTS, STANDINGS, VIEW
from tests.ledger.packs.test_history import played

END = datetime(2024, 3, 31, tzinfo=UTC)


def with_parameters(entry: Entry, parameters: Mapping[str, Any]) -> Entry:
    return structs.replace(entry, fact=structs.replace(entry.fact, parameters=parameters))


def verdicts(entries: list[Entry]) -> dict[str, tuple[str, str, list[int]]]:
    versions = refold(VIEW, entries).versions()
    rows = [version.row for table in (STANDINGS, PROSPECTS) for version in versions[table.name].values()]
    rows = sorted((row for row in rows if row.begins <= END), key=lambda row: row.begins)
    return {row.number: (row.status, row.reason, row.entries) for row in rows}


def test_a_history_is_folded_with_faulty_rules() -> None:
    entries = [
        with_parameters(entry, {"of_another_rule": 1}) if isinstance(entry.fact, ClauseRegistered) else entry
        for entry in played()[0].history
    ]
    clauses = [entry.fact for entry in entries if isinstance(entry.fact, ClauseRegistered)]
    judged = {fact.number for fact in clauses if fact.rule in RULES}
    standing = verdicts(entries)
    assert judged
    for number in judged:
        status, reason, _ = standing[number]
        assert status == "NO_EVIDENCE", (number, status)
        assert "has faults" in reason


def test_parameters_corrected_later_judge_what_happened_before() -> None:
    """Register clauses without parameters, and set those when the notice is revised, a year later."""
    history = played()[0].history
    clauses = [entry.fact for entry in history if isinstance(entry.fact, ClauseRegistered)]
    faulty = {fact.number for fact in clauses if not isinstance(read_rule(fact.rule, {}), Rule)}
    with_revision = [
        structs.replace(
            entry, fact=structs.replace(entry.fact, clauses=[*map(revision, clauses), *entry.fact.clauses])
        )
        if isinstance(entry.fact, NoticeRevised)
        else entry
        for entry in history
    ]
    corrected = [
        with_parameters(entry, {}) if isinstance(entry.fact, ClauseRegistered) else entry
        for entry in with_revision
    ]
    registered, revised = verdicts(with_revision), verdicts(corrected)
    assert len(faulty) > 5
    assert {number: revised[number] for number in faulty} == {number: registered[number] for number in faulty}


def revision(fact: ClauseRegistered) -> Revision:
    return Revision(number=fact.number, parameters=fact.parameters)
