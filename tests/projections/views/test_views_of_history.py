"""The views of the invented history, compared with its entries: an adviser's questions, one by one."""

from datetime import UTC, date, datetime

import pytest

from projections.query.reader import Reader
from projections.query.snapshot import Snapshot
from projections.views import access, actions, board, evidence, measures, notice, partners, plan, reports
from projections.views.gaps import Gap
from tests.projections import asking
from tests.projections.asking import at, days, everything, rows
from tests.projections.rows import RowQuery, find, rows_of

reader = asking.reader


async def test_the_notice_and_how_it_ended(reader: Reader) -> None:
    async with at(reader) as reading:
        (row,) = await rows_of(reading, notice.NOTICE)
        areas = await rows_of(reading, notice.AREA)
        (interpretation,) = await rows_of(reading, notice.INTERPRETATION)
        (revision,) = await rows_of(reading, notice.REVISION)
        clauses = {clause.number: clause for clause in await rows_of(reading, notice.CLAUSE)}
    assert (row.outcome, row.closed_on, row.successor) == ("ESCALATED", date(2024, 3, 18), "tameside-2024")
    assert row.target_date == date(2023, 12, 31)
    assert row.closing_reason is not None
    assert row.closing_reason.body
    assert [(area.area, area.ended, area.ended_position) for area in areas] == [
        ("1a", "CLOSED", 691), ("1b", "CARRIED_OVER", 692),
    ]  # fmt: skip
    assert (areas[1].successor, areas[1].successor_area) == ("tameside-2024", "1")
    assert (interpretation.number, interpretation.parameters) == ("5a", {"stale_after_days": 62})
    assert (revision.number, revision.parameters) == ("11", {"target_date": "2023-12-31"})
    assert clauses["5a"].parameters["stale_after_days"] == 62
    assert clauses["5f"].under == "5"
    async with at(reader, 510) as reading:
        assert (await rows_of(reading, notice.NOTICE))[0].target_date == date(2023, 6, 30)
        assert (await rows_of(reading, notice.NOTICE))[0].outcome is None


async def test_how_often_dates_slipped(reader: Reader) -> None:
    async with at(reader) as reading:
        actions_by_id = {action.action: action for action in await rows_of(reading, actions.ACTION)}
        moved = await rows_of(reading, actions.REBASELINE)
        of_o1 = await rows_of(reading, actions.ACTION, objectives=["O1"])
        milestones = await rows_of(reading, actions.MILESTONE)
        objectives = {objective.objective: objective for objective in await rows_of(reading, plan.OBJECTIVE)}
    assert len(actions_by_id) == 23
    assert (actions_by_id["A3"].first_due, actions_by_id["A3"].due, actions_by_id["A3"].rebaselined) == (
        date(2023, 1, 31), date(2023, 3, 15), 1,
    )  # fmt: skip
    assert (actions_by_id["A15"].owner, actions_by_id["A15"].completed_on) == ("director", None)
    assert (actions_by_id["A1"].completed_on, actions_by_id["A1"].completed_position) == (date(2022, 10, 24), 252)
    assert [(each.action, each.due_before, each.due_after, each.approver) for each in moved] == [
        ("A3", date(2023, 1, 31), date(2023, 3, 15), "chair"),
        ("A15", date(2023, 3, 31), date(2023, 9, 30), "chair"),
        ("A12", date(2023, 5, 31), date(2023, 10, 31), "chair"),
    ]
    assert all(each.reason.body for each in moved)
    assert [action.action for action in of_o1] == ["A1", "A2", "A3"]
    assert [(each.milestone, each.reached_on is not None) for each in milestones] == [
        ("MS1", True), ("MS2", True), ("MS3", True), ("MS4", False), ("MS5", True),
    ]  # fmt: skip
    assert (objectives["O2"].outcome, objectives["O2"].closed_position) == ("ACHIEVED", 465)
    assert (objectives["O7"].first_due, objectives["O7"].due) == (date(2023, 5, 31), date(2023, 9, 30))


