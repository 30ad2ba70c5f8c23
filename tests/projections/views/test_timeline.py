"""Timelines: from a subject to its entries."""

from ledger.domain.registry import KINDS
from projections.query.reader import AsOf, Reader
from projections.views import timeline
from projections.views.registry import ALL
from projections.views.timeline import subjects
from tests.ledger.history import NOTICE
from tests.ledger.packs.test_history import played
from tests.projections.rows import RowQuery, find, rows_of


def test_an_entry_is_on_the_timeline_of_all_that_it_names() -> None:
    history = {entry.position: entry for entry in played()[0].history}
    assert set(subjects(history[224])) == {
        ("objective", "O9"),
        ("finding", "F2"),
        ("recommendation", "RC1"),
    }
    assert ("actor", "reviewer") in set(subjects(history[183]))
    assert ("review", "R1") in set(subjects(history[183]))


def test_every_kind_of_fact_leads_somewhere_or_is_known_not_to() -> None:
    names = {type(entry.fact).__name__ for entry in played()[0].history if list(subjects(entry))}
    alone = {kind.name for kind in KINDS.values()} - names
    assert alone <= {
        "NoticeIssued", "ClauseRegistered", "NoticeRevised", "NoticeClosed", "BoardEstablished", "TimetableAgreed",
        "RatingScaleAdopted", "EntryCorrected", "ErasureRequested", "NarrativeErased", "Published", "LossAccepted",
        "ActReported", "ClauseAssessed", "ConsentGiven", "CooperationReported", "ParallelNoticeLinked",
        "ParallelNoticeUnlinked",
    }  # fmt: skip


async def test_a_subject_is_followed_page_by_page_and_as_of_a_position(history_database: str) -> None:
    async with Reader(history_database, ALL) as reader:
        async with reader.at(NOTICE, views=["timeline"]) as reading:
            whole = await rows_of(reading, timeline.MOMENT, subject="R2")
            after = [whole[1].position, whole[1].kind, whole[1].subject]
            (page,) = await find(reading, timeline.MOMENT, RowQuery({"subject": "R2"}, first=2, after=after))
            of_kind = await rows_of(reading, timeline.MOMENT, subject="chair", kind="actor")
        async with reader.at(NOTICE, as_of=AsOf(402), views=["timeline"]) as reading:
            earlier = await rows_of(reading, timeline.MOMENT, subject="R2")
    assert [(row.position, row.fact) for row in whole] == [
        (359, "ReviewScheduled"),
        (392, "AccessRequested"),
        (393, "AccessRequested"),
        (412, "ReviewStarted"),
        (426, "PreReviewAssessmentSubmitted"),
        (435, "ReviewCompleted"),
    ]
    assert [each.row for each in page] == whole[2:4]
    assert earlier == whole[:3]
    assert {"ChairAppointed", "ChairEnded", "MeetingHeld"} <= {row.fact for row in of_kind}
