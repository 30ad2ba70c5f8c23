"""The history entry by entry: its evidence, changes, corrections, and the people that requests name."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ledger.domain.entry import Entry
from ledger.domain.registry import find_kind
from projections.engine.narrative import NarrativeRef
from projections.narrate.changes import Change, difference
from projections.narrate.history import EvidenceCited, History, NarratedEntry, Selection
from tests.ledger.domain.rules.noticed import NOTICES

TEXT = {"sha256": "A" * 43 + "="}
OBJECTIVE = {"objective": "O1", "title": TEXT, "areas": ["1b"], "owner": "ann", "due": "2022-10-31"}
PROGRESS = {"objective": "O1", "narrative": TEXT, "activityRating": "RED", "impactRating": "RED"}
EVIDENCE = {
    "evidence": "E1",
    "digest": "A" * 43 + "=",
    "mediaType": "text/csv",
    "size": 1204,
    "title": TEXT,
    "classification": "OFFICIAL",
    "supports": ["O1"],
}
DECISION = {"decision": "D1", "meeting": "B1", "title": TEXT, "outcome": TEXT, "rationale": TEXT}


def entry(
    position: int, name: str, data: dict[str, Any], clauses: tuple[str, ...] = (), actor: str = "ann"
) -> Entry:
    """Return an entry with the fact of that name."""
    kind = find_kind(name)
    assert kind is not None, name
    fact = msgspec.convert(data, kind.struct)
    at = datetime(2022, 8, 1, 9, tzinfo=UTC) + timedelta(days=position)
    role = "COUNCIL_OFFICER"
    return Entry("n", position, f"e{position}", "s", kind.type, None, None, clauses, (), at, actor, role, fact)


def narrated(entries: Iterable[Entry], corrected: dict[int, int] | None = None) -> list[NarratedEntry]:
    """Return the entries in plain words."""
    story = History(corrected=corrected or {}, clauses=NOTICES["tameside-2022"])
    return [story.narrate(one, {"title": NarrativeRef("A title", None)}) for one in entries]


def changes_of(minute: NarratedEntry) -> set[tuple[str, str, str | None, str | None]]:
    """Return the changes of an entry."""
    return {(change.of, change.aspect, change.before, change.after) for change in minute.changes}


def test_what_an_entry_changed_is_told_with_what_was_before() -> None:
    first, second, again = narrated(
        [
            entry(1, "ObjectiveAdded", OBJECTIVE),
            entry(2, "ProgressRecorded", PROGRESS),
            entry(3, "ProgressRecorded", PROGRESS | {"activityRating": "GREEN"}),
        ]
    )
    assert ("objective O1", "due", None, "31 October 2022") in changes_of(first)
    assert ("objective O1", "activity", None, "Red") in changes_of(second)
    assert changes_of(again) == {("objective O1", "activity", "Red", "Green")}


def test_the_texts_that_the_sentence_does_not_hold_stand_beside_it() -> None:
    texts = {
        "title": NarrativeRef("Adopt it", None),
        "outcome": NarrativeRef("Adopted", None),
        "rationale": NarrativeRef(None, 9),
    }
    minute = History().narrate(entry(1, "BoardDecisionRecorded", DECISION), texts)
    assert "“Adopt it”" in minute.sentence
    assert minute.narratives == {"outcome": "“Adopted”", "rationale": "“erased by entry 9”"}


def test_a_decision_names_its_evidence_and_what_else_was_on_file_by_then() -> None:
    minutes = narrated(
        [
            entry(1, "EvidenceSubmitted", EVIDENCE),
            entry(2, "BoardDecisionRecorded", DECISION | {"evidence": ["E1"], "relatesTo": ["O1"]}),
            entry(3, "EvidenceSubmitted", EVIDENCE | {"evidence": "E2"}),
            entry(
                4, "BoardDecisionRecorded", DECISION | {"decision": "D2", "evidence": ["E2"], "relatesTo": ["O1"]}
            ),
        ]
    )
    assert (minutes[1].evidence, minutes[1].other_evidence) == ((EvidenceCited("E1", 1),), ())
    assert (minutes[3].evidence, minutes[3].other_evidence) == (
        (EvidenceCited("E2", 3),),
        (EvidenceCited("E1", 1),),
    )


def corrected(replacement: dict[str, Any] | None) -> tuple[History, NarratedEntry]:
    """Return an objective, progress on it, and a correction of the objective."""
    story = History(corrected={1: 3})
    story.narrate(entry(1, "ObjectiveAdded", OBJECTIVE), {})
    story.narrate(entry(2, "ProgressRecorded", PROGRESS), {})
    data: dict[str, Any] = {"position": 1, "reason": TEXT}
    if replacement is not None:
        data["replacement"] = {"type": "improvement-ledger.plan.ObjectiveAdded.v1", "data": replacement}
    texts = {"reason": NarrativeRef("A slip", None), "replacement.data.title": NarrativeRef("Better", None)}
    return story, story.narrate(entry(3, "EntryCorrected", data), texts)


def test_a_correction_shows_all_that_it_moved() -> None:
    story, minute = corrected(OBJECTIVE | {"due": "2023-02-28", "owner": "bob"})
    assert changes_of(minute) == {
        ("entry 1", "reads", None, "as corrected"),
        ("objective O1", "due", "31 October 2022", "28 February 2023"),
        ("objective O1", "owner", "ann", "bob"),
    }
    assert minute.reads_now is not None
    assert "“Better”" in minute.reads_now
    assert minute.narratives == {"reason": "“A slip”"}
    assert story.values.current()["objective O1", "activity"] == "Red"


def test_a_correction_without_a_replacement_takes_away() -> None:
    story, minute = corrected(None)
    assert ("objective O1", "due", "31 October 2022", None) in changes_of(minute)
    assert ("objective O1", "due") not in story.values.current()
    assert minute.reads_now == "Nothing: the entry counts as not recorded."


def test_a_correction_of_an_old_entry_leaves_what_was_settled_since() -> None:
    story = History()
    for position, rating in ((1, "RED"), (2, "GREEN")):
        story.narrate(entry(position, "ProgressRecorded", PROGRESS | {"activityRating": rating}), {})
    kind = find_kind("ProgressRecorded")
    assert kind is not None
    replacement = {"type": kind.type, "data": PROGRESS | {"activityRating": "AMBER"}}
    minute = story.narrate(
        entry(3, "EntryCorrected", {"position": 1, "reason": TEXT, "replacement": replacement}), {}
    )
    assert changes_of(minute) == {("entry 1", "reads", None, "as corrected")}
    assert story.values.current()["objective O1", "activity"] == "Green"


def test_evidence_that_was_corrected_away_is_no_longer_on_file() -> None:
    minutes = narrated(
        [
            entry(1, "EvidenceSubmitted", EVIDENCE),
            entry(2, "ProgressRecorded", PROGRESS),
            entry(3, "EntryCorrected", {"position": 1, "reason": TEXT}),
            entry(4, "ProgressRecorded", PROGRESS),
        ]
    )
    assert [minute.other_evidence for minute in minutes] == [
        (),
        (EvidenceCited("E1", 1),),
        (EvidenceCited("E1", 1),),
        (),
    ]


def test_an_entry_that_was_corrected_later_says_so() -> None:
    assert narrated([entry(1, "ObjectiveAdded", OBJECTIVE)], {1: 3})[0].corrected_by == 3


def test_a_correction_and_an_erasure_are_about_what_their_entry_is_about() -> None:
    minutes = narrated(
        [
            entry(1, "ObjectiveAdded", OBJECTIVE),
            entry(2, "ErasureRequested", {"position": 1, "reason": TEXT, "authority": TEXT}),
            entry(3, "NarrativeErased", {"position": 1, "request": 2}),
        ]
    )
    assert all(Selection(subject="O1").matches(minute) for minute in minutes)


@pytest.mark.parametrize(
    ("chosen", "positions"),
    [
        (Selection(), [1, 2, 3, 4]),
        (Selection(subject="O1"), [1, 2, 3]),
        (Selection(subject="E1"), [2]),
        (Selection(clause="9"), [4]),
        (Selection(clause="9d"), [4]),
        (Selection(clause="5a"), [3]),
        (Selection(clause="5"), [3]),
        (Selection(clause="4"), [1]),
        (Selection(actor="bob"), [2]),
        (Selection(decisions=True), [4]),
        (Selection(decisions=True, actor="bob"), []),
    ],
)
def test_only_what_is_asked_for_is_taken(chosen: Selection, positions: list[int]) -> None:
    window = {"request": "A1", "from": "2022-09-01T00:00:00Z", "until": "2022-09-02T00:00:00Z"}
    minutes = narrated(
        [
            entry(1, "ObjectiveAdded", OBJECTIVE),
            entry(2, "EvidenceSubmitted", EVIDENCE, actor="bob"),
            entry(3, "ProgressRecorded", PROGRESS),
            entry(4, "AccessGranted", window, ("9d",)),
        ]
    )
    assert [minute.position for minute in minutes if chosen.matches(minute)] == positions


def test_a_difference_names_what_came_went_and_moved() -> None:
    before = {("a", "x"): "1", ("b", "x"): "1", ("c", "x"): "1"}
    after = {("b", "x"): "2", ("c", "x"): "1", ("d", "x"): "1"}
    assert difference(before, after) == [
        Change("a", "x", "1", None),
        Change("b", "x", "1", "2"),
        Change("d", "x", None, "1"),
    ]


def test_what_a_revision_says_nothing_of_stays_as_it_was() -> None:
    story = History()
    added = {"objective": "O1", "title": TEXT, "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
    story.narrate(entry(1, "ObjectiveAdded", added), {})
    narrated = story.narrate(entry(2, "ObjectiveRevised", {"objective": "O1", "reason": TEXT, "owner": "bea"}), {})
    assert [(change.aspect, change.before, change.after) for change in narrated.changes] == [
        ("owner", "alice", "bea")
    ]
    assert narrated.sentence.endswith("“missing”. bea is responsible.")
    assert story.values.current()["objective O1", "areas"] == "1a"


def test_names_stand_beside_ids_where_the_directory_has_them() -> None:
    story = History(names={"alice": "Alice Smith"})
    added = {"objective": "alice", "title": TEXT, "areas": ["1a"], "owner": "alice", "due": "2023-06-30"}
    narrated = story.narrate(entry(1, "ObjectiveAdded", added), {})
    assert narrated.sentence.startswith("Objective alice was added to the plan")
    assert "Alice Smith (alice) is responsible" in narrated.sentence
    assert "1a" in narrated.sentence


def test_ratings_have_the_labels_of_the_scale_of_their_time() -> None:
    history = History(corrected={2: 4})
    levels = [
        {"code": "RED", "label": "Stuck", "meaning": TEXT, "order": 0},
        {"code": "GREEN", "label": "Done", "meaning": TEXT, "order": 1},
    ]
    history.narrate(entry(1, "ProgressRecorded", PROGRESS | {"activityRating": "RED"}), {})
    history.narrate(entry(2, "RatingScaleAdopted", {"dimension": "ACTIVITY", "levels": levels}), {})
    rated = history.narrate(entry(3, "ProgressRecorded", PROGRESS | {"activityRating": "GREEN"}), {})
    assert ("objective O1", "activity", "Red", "Done") in changes_of(rated)
    assert "activity is rated Done" in rated.sentence
    history.narrate(entry(4, "EntryCorrected", {"position": 2, "reason": TEXT}), {})
    again = history.narrate(entry(5, "ProgressRecorded", PROGRESS | {"activityRating": "AMBER"}), {})
    assert ("objective O1", "activity", "Done", "Amber") in changes_of(again)