async def test_whether_leaders_knew_and_the_plan_is_linked(reader: Reader) -> None:
    async with at(reader) as reading:
        versions = await rows_of(reading, plan.PLAN_VERSION)
        assessments = await rows_of(reading, plan.SELF_ASSESSMENT)
        (briefing,) = await rows_of(reading, plan.BRIEFING)
        ratings = await rows_of(reading, plan.RATING)
    assert [(each.plan_version, each.assessment) for each in versions][:3] == [
        ("plan-1", None), ("plan-2", "SA1"), ("plan-3", "SA2"),
    ]  # fmt: skip
    assert [each.assessment for each in assessments] == ["SA1", "SA2", "SA3"]
    assert assessments[0].strengths[0].body
    assert (briefing.leaders, briefing.evidence) == (
        ["leader", "lead-member", "chief-executive", "director"], ["E1"],
    )  # fmt: skip
    assert [(rating.dimension, rating.code) for rating in ratings][:3] == [
        ("ACTIVITY", "RED"), ("ACTIVITY", "AMBER"), ("ACTIVITY", "GREEN"),
    ]  # fmt: skip


async def vacancies(reading: Snapshot) -> list[tuple[str | None, Gap]]:
    """Return the vacancies in the chair, each with its board."""
    rows = await rows_of(reading, board.VACANCY)
    return [(row.board, Gap(row.first, row.last)) for row in rows]


async def test_when_there_was_no_chair_and_what_the_board_decided(reader: Reader) -> None:
    async with at(reader) as reading:
        assert await rows_of(reading, board.CHAIR, in_post=True) == []
        assert await vacancies(reading) == [
            (None, days("2022-07-20", "2022-07-24")),
            (None, days("2023-04-01", None)),
        ]
        tenures = await rows_of(reading, board.CHAIR)
        members = await rows_of(reading, board.MEMBER)
        timetables = await rows_of(reading, board.TIMETABLE)
        meetings = await rows_of(reading, board.MEETING)
        about = await rows_of(reading, board.DECISION, relates_to="O1")
        standing = await rows_of(reading, board.DECISION, relates_to="O1", standing=True)
        (b10,) = [meeting for meeting in meetings if meeting.meeting == "B10"]
        (pack,) = await rows_of(reading, board.PACK, meeting="B1")
        (interest,) = await rows_of(reading, board.INTEREST)
        (established,) = await rows_of(reading, board.BOARD)
    async with at(reader, on=datetime(2023, 10, 1, tzinfo=UTC)) as reading:
        (chair,) = await rows_of(reading, board.CHAIR, in_post=True)
        assert chair is not None
        assert chair.chair == "chair-2"
        assert await vacancies(reading) == [
            (None, days("2022-07-20", "2022-07-24")), (None, days("2023-04-01", "2023-07-02")),
        ]  # fmt: skip
        now = [member.member for member in await rows_of(reading, board.MEMBER, in_post=True)]
    assert [(tenure.chair, tenure.last, tenure.ended_position) for tenure in tenures] == [
        ("chair", date(2023, 3, 31), 409), ("chair-2", None, None),
    ]  # fmt: skip
    assert tenures[0].independence_basis is not None
    assert [interest.body for interest in tenures[0].interests] == ["None."]
    assert len(members) == len(now) + 1
    assert "partner-schools" not in now
    assert [timetable.department_consent for timetable in timetables] == [True, True]
    assert (len(meetings), b10.quorate, b10.position) == (18, False, 487)
    assert [decision.decision for decision in about] == ["D1", "D2", "D6", "D7", "D17"]
    assert [decision.decision for decision in standing] == ["D1", "D2", "D7", "D17"]
    assert (about[2].rescinded_position, about[0].votes) == (522, {"for": 5, "against": 0, "abstained": 0})
    assert about[0].options[0].body == "To leave it as it is."
    assert ("adviser" in pack.recipients, pack.evidence, interest.actor) == (True, ["E6"], "partner-health")
    assert established is not None
    assert established.quorum == 4


