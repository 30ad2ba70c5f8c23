"""Rows that follow from a fact: the source of each field."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from msgspec import Struct

from ledger.domain.areas.board import BoardDecisionRecorded, DecisionRescinded, Votes
from ledger.domain.areas.evidence import Classification, EvidenceSubmitted
from ledger.domain.entry import Entry
from ledger.domain.fact import Fact, Narrative, Period
from projections.engine.fact_rows import OfEntry, OfFact, put_from_fact
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Rows, Table
from projections.engine.view import View

DIGEST = "A" * 43 + "="
TEXT = Narrative(DIGEST)
OCCURRED, RECORDED = datetime(2023, 1, 2, 9, tzinfo=UTC), datetime(2023, 1, 3, 9, tzinfo=UTC)


class DecisionRow(Struct, frozen=True):
    decision: str
    position: int
    decided_at: datetime
    recorded_at: datetime
    actor: str
    title: NarrativeRef
    options: list[NarrativeRef]
    votes: dict[str, Any] | None
    relates_to: list[str]
    outcome: str = "open"
    """A field of the fact too: a default is not overwritten."""


class DocumentRow(Struct, frozen=True):
    evidence: str
    position: int
    classification: str
    first: date | None
    last: date | None


class OwnedRow(Struct, frozen=True):
    decision: str
    owner: str


DECISIONS = Table("decisions", DecisionRow, ("decision",))
DOCUMENTS = Table("documents", DocumentRow, ("evidence",))
OWNED = Table("owned", OwnedRow, ("decision",))


def entry(fact: Fact) -> Entry:
    return Entry("n", 7, "i", "s", "t", None, OCCURRED, (), (), RECORDED, "ann", "CHAIR", fact)


def decision() -> BoardDecisionRecorded:
    return BoardDecisionRecorded(
        decision="D1",
        meeting="B1",
        title=TEXT,
        outcome=TEXT,
        rationale=TEXT,
        options=[TEXT, TEXT],
        votes=Votes(3, 1),
        relates_to=["O1"],
    )


def document(period: Period | None) -> EvidenceSubmitted:
    official = Classification.OFFICIAL
    return EvidenceSubmitted(
        evidence="E1", digest=DIGEST, media_type="a/b", size=1, title=TEXT, classification=official, period=period
    )


def put(table: Table[Any], fact: Fact, **values: object) -> Any:
    rows = Rows([table])
    rows.begin(entry(fact))
    row = put_from_fact(rows, table, entry(fact), **values)
    assert rows.all(table) == [row]
    return row


def test_a_row_takes_its_required_fields_from_the_fact_and_its_entry() -> None:
    fact = decision()
    row = put(DECISIONS, fact)
    assert row == DecisionRow(
        decision="D1",
        position=7,
        decided_at=OCCURRED,
        recorded_at=RECORDED,
        actor="ann",
        title=NarrativeRef(position=7, path="title"),
        options=[NarrativeRef(position=7, path=f"options[{index}]") for index in range(2)],
        votes={"for": 3, "against": 1, "abstained": 0},
        relates_to=["O1"],
    )
    assert row.relates_to is not fact.relates_to, "the row shares a list with the fact"


def test_a_period_and_a_word_are_plain_values() -> None:
    first, last = date(2023, 1, 1), date(2023, 1, 31)
    assert put(DOCUMENTS, document(Period(first, last))) == DocumentRow("E1", 7, "OFFICIAL", first, last)
    assert put(DOCUMENTS, document(None)) == DocumentRow("E1", 7, "OFFICIAL", None, None)


def test_a_value_may_be_stated_also_for_a_field_with_a_default() -> None:
    row = put(DECISIONS, decision(), decided_at=RECORDED, outcome="closed")
    assert (row.decided_at, row.outcome) == (RECORDED, "closed")


def test_a_field_without_a_source_is_an_error_where_the_view_is_declared() -> None:
    with pytest.raises(TypeError, match=r"BoardDecisionRecorded has no value for OwnedRow\.owner"):
        View("owned", 1, (OWNED,)).puts(BoardDecisionRecorded, OWNED)
    with pytest.raises(TypeError, match=r"OwnedRow\.owner"):
        put(OWNED, decision())
    assert put(OWNED, decision(), owner="ann") == OwnedRow("D1", "ann")


def test_a_view_puts_the_row_of_each_fact() -> None:
    view, rows = View("decisions", 1, (DECISIONS,)), Rows([DECISIONS])
    view.puts(BoardDecisionRecorded, DECISIONS)
    rows.begin(entry(decision()))
    view.fold(rows, entry(decision()))
    assert [row.decision for row in rows.all(DECISIONS)] == ["D1"]


class FateRow(Struct, frozen=True):
    decision: str
    meeting: str
    chair: str
    filed_at: datetime
    standing: str
    rescinded_reason: NarrativeRef | None = None
    rescinded_at: datetime | None = None
    rescinded_by: str | None = None
    rescinded_position: int | None = None
    replaced_by: str | None = None


FATES = Table("fates", FateRow, ("decision",))


def test_a_view_declares_values_that_names_do_not_give_and_the_changes_of_a_row() -> None:
    view, rows = View("fates", 1, (FATES,)), Rows([FATES])
    stated = {"chair": OfEntry("actor"), "filed_at": OfEntry("recorded_at"), "standing": "MADE"}
    view.puts(BoardDecisionRecorded, FATES, rescinded_reason=OfFact("title"), **stated)
    names = ("rescinded_reason", "rescinded_at", "rescinded_by", "rescinded_position", "replaced_by")
    view.changes(DecisionRescinded, FATES, *names, standing="RESCINDED")
    rows.begin(entry(decision()))
    view.fold(rows, entry(decision()))
    title = NarrativeRef(position=7, path="title")
    assert rows.all(FATES) == [FateRow("D1", "B1", "ann", RECORDED, "MADE", title)]
    rescinded = entry(DecisionRescinded(decision="D1", meeting="B2", reason=TEXT, replaced_by="D2"))
    view.fold(rows, rescinded)
    reason = NarrativeRef(position=7, path="reason")
    (row,) = rows.all(FATES)
    assert row == FateRow("D1", "B1", "ann", RECORDED, "RESCINDED", reason, OCCURRED, "ann", 7, "D2")


def test_a_change_names_its_row_and_follows_from_the_fact_where_the_view_is_declared() -> None:
    view = View("fates", 1, (FATES,))
    with pytest.raises(TypeError, match=r"DecisionRescinded has no value for FateRow\.standing"):
        view.changes(DecisionRescinded, FATES, "standing")
    by_chair = Table("fates", FateRow, ("chair",))
    with pytest.raises(TypeError, match="DecisionRescinded does not name a row of fates"):
        view.changes(DecisionRescinded, by_chair, "replaced_by")
