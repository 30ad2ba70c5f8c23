"""What the views say of the invented history, as read off its entries: an adviser's questions, one by one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import pytest

from projections import (
    access,
    actions,
    adviser,
    board,
    engagement,
    escalation,
    evidence,
    measures,
    notice,
    partners,
    people,
    plan,
    records,
    reports,
    reviews,
)
from projections.gaps import Gap
from projections.position import Reading
from projections.reading import AsOf, Reader
from tests.ledger.history import NOTICE
from tests.projections.folding import fold_all
from tests.projections.stored import store

ON = datetime(2023, 6, 30, 12, tzinfo=UTC)


@pytest.fixture
async def reader(database: str) -> AsyncIterator[Reader]:
    await store(database)
    await fold_all(database, NOTICE)
    async with Reader(database) as opened:
        yield opened


@asynccontextmanager
async def at(reader: Reader, position: int | None = None, on: datetime = ON) -> AsyncIterator[Reading]:
    async with reader.at(NOTICE, as_of=AsOf(position), on=on) as reading:
        yield reading


def days(first: str, last: str | None) -> Gap:
    return Gap(date.fromisoformat(first), None if last is None else date.fromisoformat(last))


async def test_the_notice_and_how_it_ended(reader: Reader) -> None:
    async with at(reader) as reading:
        found = await notice.read(reading)
        areas = await notice.areas(reading)
        (interpretation,) = await notice.interpretations(reading)
        (revision,) = await notice.revisions(reading)
        clauses = {clause.number: clause for clause in await notice.clauses(reading)}
    assert (found.outcome, found.closed_on, found.successor) == ("ESCALATED", date(2024, 3, 18), "tameside-2024")
    assert found.target_date == date(2023, 12, 31)
    assert found.closing_reason is not None
    assert found.closing_reason.body
    assert [(area.area, area.ended, area.ended_position) for area in areas] == [
        ("1a", "CLOSED", 689), ("1b", "CARRIED_OVER", 690),
    ]  # fmt: skip
    assert (areas[1].successor, areas[1].successor_area) == ("tameside-2024", "1")
    assert (interpretation.number, interpretation.parameters) == ("5a", {"stale_after_days": 62})
    assert (revision.number, revision.parameters) == ("11", {"target_date": "2023-12-31"})
    assert clauses["5a"].parameters["stale_after_days"] == 62
    assert clauses["5f"].under == "5"
    async with at(reader, 508) as reading:
        assert (await notice.read(reading)).target_date == date(2023, 6, 30)
        assert (await notice.read(reading)).outcome is None


async def test_how_often_dates_slipped(reader: Reader) -> None:
    async with at(reader) as reading:
        found = {action.action: action for action in await actions.actions(reading)}
        moved = await actions.rebaselines(reading)
        of_o1 = await actions.actions(reading, ["O1"])
        milestones = await actions.milestones(reading)
        objectives = {objective.objective: objective for objective in await plan.objectives(reading)}
    assert len(found) == 22
    assert (found["A3"].first_due, found["A3"].due, found["A3"].rebaselined) == (
        date(2023, 1, 31), date(2023, 3, 15), 1,
    )  # fmt: skip
    assert (found["A15"].owner, found["A15"].completed_on) == ("director", None)
    assert (found["A1"].completed_on, found["A1"].completed_position) == (date(2022, 10, 24), 250)
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
    assert (objectives["O2"].outcome, objectives["O2"].closed_position) == ("ACHIEVED", 463)
    assert (objectives["O7"].first_due, objectives["O7"].due) == (date(2023, 5, 31), date(2023, 9, 30))


async def test_whether_leaders_knew_and_the_plan_is_linked(reader: Reader) -> None:
    async with at(reader) as reading:
        versions = await plan.versions(reading)
        assessments = await plan.self_assessments(reading)
        (briefing,) = await plan.briefings(reading)
        ratings = await plan.ratings(reading)
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


async def test_when_there_was_no_chair_and_what_the_board_decided(reader: Reader) -> None:
    async with at(reader) as reading:
        assert await board.chair(reading) is None
        assert await board.vacancies(reading) == [days("2022-07-20", "2022-07-24"), days("2023-04-01", None)]
        tenures = await board.chairs(reading)
        members = await board.members(reading)
        timetables = await board.timetables(reading)
        meetings = await board.meetings(reading)
        about = await board.decisions(reading, relates_to="O1")
        standing = await board.decisions(reading, relates_to="O1", standing=True)
        (b10,) = [meeting for meeting in meetings if meeting.meeting == "B10"]
        (pack,) = await board.packs(reading, "B1")
        (interest,) = await board.interests(reading)
        established = await board.established(reading)
    async with at(reader, on=datetime(2023, 10, 1, tzinfo=UTC)) as reading:
        chair = await board.chair(reading)
        assert chair is not None
        assert chair.chair == "chair-2"
        assert await board.vacancies(reading) == [
            days("2022-07-20", "2022-07-24"), days("2023-04-01", "2023-07-02"),
        ]  # fmt: skip
        now = [member.member for member in await board.members(reading, now=True)]
    assert [(tenure.chair, tenure.last, tenure.ended_position) for tenure in tenures] == [
        ("chair", date(2023, 3, 31), 407), ("chair-2", None, None),
    ]  # fmt: skip
    assert tenures[0].independence_basis is not None
    assert [interest.body for interest in tenures[0].interests] == ["None."]
    assert len(members) == len(now) + 1
    assert "partner-schools" not in now
    assert [timetable.department_consent for timetable in timetables] == [True, True]
    assert (len(meetings), b10.quorate, b10.position) == (18, False, 485)
    assert [decision.decision for decision in about] == ["D1", "D2", "D6", "D7", "D17"]
    assert [decision.decision for decision in standing] == ["D1", "D2", "D7", "D17"]
    assert (about[2].rescinded_position, about[0].votes) == (520, {"for": 5, "against": 0, "abstained": 0})
    assert about[0].options[0].body == "To leave it as it is."
    assert ("adviser" in pack.recipients, pack.evidence, interest.actor) == (True, ["E6"], "partner-health")
    assert established is not None
    assert established.quorum == 4


async def test_the_evidence_for_a_claim_and_what_a_withdrawal_shakes(reader: Reader) -> None:
    async with at(reader) as reading:
        claims = await reports.claims(reading)
        of_claim = await evidence.rests_on(reading, "BRP3#1", kind="claim")
        of_decision = await evidence.rests_on(reading, "D1")
        resting = await evidence.resting_on(reading, "E25")
        ended = {
            status: [document.evidence for document in await evidence.register(reading, status=status)]
            for status in ("SUPERSEDED", "WITHDRAWN", "ERASED")
        }
        (assessed,) = await evidence.assessments(reading)
        (restricted,) = await evidence.register(reading, ids=["E33"])
        (document,) = await evidence.register(reading, ids=["E32"])
        board_reports = await reports.board_reports(reading)
        undecided = await reports.recommendations(reading, undecided=True)
        told = await reports.objective_reports(reading, objective="O5")
        chairs = await reports.chair_reports(reading)
    assert [(claim.report, claim.number) for claim in claims] == [
        ("BRP2", 1), ("BRP3", 1), ("BRP5", 1), ("BRP6", 1),
    ]  # fmt: skip
    assert [(basis.kind, document.evidence, document.status) for basis, document in of_claim] == [
        ("claim", "E26", "CURRENT"),
    ]  # fmt: skip
    assert [(basis.kind, document.evidence) for basis, document in of_decision] == [("decision", "E6")]
    assert [(basis.kind, basis.subject) for basis in resting] == [("claim", "BRP2#1"), ("report", "BRP2")]
    assert ended == {"SUPERSEDED": ["E31"], "WITHDRAWN": ["E34"], "ERASED": ["E33"]}
    assert (restricted.classification, restricted.opened, restricted.ended_position) == ("RESTRICTED", 1, 589)
    assert (assessed.judgement, document.judgement, document.assessed_position) == ("PARTIAL", "PARTIAL", 278)
    assert [(each.report, each.completeness) for each in board_reports][:3] == [
        ("BRP1", "PARTIAL"), ("BRP2", "PARTIAL"), ("BRP3", "COMPLETE"),
    ]  # fmt: skip
    assert board_reports[0].missing == ["IMPACT_EVIDENCE"]
    assert [(each.report, each.outcome) for each in undecided] == [
        ("BRP3", "DEFERRED"), ("BRP4", None), ("BRP6", None),
    ]  # fmt: skip
    assert (len(told), len(chairs), chairs[0].first) == (5, 5, date(2022, 7, 5))
    async with at(reader, 278) as reading:  # E34 was withdrawn by 279
        (before,) = await evidence.register(reading, ids=["E34"])
    assert (before.status, before.ended_position) == ("CURRENT", None)


async def test_which_partner_holds_things_up(reader: Reader) -> None:
    async with at(reader) as reading:
        standings = await partners.standings(reading)
        of_p1 = await partners.contributions(reading, partner="P1")
        (awaited,) = await partners.updates(reading, awaited=True)
        (concern,) = await partners.concerns(reading)
        registered = await partners.partners(reading)
    assert standings == [
        partners.Standing("P1", late=1, missed=1),
        partners.Standing("P2", delivered=1, late=1),
        partners.Standing("P3", delivered=1),
    ]
    assert [(each.contribution, each.standing(ON.date())) for each in of_p1] == [
        ("CB1", "LATE"),
        ("CB4", "MISSED"),
    ]
    assert (awaited.update, awaited.partner, concern.contribution) == ("U4", "P1", "CB4")
    assert [(partner.partner, partner.section11) for partner in registered] == [
        ("P1", True), ("P2", True), ("P3", False),
    ]  # fmt: skip
    async with at(reader, 463, on=datetime(2023, 6, 1, tzinfo=UTC)) as reading:  # 464 says that CB4 was missed
        assert (await partners.standings(reading))[0] == partners.Standing("P1", late=1, overdue=1)


async def test_whether_timeliness_improves(reader: Reader) -> None:
    async with at(reader) as reading:
        found = {measure.measure: measure for measure in await measures.measures(reading)}
        redacted = {measure.measure: measure for measure in await measures.measures(reading, redacted=True)}
        series = await measures.readings(reading, ["M1", "M2", "M5", "M9"])
        hidden = await measures.readings(reading, ["M1", "M9"], redacted=True)
        (reset,) = await measures.resets(reading)
    m1, m2 = found["M1"], found["M2"]
    assert (m1.readings, round(m1.mean or 0, 2), round(m1.lower or 0, 2), m1.assurance) == (
        19,
        77.03,
        69.88,
        "FAILING",
    )
    assert "OUTSIDE" in series["M1"][-1].signals
    assert (m2.reset_on, m2.provisional, m2.assurance) == (date(2023, 2, 1), False, "INCONSISTENT")
    assert (reset.measure, reset.position) == ("M2", 458)
    restated = [(each.first, each.restated, each.restated_position) for each in series["M5"] if each.restated]
    assert restated == [(date(2022, 12, 1), 1, 335)]
    assert found["M9"].is_hidden
    assert (found["M9"].mean is None, redacted["M9"].mean) == (False, None)
    assert redacted["M1"] == m1
    assert [reading.numerator for reading in hidden["M9"] if reading.is_hidden] == [None] * sum(
        reading.is_hidden for reading in series["M9"]
    )
    assert all(reading.value is None and reading.signals == [] for reading in hidden["M9"])
    assert [r.numerator for r in hidden["M9"] if not r.is_hidden] == [
        r.numerator for r in series["M9"] if not r.is_hidden
    ]
    assert hidden["M1"] == series["M1"]


async def test_who_opened_what_under_whose_approval(reader: Reader) -> None:
    async with at(reader) as reading:
        of_r1 = {each.request: each for each in await access.access(reading, review="R1")}
        unused = [each.request for each in await access.access(reading, unused=True)]
        used = await access.uses(reading, requests=list(of_r1), refused=False)
        refused = await access.uses(reading, refused=True)
        lines = {(line.of, line.clause): line for line in await access.checklist(reading)}
        opened = await access.provisions(reading, ["X1"])
    assert (of_r1["X1"].requested_by, of_r1["X1"].decided_by, of_r1["X1"].revoked_position) == (
        "department-official", "council-officer", 233,
    )  # fmt: skip
    assert (of_r1["X4"].decided, of_r1["X4"].decided_position) == ("REFUSED", 208)
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
        found = await access.access(reading, live=True)
        assert [each.request for each in found] == live
        assert [each.request for each in await access.access(reading) if each.is_live(reading.on)] == live


async def test_reviews_their_topics_and_assessments(reader: Reader) -> None:
    async with at(reader) as reading:
        found = await reviews.reviews(reading)
        topics = await reviews.topics(reading)
        diagnostics = await reviews.diagnostics(reading)
        overdue = await reviews.overdue(reading)
        said = await reviews.objective_assessments(reading, "R1")
    assert [(review.review, review.assessment) for review in found] == [
        ("R1", "BEFORE"), ("R2", "AFTER"), ("R3", "BEFORE"), ("R4", "ABSENT"),
    ]  # fmt: skip
    assert [len(review.findings) for review in found] == [2, 2, 2, 1]
    assert [review.review for review in topics["EARLY_HELP"]] == ["R3"]
    assert found[3].other_topics[0].body
    assert [(each.diagnostic, each.standing(date(2023, 10, 31))) for each in diagnostics] == [
        ("DG1", "DONE"), ("DG2", "RUNNING"),
    ]  # fmt: skip
    assert overdue == []
    assert [each.objective for each in said] == ["O1", "O3"]
    async with at(reader, on=datetime(2023, 11, 1, tzinfo=UTC)) as reading:
        assert [each.diagnostic for each in await reviews.overdue(reading)] == ["DG2"]
    async with at(reader, 500) as reading:
        assert (await reviews.topics(reading))["EARLY_HELP"] == []


async def test_what_changed_because_of_children(reader: Reader) -> None:
    async with at(reader) as reading:
        changed = await engagement.considerations(reading, group="CHILDREN_AND_YOUNG_PEOPLE", changed=True)
        gathered = await engagement.gatherings(reading, "FRONTLINE_STAFF")
        of_v2 = await engagement.considerations(reading, views="V2")
    assert [(each.views, each.position) for each in changed] == [("V4", 493), ("V6", 678)]
    assert all(each.change_made is not None and each.change_made.body for each in changed)
    assert [(each.views, each.loop) for each in gathered] == [
        ("V1", "CLOSED"), ("V3", "CLOSED"), ("V5", "GATHERED_ONLY"),
    ]  # fmt: skip
    assert gathered[0].themes[0].body == "Too much paper."
    assert [each.change_made for each in of_v2] == [None]


async def test_who_advised_then_and_what_they_reported(reader: Reader) -> None:
    async with at(reader, on=datetime(2022, 9, 4, 12, tzinfo=UTC)) as reading:
        assert [tenure.adviser for tenure in await adviser.advisers(reading)] == ["adviser-before"]
        assert await adviser.vacancies(reading) == []
    async with at(reader, on=datetime(2024, 3, 31, tzinfo=UTC)) as reading:
        assert await adviser.advisers(reading) == []
        assert await adviser.vacancies(reading) == [days("2024-03-19", None)]
        tenures = await adviser.tenures(reading)
        found = await adviser.reports(reading)
        of_1a = await adviser.area_reports(reading, area="1a")
        required = await adviser.requirement_reports(reading, "AR1")
        assert await adviser.unreported(reading) == []
    assert [(tenure.adviser, tenure.ended, tenure.last) for tenure in tenures] == [
        ("adviser-before", "REPLACED", date(2022, 9, 4)), ("adviser", "RELEASED", date(2024, 3, 18)),
    ]  # fmt: skip
    assert [(report.report, report.pinned) for report in found][:2] == [("AR1", 232), ("AR2", 331)]
    assert found[0].query is not None
    assert [each.judgement for each in of_1a] == ["CONCERN", "PROGRESS", "PROGRESS", *["CONCERN"] * 3]
    assert [each.number for each in required] == ["11", "5b"]


async def test_what_led_to_escalation(reader: Reader) -> None:
    async with at(reader) as reading:
        steps = await escalation.steps(reading)
        concerns = await escalation.concerns(reading)
        interventions = await escalation.interventions(reading)
    assert [(step.position, step.state) for step in steps] == [
        (599, "CONCERN"), (662, "CONCERN"), (677, "INTERVENTION"), (687, "INTERVENTION"), (688, "INTERVENTION"),
        (692, "CLOSED"),
    ]  # fmt: skip
    assert [concern.areas for concern in concerns] == [["1a"], ["1a", "1b"]]
    assert [(each.power, each.concerns, each.becomes) for each in interventions] == [
        ("targeted support", ["C1"], "statutory direction"), ("s497A", ["C1", "C2"], None),
    ]  # fmt: skip


async def test_people_and_the_record_itself(reader: Reader) -> None:
    async with at(reader) as reading:
        (held,) = await people.roles(reading, actor="reviewer-2")
        now = {each.actor for each in await people.roles(reading, now=True)}
        (token,) = await people.tokens(reading)
        integrations = await people.integrations(reading)
        actors = await people.actors(reading)
        erasures = await records.erasures(reading)
        assert await records.erasures(reading, awaited=True) == []
        publications = await records.publications(reading)
        findings = await records.audit_findings(reading)
        (key,) = await records.signing_keys(reading)
    assert (held.role, held.revoked_position, "reviewer-2" in now) == ("REVIEWER", 441, False)
    assert (token.token, token.revoked_position, len(actors)) == ("T-trial", 143, 13)
    assert [(each.integration, each.revoked_position) for each in integrations] == [("I1", None), ("I2", 277)]
    assert [(each.target, each.requested_by, each.erased_by) for each in erasures] == [
        (171, "records-officer", "data-protection-officer"), (580, "records-officer", "data-protection-officer"),
    ]  # fmt: skip
    assert [each.subject for each in publications] == ["SA1", "tameside-2022"]
    assert [(each.severity, each.positions) for each in findings] == [("MINOR", [407]), ("MAJOR", [111, 620])]
    assert key.key == "demo-2022"
    async with at(reader, 181) as reading:
        assert [each.target for each in await records.erasures(reading, awaited=True)] == [171]