async def test_the_evidence_for_a_claim_and_what_a_withdrawal_shakes(reader: Reader) -> None:
    async with at(reader) as reading:
        claims = await rows_of(reading, reports.CLAIM)
        of_claim = await rows_of(reading, evidence.BASIS, subject="BRP3#1", kind="CLAIM")
        of_decision = await rows_of(reading, evidence.BASIS, subject="D1")
        resting = await rows_of(reading, evidence.BASIS, evidence="E25")
        ended = {
            status: [document.evidence for document in await rows_of(reading, evidence.DOCUMENT, status=status)]
            for status in ("SUPERSEDED", "WITHDRAWN", "ERASED")
        }
        (assessed,) = await rows_of(reading, evidence.ASSESSMENT)
        (restricted,) = await rows_of(reading, evidence.DOCUMENT, evidence_in=["E33"])
        (document,) = await rows_of(reading, evidence.DOCUMENT, evidence_in=["E32"])
        (board_reports,) = await find(reading, reports.BOARD_REPORT, RowQuery())
        undecided = await rows_of(reading, reports.REPORT_RECOMMENDATION, undecided=True)
        objective_reports = await rows_of(reading, reports.OBJECTIVE_REPORT, objective="O5")
        chairs = await rows_of(reading, reports.CHAIR_REPORT)
    assert [(claim.report, claim.number) for claim in claims] == [
        ("BRP2", 1), ("BRP3", 1), ("BRP5", 1), ("BRP6", 1),
    ]  # fmt: skip
    assert [(basis.kind, basis.evidence, basis.status_then) for basis in of_claim] == [("CLAIM", "E26", "CURRENT")]
    assert [(basis.kind, basis.evidence, basis.judgement_then) for basis in of_decision] == [
        ("DECISION", "E6", None),
    ]  # fmt: skip
    assert [(basis.kind, basis.subject) for basis in resting] == [("CLAIM", "BRP2#1"), ("REPORT", "BRP2")]
    assert ended == {"SUPERSEDED": ["E31"], "WITHDRAWN": ["E34"], "ERASED": ["E33"]}
    assert (restricted.classification, restricted.opened, restricted.ended_position) == ("RESTRICTED", 1, 591)
    assert (assessed.judgement, document.judgement, document.assessed_position) == ("PARTIAL", "PARTIAL", 280)
    assert [(each.row.report, each.value("completeness")) for each in board_reports][:3] == [
        ("BRP1", "PARTIAL"), ("BRP2", "PARTIAL"), ("BRP3", "COMPLETE"),
    ]  # fmt: skip
    assert board_reports[0].row.missing == ["IMPACT_EVIDENCE"]
    assert [(each.report, each.outcome) for each in undecided] == [
        ("BRP3", "DEFERRED"), ("BRP4", None), ("BRP6", None),
    ]  # fmt: skip
    assert (len(objective_reports), len(chairs), chairs[0].first) == (5, 5, date(2022, 7, 5))
    async with at(reader, 280) as reading:  # E34 was withdrawn by 281
        (before,) = await rows_of(reading, evidence.DOCUMENT, evidence_in=["E34"])
    assert (before.status, before.ended_position) == ("CURRENT", None)


async def test_which_partner_holds_things_up(reader: Reader) -> None:
    async with at(reader) as reading:
        (standings,) = await find(reading, partners.PARTNER, RowQuery())
        (of_p1,) = await find(reading, partners.CONTRIBUTION, RowQuery({"partner": "P1"}))
        (awaited,) = await rows_of(reading, partners.PARTNER_UPDATE, awaited=True)
        (concern,) = await rows_of(reading, partners.CONTRIBUTION_CONCERN)
        registered = await rows_of(reading, partners.PARTNER)
    counts = {"delivered": 0, "late": 0, "missed": 0, "overdue": 0, "awaited": 0}
    assert {each.row.partner: each.computed for each in standings} == {
        "P1": counts | {"late": 1, "missed": 1},
        "P2": counts | {"delivered": 1, "late": 1},
        "P3": counts | {"delivered": 1},
    }
    assert [(each.row.contribution, each.value("standing")) for each in of_p1] == [
        ("CB1", "LATE"),
        ("CB4", "MISSED"),
    ]
    assert (awaited.update, awaited.partner, concern.contribution) == ("U4", "P1", "CB4")
    assert [(partner.partner, partner.section11) for partner in registered] == [
        ("P1", True), ("P2", True), ("P3", False),
    ]  # fmt: skip
    async with at(reader, 465, on=datetime(2023, 6, 1, tzinfo=UTC)) as reading:  # 466 says that CB4 was missed
        ((first, *_),) = await find(reading, partners.PARTNER, RowQuery())
    assert (first.row.partner, first.computed) == ("P1", counts | {"late": 1, "overdue": 1})


