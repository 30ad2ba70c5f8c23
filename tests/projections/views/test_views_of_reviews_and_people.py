"""The views of reviews, the adviser, people and records in the invented history."""

from datetime import UTC, date, datetime

from projections.query.reader import Reader
from projections.views import adviser, engagement, escalation, people, records, reviews
from tests.projections import asking
from tests.projections.asking import at, days, everything
from tests.projections.rows import rows_of

reader = asking.reader


async def test_reviews_their_topics_and_assessments(reader: Reader) -> None:
    async with at(reader) as reading:
        review_rows = await everything(reading, reviews.REVIEW)
        early_help = await everything(reading, reviews.REVIEW, topic="EARLY_HELP")
        diagnostics = await everything(reading, reviews.DIAGNOSTIC)
        assessments = await rows_of(reading, reviews.OBJECTIVE_ASSESSMENT, review="R1")
    assert [(review.row.review, review.value("assessment")) for review in review_rows] == [
        ("R1", "BEFORE"), ("R2", "AFTER"), ("R3", "BEFORE"), ("R4", "ABSENT"),
    ]  # fmt: skip
    assert [len(review.row.findings) for review in review_rows] == [2, 2, 2, 1]
    assert [review.row.review for review in early_help] == ["R3"]
    assert review_rows[3].row.other_topics[0].body
    assert [(each.row.diagnostic, each.value("standing")) for each in diagnostics] == [
        ("DG1", "DONE"), ("DG2", "RUNNING"),
    ]  # fmt: skip
    assert [each.objective for each in assessments] == ["O1", "O3"]
    async with at(reader, on=datetime(2023, 11, 1, tzinfo=UTC)) as reading:
        assert [each.diagnostic for each in await rows_of(reading, reviews.DIAGNOSTIC, standing="OVERDUE")] == [
            "DG2"
        ]
    async with at(reader, 352) as reading:
        assert await rows_of(reading, reviews.REVIEW, topic="EARLY_HELP") == []


async def test_what_changed_because_of_children(reader: Reader) -> None:
    async with at(reader) as reading:
        changed = await rows_of(reading, engagement.CONSIDERATION, group="CHILDREN_AND_YOUNG_PEOPLE", changed=True)
        gathered = await everything(reading, engagement.GATHERING, group="FRONTLINE_STAFF")
        of_v2 = await rows_of(reading, engagement.CONSIDERATION, views="V2")
    assert [(each.views, each.position) for each in changed] == [("V4", 495), ("V6", 680)]
    assert all(each.change_made is not None and each.change_made.body for each in changed)
    assert [(each.row.views, each.value("loop")) for each in gathered] == [
        ("V1", "CLOSED"), ("V3", "CLOSED"), ("V5", "GATHERED_ONLY"),
    ]  # fmt: skip
    assert gathered[0].row.themes[0].body == "Too much paper."
    assert [each.change_made for each in of_v2] == [None]


async def test_who_advised_then_and_what_they_reported(reader: Reader) -> None:
    async with at(reader, on=datetime(2022, 9, 4, 12, tzinfo=UTC)) as reading:
        assert [tenure.adviser for tenure in await rows_of(reading, adviser.TENURE, in_post=True)] == [
            "adviser-before"
        ]
        assert await rows_of(reading, adviser.ADVISER_VACANCY) == []
    async with at(reader, on=datetime(2024, 3, 31, tzinfo=UTC)) as reading:
        assert await rows_of(reading, adviser.TENURE, in_post=True) == []
        assert await rows_of(reading, adviser.ADVISER_VACANCY) == [days("2024-03-19", None)]
        tenures = await rows_of(reading, adviser.TENURE)
        reports = await rows_of(reading, adviser.ADVISER_REPORT)
        of_1a = await rows_of(reading, adviser.AREA_REPORT, area="1a")
        required = await rows_of(reading, adviser.REQUIREMENT_REPORT, report="AR1")
        assert await rows_of(reading, adviser.UNREPORTED) == []
    assert [(tenure.adviser, tenure.ended, tenure.last) for tenure in tenures] == [
        ("adviser-before", "REPLACED", date(2022, 9, 4)), ("adviser", "RELEASED", date(2024, 3, 18)),
    ]  # fmt: skip
    assert [(report.report, report.pinned) for report in reports][:2] == [("AR1", 234), ("AR2", 333)]
    assert reports[0].query is not None
    assert [each.judgement for each in of_1a] == ["CONCERN", "PROGRESS", "PROGRESS", *["CONCERN"] * 3]
    assert [each.number for each in required] == ["11", "5b"]


async def test_what_led_to_escalation(reader: Reader) -> None:
    async with at(reader) as reading:
        steps = await rows_of(reading, escalation.STEP)
        concerns = await rows_of(reading, escalation.CONCERN)
        interventions = await rows_of(reading, escalation.INTERVENTION)
    assert [(step.position, step.state) for step in steps] == [
        (601, "CONCERN"), (664, "CONCERN"), (679, "INTERVENTION"), (689, "INTERVENTION"), (690, "INTERVENTION"),
        (694, "CLOSED"),
    ]  # fmt: skip
    assert [concern.areas for concern in concerns] == [["1a"], ["1a", "1b"]]
    assert [(each.power, each.concerns, each.becomes) for each in interventions] == [
        ("targeted support", ["C1"], "statutory direction"), ("s497A", ["C1", "C2"], None),
    ]  # fmt: skip


async def test_people_and_the_record_itself(reader: Reader) -> None:
    async with at(reader) as reading:
        (holding,) = await rows_of(reading, people.HOLDING, actor="reviewer-2")
        now = {each.actor for each in await rows_of(reading, people.HOLDING, held=True)}
        (token,) = await rows_of(reading, people.TOKEN)
        integrations = await rows_of(reading, people.INTEGRATION)
        actors = await rows_of(reading, people.ACTOR)
        erasures = await rows_of(reading, records.ERASURE)
        assert await rows_of(reading, records.ERASURE, awaited=True) == []
        publications = await rows_of(reading, records.PUBLICATION)
        findings = await rows_of(reading, records.AUDIT_FINDING)
        (key,) = await rows_of(reading, records.SIGNING_KEY)
    assert (holding.role, holding.revoked_position, "reviewer-2" in now) == ("REVIEWER", 443, False)
    assert (token.token, token.revoked_position) == ("T-trial", 143)
    assert (len(actors), sum(each.position is not None for each in actors)) == (27, 13)
    assert [(each.integration, each.revoked_position) for each in integrations] == [("I1", None), ("I2", 279)]
    assert [(each.target, each.requested_by, each.erased_by) for each in erasures] == [
        (171, "records-officer", "data-protection-officer"), (582, "records-officer", "data-protection-officer"),
    ]  # fmt: skip
    assert [each.subject for each in publications] == ["SA1", "tameside-2022", "AR6"]
    assert [(each.severity, each.positions) for each in findings] == [("MINOR", [409]), ("MAJOR", [111, 622])]
    assert key.key == "demo-2022"
    async with at(reader, 181) as reading:
        assert [each.target for each in await rows_of(reading, records.ERASURE, awaited=True)] == [171]