async def test_whether_timeliness_improves(reader: Reader) -> None:
    async with at(reader) as reading:
        rows_of_measures = {each.row.measure: each.row for each in await everything(reading, measures.MEASURE)}
        whole = {each.row.measure: each for each in await everything(reading, measures.MEASURE)}
        redacted = {each.row.measure: each for each in await everything(reading, measures.MEASURE, redacted=True)}
        series, hidden = {}, {}
        for name in ("M1", "M5", "M9"):
            series[name] = await everything(reading, measures.READING, measure=name)
            hidden[name] = await everything(reading, measures.READING, measure=name, redacted=True)
        (reset,) = await rows_of(reading, measures.RESET)
        (revised,) = await rows_of(reading, measures.TARGET)
    async with at(reader, on=datetime(2024, 2, 1, tzinfo=UTC)) as later:
        (target,) = await everything(later, measures.MEASURE, measure="M9")
    assert (revised.measure, revised.first, revised.target) == ("M9", date(2024, 2, 1), 2.0)
    assert (whole["M9"].value("target"), target.value("target")) == (None, 2.0)
    m1, m2 = rows_of_measures["M1"], rows_of_measures["M2"]
    assert (m1.readings, round(m1.mean or 0, 2), round(m1.lower or 0, 2), m1.assurance) == (
        19,
        77.03,
        69.88,
        "FAILING",
    )
    assert "OUTSIDE" in series["M1"][-1].value("signals")
    assert (m2.reset_on, m2.provisional, m2.assurance) == (date(2023, 2, 1), False, "INCONSISTENT")
    assert (reset.measure, reset.position) == ("M2", 460)
    restated = [
        (each.first, each.restated, each.restated_position) for each in rows(series["M5"]) if each.restated
    ]
    assert restated == [(date(2022, 12, 1), 1, 337)]
    assert rows_of_measures["M9"].is_hidden
    assert (whole["M9"].value("mean") is None, redacted["M9"].value("mean")) == (False, None)
    assert redacted["M1"] == whole["M1"]
    assert [
        (each.value("numerator"), each.value("value"), each.value("signals")) for each in hidden["M9"]
    ] == [
        (None if each.row.is_hidden else each.value("numerator"), None, []) for each in series["M9"]
    ]  # fmt: skip
    assert any(each.row.is_hidden and each.value("numerator") is not None for each in series["M9"])
    assert hidden["M1"] == series["M1"]


async def test_who_opened_what_under_whose_approval(reader: Reader) -> None:
    async with at(reader) as reading:
        of_r1 = {each.request: each for each in await rows_of(reading, access.GRANT, review="R1")}
        unused = [each.request for each in await rows_of(reading, access.GRANT, unused=True)]
        used = await rows_of(reading, access.USE, requests=list(of_r1), refused=False)
        refused = await rows_of(reading, access.USE, refused=True)
        lines = {(line.of, line.clause): line for line in await rows_of(reading, access.CHECK)}
        opened = await rows_of(reading, access.PROVISION, requests=["X1"])
    assert (of_r1["X1"].requested_by, of_r1["X1"].decided_by, of_r1["X1"].revoked_position) == (
        "department-official", "council-officer", 235,
    )  # fmt: skip
    assert (of_r1["X4"].decided, of_r1["X4"].decided_position) == ("REFUSED", 210)
    assert unused == ["X3", "X7"]
    assert [(use.grantee, use.document, use.action) for use in used] == [
        ("reviewer", "files-a", "VIEWED"), ("reviewer", "files-b", "VIEWED"), ("reviewer", "talk-1", "DISCUSSED"),
    ]  # fmt: skip
    assert [(use.request, use.why) for use in refused] == [("X1", "REVOKED"), ("X5", "EXPIRED")]
    assert (lines["R1", "9a"].provided, lines["R1", "9b"].asked) == (["STAFF"], [])
    assert lines["R2", "9d"].granted == ["MINUTES"]
    assert lines["R2", "9d"].provided == []
    assert [provision.kind for provision in opened] == ["CASE_FILES"]


@pytest.mark.parametrize(
    ("on", "live"),
    [
        ("2022-10-03T06:59:59+00:00", []),  # granted from eight o'clock in summer time
        ("2022-10-03T07:00:00+00:00", ["X1", "X2", "X3"]),
        ("2022-10-15T12:00:00+00:00", ["X2", "X3"]),  # X1 was revoked the day before
        ("2022-10-21T16:59:59+00:00", ["X2", "X3"]),
        ("2022-10-21T17:00:00+00:00", []),
        ("2023-02-10T17:59:59+00:00", ["X5"]),  # extended from 20 January
        ("2023-02-10T18:00:00+00:00", []),
    ],
)
async def test_which_grants_are_live(reader: Reader, on: str, live: list[str]) -> None:
    async with at(reader, on=datetime.fromisoformat(on)) as reading:
        grants = await rows_of(reading, access.GRANT, live=True)
        assert [each.request for each in grants] == live
