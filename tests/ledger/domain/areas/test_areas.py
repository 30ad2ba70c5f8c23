"""The areas' own rules, each with an admitted fact and with refusals by code and path."""

from typing import Any

import pytest

from ledger.domain.authorisation import Credential
from ledger.domain.duties import takes_two
from ledger.domain.roles import Role
from tests.ledger.desk import Desk, Refusals, at
from tests.ledger.history import DIGEST, OBJECTIVE, OPERATOR

Step = tuple[str, str, dict[str, Any]]
"""Recorder, fact and data."""
ROLES = (
    ("cara", "CHAIR"),
    ("dora", "DEPARTMENT_OFFICIAL"),
    ("pia", "PARTNER"),
    ("abe", "AUDITOR"),
)
SERVICE = "service"


def measure(name: str = "M1", unit: str = "PERCENT", **more: Any) -> Step:
    data = {"measure": name, "title": "Visits", "unit": unit, "direction": "HIGHER_IS_BETTER", **more}
    return "alice", "MeasureDefined", data


def reading(fact: str = "MeasureReadingReported", **more: Any) -> Step:
    data = {
        "measure": "M1",
        "period": {"first": "2022-06-01", "last": "2022-06-30"},
        "numerator": 8,
        "denominator": 10,
        "system": "case records",
        "extractedAt": at(0),
    }
    return "alice", fact, data | more


RESTATED = {"reason": "Late entries."}
ACTION: Step = (
    "alice",
    "ActionAdded",
    {"action": "A1", "objective": "O1", "title": "Do it", "owner": "alice", "due": "2022-09-30"},
)
MOVED = {"action": "A1", "from": "2022-09-30", "to": "2022-10-31", "reason": "Ill.", "approver": "cara"}
DONE = {"action": "A1", "completedOn": "2022-07-05", "result": "Done."}
PUBLISHED = {"assessment": "SA1", "edition": "1", "strengths": ["x"], "weaknesses": ["y"]}
LEVEL = {"code": "RED", "label": "Red", "meaning": "Bad.", "order": 0}
SCALE = {"dimension": "IMPACT", "levels": [LEVEL, LEVEL | {"code": "GREEN", "order": 1}]}
PROGRESS = {"objective": "O1", "narrative": "Done.", "activityRating": "AMBER", "impactRating": "RED"}
PARTNER: Step = (
    "alice",
    "PartnerRegistered",
    {"partner": "P1", "organisation": "Police", "section11": True, "lead": "pia"},
)
PROMISE = {"contribution": "CB1", "partner": "P1", "what": "A lead.", "owner": "pia", "due": "2022-09-30"}
COMMISSION = {"update": "U1", "partner": "P1", "topic": "Leads.", "due": "2022-08-01"}
CHAIR = {"chair": "cara", "first": "2022-07-25"}
INDEPENDENT: Step = (
    "operator",
    "ClauseRegistered",
    {
        "number": "5b",
        "obligor": "COUNCIL",
        "modality": "MUST",
        "rule": "board-and-chair",
        "text": "A board.",
        "parameters": {"independent_chair": True},
    },
)
BOARD: Step = ("alice", "BoardEstablished", {"termsOfReference": "To oversee.", "quorum": 2})
MET = {"meeting": "B1", "attendance": ["cara", "alice"], "quorate": True}
DECIDED = {"decision": "D1", "meeting": "B1", "title": "x", "outcome": "y", "rationale": "z"}
REPORT: Step = (
    "alice",
    "BoardReportSubmitted",
    {"report": "R1", "meeting": "B1", "recommendations": [{"recommendation": "a", "text": "x"}]},
)
OUTCOME = {"report": "R1", "recommendation": "a", "outcome": "ACCEPTED", "reason": "Good."}
AREA = [{"area": "1a", "judgement": "PROGRESS", "text": "Well."}]
ADVISED = {
    "report": "AR1",
    "period": {"first": "2022-07-01", "last": "2022-07-05"},
    "perArea": AREA,
    "position": 3,
}
REVIEWED = {"review": "R1", "kind": "six-month review", "by": "DfE", "from": "2022-07-10", "topics": ["CULTURE"]}
DIAGNOSTIC: Step = ("bob", "DiagnosticRequired", {"diagnostic": "DG1", "scope": "Oversight."})
AGREED = {"diagnostic": "DG1", "provider": "dee", "outside": True, "departmentConsent": True}
APPOINTED: Step = (
    "dora",
    "AdviserAppointed",
    {"appointment": "AP1", "adviser": "bob", "first": "2022-07-10", "terms": "Advise."},
)
EVIDENCE: Step = (
    "alice",
    "EvidenceSubmitted",
    {
        "evidence": "E1",
        "digest": DIGEST,
        "mediaType": "text/csv",
        "size": 1,
        "title": "x",
        "classification": "RESTRICTED",
    },
)
KINSHIP = {
    "views": "V1",
    "group": "OTHER",
    "otherGroup": "kinship carers",
    "method": "forum",
    "count": 1,
    "themes": ["x"],
}
"""Views of a group that is named freely."""
OF_KINSHIP: Step = (
    "operator",
    "ClauseRegistered",
    {
        "number": "5e",
        "obligor": "COUNCIL",
        "modality": "MUST",
        "rule": "views-considered",
        "parameters": {"groups": ["OTHER"], "other_groups": ["kinship carers"]},
        "text": "Hear kinship carers.",
    },
)
CLOSED = {"closedOn": "2022-07-05", "outcome": "FULFILLED", "reason": "Done."}
RECOMMENDATION: Step = ("bob", "RecommendationMade", {"recommendation": "RC1", "by": "bob", "text": "Do it."})
REVISED = {"objective": "O1", "reason": "Why.", "due": "2023-01-31"}
ACCESS: tuple[Step, ...] = (
    ("operator", "ReviewScheduled", REVIEWED),
    (
        "bob",
        "AccessRequested",
        {
            "request": "X1",
            "grantee": "rita",
            "review": "R1",
            "kind": "DATA",
            "scope": "s",
            "purpose": "p",
            "from": at(-1),
            "until": at(5),
        },
    ),
)
GRANT: Step = ("alice", "AccessGranted", {"request": "X1", "from": at(-1), "until": at(2)})
USED = {"request": "X1", "document": "files", "action": "VIEWED"}

RULES: list[tuple[str, tuple[Step, ...], Step, list[tuple[Step | dict[str, Any], Refusals]]]] = [
    # name, earlier steps, admitted step, refused variants
    ("a share is at most all", (measure(),), reading(), [({"numerator": 11}, [("OUT_OF_RANGE", "data.numerator")]), ({"denominator": None}, [("MISSING_FIELD", "data.denominator")])]),
    ("a count has no denominator", (measure(unit="COUNT"),), reading(denominator=None), [({"denominator": 3}, [("INVALID_FIELD", "data.denominator")])]),
    ("an average may be more than one", (measure(unit="AVERAGE"),), reading(numerator=90), []),
    ("a rate is per something", (), measure(unit="RATE", per=100), [({"per": None}, [("MISSING_FIELD", "data.per")]), ({"per": 0}, [("MISSING_FIELD", "data.per")])]),
    ("a measure is not its own part", (measure("M0"),), measure(partOf="M0"), [({"partOf": "M9"}, [("NOT_FOUND", "data.partOf")])]),
    ("a period has passed", (measure(),), reading(period={"first": "2022-07-05", "last": "2022-07-05"}), [({"period": {"first": "2022-07-01", "last": "2022-07-06"}}, [("OUT_OF_RANGE", "data.period.last")]), ({"period": {"first": "2022-06-02", "last": "2022-06-01"}}, [("OUT_OF_RANGE", "data.period.last")])]),
    ("a period is read once", (measure(), reading()), reading("MeasureReadingRestated", **RESTATED), [(reading(), [("ALREADY_EXISTS", "data.period")])]),
    ("what is restated was reported", (measure(), reading()), reading("MeasureReadingRestated", **RESTATED), [({"period": {"first": "2022-05-01", "last": "2022-05-31"}}, [("NOT_FOUND", "data.period")])]),
    ("an action's date is moved by another than its owner", (ACTION,), ("alice", "ActionRebaselined", MOVED), [({"approver": "alice"}, [("SAME_PERSON", "data.approver")]), ({"from": "2022-09-29"}, [("OUTDATED", "data.from")]), ({"to": "2022-09-30"}, [("NOTHING_CHANGED", "data.to")])]),
    ("an action was completed in the past", (ACTION,), ("alice", "ActionCompleted", DONE), [({"completedOn": "2022-07-06"}, [("OUT_OF_RANGE", "data.completedOn")])]),
    ("a revision changes something", (ACTION,), ("alice", "ActionRevised", {"action": "A1", "reason": "x", "owner": "bob"}), [({"owner": None}, [("NOTHING_CHANGED", "data")])]),
    ("an objective's revision changes something", (), ("alice", "ObjectiveRevised", REVISED), [({"due": None}, [("NOTHING_CHANGED", "data")]), ({"areas": []}, [("INVALID_FIELD", "data.areas")]), ({"areas": ["9"]}, [("NOT_FOUND", "data.areas[0]")])]),
    ("an action is under an open objective", (("alice", "ObjectiveClosed", {"objective": "O1", "outcome": "ACHIEVED", "reason": "x"}), ("operator", "ObjectiveAdded", {"objective": "O2", "title": "x", "areas": ["1a"], "owner": "alice", "due": "2023-01-01"})), ("alice", "ActionAdded", ACTION[2] | {"objective": "O2"}), [({"objective": "O1"}, [("ALREADY_ENDED", "data.objective")])]),
    ("a milestone was reached in the past", (("alice", "MilestoneSet", {"milestone": "MS1", "objective": "O1", "title": "x", "due": "2022-08-01"}),), ("alice", "MilestoneReached", {"milestone": "MS1", "reachedOn": "2022-07-05"}), [({"reachedOn": "2022-07-06"}, [("OUT_OF_RANGE", "data.reachedOn")])]),
    ("progress is of the objective's own action", (ACTION, ("operator", "ObjectiveAdded", {"objective": "O2", "title": "x", "areas": ["1a"], "owner": "alice", "due": "2023-01-01"})), ("alice", "ProgressRecorded", PROGRESS | {"action": "A1"}), [({"objective": "O2"}, [("NOT_FOUND", "data.action")])]),
    ("progress is rated on the plan's scale", (("alice", "RatingScaleAdopted", SCALE),), ("alice", "ProgressRecorded", PROGRESS), [({"impactRating": "PURPLE"}, [("NOT_ON_SCALE", "data.impactRating")])]),
    ("a scale has each rating once", (), ("alice", "RatingScaleAdopted", SCALE), [({"levels": [LEVEL, LEVEL]}, [("TWICE", "data.levels[1].code"), ("TWICE", "data.levels[1].order")])]),
    ("a plan answers the current self-assessment", (("alice", "SelfAssessmentPublished", PUBLISHED), ("alice", "SelfAssessmentPublished", PUBLISHED | {"assessment": "SA2"})), ("alice", "PlanVersionApproved", {"planVersion": "1", "body": "cabinet", "assessment": "SA2"}), [({"assessment": "SA1"}, [("OUTDATED", "data.assessment")])]),
    ("a recommendation is decided once", (RECOMMENDATION,), ("alice", "RecommendationAccepted", {"recommendation": "RC1", "response": "Yes."}), []),
    ("a decided recommendation stays decided", (RECOMMENDATION, ("operator", "RecommendationMade", RECOMMENDATION[2] | {"recommendation": "RC2"}), ("alice", "RecommendationAccepted", {"recommendation": "RC1", "response": "Yes."})), ("alice", "RecommendationRejected", {"recommendation": "RC2", "reason": "No."}), [({"recommendation": "RC1"}, [("ALREADY_RECORDED", "data.recommendation")])]),
    ("coverage names something", (), ("alice", "CoverageMapped", {"objective": "O1", "areas": ["1a"]}), [({"areas": []}, [("MISSING_FIELD", "data")])]),
    ("a partner speaks for itself", (PARTNER, ("alice", "PartnerRegistered", PARTNER[2] | {"partner": "P2", "lead": "other"})), ("pia", "ContributionCommitted", PROMISE), [({"partner": "P2"}, [("NOT_YOURS", "")])]),
    ("a contribution came in the past", (PARTNER, ("pia", "ContributionCommitted", PROMISE)), ("pia", "ContributionReceived", {"contribution": "CB1", "receivedOn": "2022-07-05"}), [({"receivedOn": "2022-07-06"}, [("OUT_OF_RANGE", "data.receivedOn")])]),
    ("a concern is of the partner's own contribution", (PARTNER, ("alice", "PartnerRegistered", PARTNER[2] | {"partner": "P2"}), ("pia", "ContributionCommitted", PROMISE)), ("alice", "ContributionConcernRaised", {"partner": "P1", "concern": "x", "contribution": "CB1"}), [({"partner": "P2"}, [("NOT_FOUND", "data.contribution")])]),
    ("an update came in the past", (PARTNER, ("cara", "PartnerUpdateCommissioned", COMMISSION)), ("pia", "PartnerUpdateReceived", {"update": "U1", "receivedOn": "2022-07-05", "summary": "x"}), [({"receivedOn": "2022-07-06"}, [("OUT_OF_RANGE", "data.receivedOn")])]),
    ("a board is established once", (), BOARD, []),
    ("an independent chair is explained where the notice asks", (INDEPENDENT,), ("alice", "ChairAppointed", CHAIR | {"independenceBasis": "No ties."}), [({"independenceBasis": None}, [("MISSING_FIELD", "data.independenceBasis")])]),
    ("elsewhere a chair need not be independent", (), ("alice", "ChairAppointed", CHAIR), [({"last": "2022-07-24"}, [("OUT_OF_RANGE", "data.last")])]),
    ("one chair at a time", (("alice", "ChairAppointed", CHAIR | {"last": "2022-09-30"}),), ("alice", "ChairAppointed", CHAIR | {"first": "2022-10-01"}), [({"first": "2022-09-30"}, [("ALREADY_EXISTS", "data.first")])]),
    ("a chair who chairs ends", (("alice", "ChairAppointed", CHAIR),), ("alice", "ChairEnded", {"chair": "cara", "last": "2022-09-30", "reason": "x"}), [({"chair": "alice"}, [("NOT_FOUND", "data.chair")]), ({"last": "2022-07-24"}, [("OUT_OF_RANGE", "data.last")])]),
    ("a member joins once", (("alice", "MemberJoined", {"member": "pia", "post": "police", "first": "2022-07-01"}),), ("alice", "MemberLeft", {"member": "pia", "last": "2022-07-02"}), [(("alice", "MemberJoined", {"member": "pia", "post": "police", "first": "2022-07-02"}), [("ALREADY_EXISTS", "data.member")]), ({"member": "cara"}, [("NOT_FOUND", "data.member")]), ({"last": "2022-06-30"}, [("OUT_OF_RANGE", "data.last")])]),
    ("a timetable is in order", (), ("alice", "TimetableAgreed", {"dates": ["2022-07-27", "2022-08-31"], "departmentConsent": True}), [({"dates": ["2022-08-31", "2022-07-27"]}, [("OUT_OF_RANGE", "data.dates")]), ({"dates": ["2022-07-27", "2022-07-27"]}, [("OUT_OF_RANGE", "data.dates")])]),
    ("a quorate meeting has its quorum", (BOARD,), ("cara", "MeetingHeld", MET), [({"attendance": ["cara"]}, [("NOT_QUORATE", "data.quorate")]), ({"attendance": ["cara", "alice", "cara"]}, [("TWICE", "data.attendance[2]")]), ({"apologies": ["alice"]}, [("TWICE", "data.attendance[1]")])]),
    ("an inquorate meeting decides nothing", (BOARD, ("cara", "MeetingHeld", MET | {"attendance": ["cara"], "quorate": False})), ("cara", "BoardDecisionRecorded", DECIDED | {"meeting": "B2"}), [({"meeting": "B1"}, [("NOT_QUORATE", "data.meeting")])]),
    ("minutes are approved at another meeting", (("cara", "MeetingHeld", MET),), ("cara", "MinutesApproved", {"meeting": "B1", "approvedAt": "B2"}), [({"approvedAt": "B1"}, [("SAME_THING", "data.approvedAt")])]),
    ("a report's recommendation is its own", (REPORT,), ("cara", "ReportRecommendationDecided", OUTCOME), [({"recommendation": "b"}, [("NOT_FOUND", "data.recommendation")])]),
    ("what was put off is decided later", (REPORT, ("cara", "ReportRecommendationDecided", OUTCOME | {"outcome": "DEFERRED"})), ("cara", "ReportRecommendationDecided", OUTCOME), []),
    ("an adviser's report rests on what is recorded", (INDEPENDENT,), ("bob", "AdviserReportIssued", ADVISED), [({"position": 99}, [("OUT_OF_RANGE", "data.position")]), ({"perArea": [*AREA, *AREA]}, [("TWICE", "data.perArea[1].area")]), ({"requirements": [{"number": "5b", "text": "x"}, {"number": "99", "text": "x"}]}, [("NOT_FOUND", "data.requirements[1].number")])]),
    ("an adviser's report is of what has been", (), ("bob", "AdviserReportIssued", ADVISED), [({"period": {"first": first, "last": last}}, [("OUT_OF_RANGE", "data.period.last")]) for first, last in (("2022-07-01", "2022-07-06"), ("2034-01-01", "2034-03-31"), ("2022-06-01", "2022-07-04"))]),
    ("views are of somebody", (), ("alice", "ViewsGathered", {"views": "V1", "group": "FRONTLINE_STAFF", "method": "forum", "count": 1, "themes": ["x"]}), [({"count": 0}, [("OUT_OF_RANGE", "data.count")]), ({"group": "OTHER"}, [("INVALID_FIELD", "data.otherGroup")]), ({"otherGroup": "kinship carers"}, [("INVALID_FIELD", "data.otherGroup")])]),
    ("a group that no clause names is recorded", (), ("alice", "ViewsGathered", KINSHIP), [({"otherGroup": name}, [("INVALID_FIELD", "data.otherGroup")]) for name in ("FRONTLINE_STAFF", "frontline staff", "Care leavers")]),
    ("a group by name is spelt as a clause spells it", (OF_KINSHIP,), ("alice", "ViewsGathered", KINSHIP), [({"otherGroup": name}, [("NOT_FOUND", "data.otherGroup")]) for name in ("Kinship carers", "kinship carer", "kinhsip carers")]),
    ("another group than those of the clauses is recorded", (OF_KINSHIP,), ("alice", "ViewsGathered", KINSHIP | {"otherGroup": "school governors"}), []),
    ("another topic is told", (), ("dora", "ReviewScheduled", REVIEWED), [({"topics": ["OTHER"]}, [("INVALID_FIELD", "data.otherTopics")]), ({"otherTopics": ["x"]}, [("INVALID_FIELD", "data.otherTopics")])]),
    ("an outside party needs consent", (DIAGNOSTIC,), ("bob", "DiagnosticProviderAgreed", AGREED), [({"departmentConsent": False}, [("CONSENT_MISSING", "data.departmentConsent")])]),
    ("one from within needs none", (DIAGNOSTIC,), ("bob", "DiagnosticProviderAgreed", AGREED | {"outside": False, "departmentConsent": False}), []),
    ("an adviser is replaced by another", (APPOINTED,), ("dora", "AdviserReplaced", {"appointment": "AP1", "adviser": "ben", "first": "2022-09-01", "reason": "x"}), [({"adviser": "bob"}, [("NOTHING_CHANGED", "data.adviser")]), ({"first": "2022-07-09"}, [("OUT_OF_RANGE", "data.first")])]),
    ("an adviser is released after the first day", (APPOINTED,), ("dora", "AdviserReleased", {"appointment": "AP1", "last": "2022-09-01", "reason": "x"}), [({"last": "2022-07-09"}, [("OUT_OF_RANGE", "data.last")])]),
    ("a document is superseded by another", (EVIDENCE, ("alice", "EvidenceSubmitted", EVIDENCE[2] | {"evidence": "E2"})), ("alice", "EvidenceSuperseded", {"evidence": "E1", "by": "E2", "reason": "x"}), [({"by": "E1"}, [("SAME_THING", "data.by")])]),
    ("a revision names clauses of the notice", (INDEPENDENT,), ("dora", "NoticeRevised", {"revisedOn": "2022-07-05", "reason": "x", "clauses": [{"number": "5b", "parameters": {"chaired_by": "CHAIR"}}]}), [({"clauses": [{"number": "99", "parameters": {}}]}, [("NOT_FOUND", "data.clauses[0].number")]), ({"clauses": [{"number": "5b", "parameters": {"chaired_by": "-"}}]}, [("INVALID_FIELD", "data.clauses[0].parameters.chaired_by")]), ({"clauses": [{"number": "5b", "parameters": {"chaired_by": "CHAIRS"}}]}, [("INVALID_RULE", "data.clauses[0].parameters.chaired_by")])]),
    ("an interpretation is of a clause", (INDEPENDENT,), ("cara", "InterpretationAdopted", {"interpretation": "I1", "number": "5b", "word": "regular", "meaning": "Monthly.", "adoptedBy": "board"}), [({"number": "99"}, [("NOT_FOUND", "data.number")])]),
    ("an instruction is under a clause", (INDEPENDENT,), ("dora", "ClauseRegistered", INDEPENDENT[2] | {"number": "5z", "under": "5b"}), [({"under": "99"}, [("NOT_FOUND", "data.under")])]),
    ("a notice that was escalated has a successor", (), ("dora", "NoticeClosed", CLOSED | {"outcome": "ESCALATED", "successor": "n2"}), [({"successor": None}, [("MISSING_FIELD", "data.successor")]), ({"closedOn": "2022-07-04"}, [("OUT_OF_RANGE", "data.closedOn")])]),
    ("access is refused before it is granted, by another", ACCESS, ("alice", "AccessRefused", {"request": "X1", "reason": "x"}), []),
    ("what was granted is not refused", (*ACCESS, GRANT), ("alice", "AccessProvided", {"request": "X1", "kind": "DATA", "what": "x", "on": "2022-07-05"}), [(("alice", "AccessRefused", {"request": "X1", "reason": "x"}), [("ALREADY_GRANTED", "data.request")])]),
    ("a grant is extended while it lives", (*ACCESS, GRANT), ("alice", "AccessExtended", {"request": "X1", "until": at(9), "reason": "x"}), [({"until": at(2)}, [("OUT_OF_RANGE", "data.until")]), ({"until": at(400)}, [("OUT_OF_RANGE", "data.until")])]),
    ("a grant is used while it lives", (*ACCESS, GRANT), (SERVICE, "AccessUsed", USED), []),
    ("what was never granted is not used", (*ACCESS, GRANT, ("bob", "AccessRequested", ACCESS[1][2] | {"request": "X2"})), (SERVICE, "AccessUsed", USED), [({"request": "X2"}, [("NOT_GRANTED", "data.request")])]),
    ("a use is recorded once an hour", (*ACCESS, GRANT, (SERVICE, "AccessUsed", USED)), (SERVICE, "AccessUsed", USED | {"document": "other"}), [({"document": "files"}, [("ALREADY_RECORDED", "data.document")])]),
    ("a revoked grant is not used, and that is recorded", (*ACCESS, GRANT, ("alice", "AccessRevoked", {"request": "X1", "reason": "x"})), (SERVICE, "AccessUseRefused", {"request": "X1", "document": "files", "why": "REVOKED"}), [((SERVICE, "AccessUsed", USED), [("ALREADY_REVOKED", "data.request")])]),
    ("an opening is recorded once an hour", (EVIDENCE, (SERVICE, "EvidenceOpened", {"evidence": "E1", "reader": "abe"})), (SERVICE, "EvidenceOpened", {"evidence": "E1", "reader": "alice"}), [({"reader": "abe"}, [("ALREADY_RECORDED", "data.evidence")])]),
    ("an audit finding names entries that are there", (), ("abe", "AuditFindingRecorded", {"finding": "F1", "severity": "NOTE", "text": "x", "positions": [1, 2]}), [({"positions": [1, 99]}, [("NOT_FOUND", "data.positions[1]")])]),
    ("what is published shows what is there", (), ("cara", "Published", {"subject": "R1", "where": "here", "position": 1}), [({"position": 99}, [("NOT_FOUND", "data.position")])]),
    ("a registered system uses its own source", (), ("rosa", "IntegrationRegistered", {"integration": "I1", "actor": "feed", "source": "feed", "facts": ["improvement-ledger.plan.ProgressRecorded.v1"]}), [({"source": "rosa"}, [("ALREADY_EXISTS", "data.source")])]),
]  # fmt: skip


def by(name: str) -> Any:
    """Return the credential of an actor."""
    return {"operator": OPERATOR, SERVICE: Credential(SERVICE, role=Role.SERVICE)}.get(name, name)


def prepared(before: tuple[Step, ...]) -> Desk:
    """Return a desk with all actors, after the steps."""
    desk = Desk()
    desk.register("pia", "abe", "rita", "dee", "feed", "other", "ben")
    for actor, role in ROLES:
        desk.record("RoleGranted", {"actor": actor, "role": role}, OPERATOR if takes_two(Role(role)) else "rosa")
    for actor, fact, data in before:
        desk.record(fact, data, by(actor))
    return desk


@pytest.mark.parametrize(("rule", "before", "admitted", "refused"), RULES, ids=[rule[0] for rule in RULES])
def test_the_rule_holds(
    rule: str, before: tuple[Step, ...], admitted: Step, refused: list[tuple[Step | dict[str, Any], Refusals]]
) -> None:
    desk = prepared(before)
    actor, fact, data = admitted
    for other, expected in refused:
        who, what, fields = other if isinstance(other, tuple) else (actor, fact, data | other)
        variant = {name: value for name, value in fields.items() if value is not None}
        assert desk.refused(what, variant, by(who)) == expected, rule
    desk.record(fact, {name: value for name, value in data.items() if value is not None}, by(actor))


def test_a_board_is_established_only_once() -> None:
    desk = prepared((BOARD,))
    assert desk.refused(BOARD[1], BOARD[2], "alice") == [("ALREADY_EXISTS", "")]


def test_a_figure_as_published_stands_without_counts() -> None:
    desk = prepared((measure(), measure("M2", "COUNT")))
    _, fact, data = reading()
    figure = {name: value for name, value in data.items() if name not in ("numerator", "denominator")}
    assert desk.refused(fact, figure, "alice") == [("MISSING_FIELD", "data.numerator")]
    assert desk.refused(fact, data | {"published": 80}, "alice") == [("INVALID_FIELD", "data.published")]
    for outside in (-0.1, 100.1):
        assert desk.refused(fact, figure | {"published": outside}, "alice") == [("OUT_OF_RANGE", "data.published")]
    desk.record(fact, figure | {"published": 80.5}, "alice")
    desk.record(fact, figure | {"measure": "M2", "published": 1200}, "alice")
    desk.record("MeasureReadingRestated", data | RESTATED, "alice")


def test_a_review_is_completed_after_it_began() -> None:
    desk = prepared((("operator", "ReviewScheduled", REVIEWED), ("dora", "ReviewStarted", {"review": "R1"})))
    done = {"review": "R1", "findings": ["x"]}
    assert desk.refused("ReviewCompleted", done, "dora", time=at(-1)) == [("OUT_OF_RANGE", "time")]
    desk.record("ReviewCompleted", done, "dora")


def test_a_decided_report_recommendation_stays_decided() -> None:
    desk = prepared((REPORT, ("cara", "ReportRecommendationDecided", OUTCOME)))
    again = desk.refused("ReportRecommendationDecided", OUTCOME, "cara")
    assert again == [("ALREADY_RECORDED", "data.recommendation")]


@pytest.mark.parametrize(("days", "fault"), [(-1.01, "not yet"), (2, "expired")])
def test_a_grant_reaches_from_its_first_instant_to_before_its_last(days: float, fault: str) -> None:
    desk = prepared((*ACCESS, GRANT))
    desk.clock.advance(days=3)
    refused = desk.refusal("AccessUsed", USED, by(SERVICE), time=at(days))
    assert [(r.code, r.path) for r in refused.refusals] == [("OUTSIDE_WINDOW", "time")]
    assert fault in str(refused)
    desk.record("AccessUsed", USED, by(SERVICE), time=at(-1))


def test_what_ended_is_not_extended() -> None:
    desk = prepared((*ACCESS, GRANT))
    desk.clock.advance(days=2)
    longer = {"request": "X1", "until": at(9), "reason": "x"}
    assert desk.refused("AccessExtended", longer, "alice") == [("ALREADY_ENDED", "data.request")]


def test_a_file_is_erased_by_two_people() -> None:
    desk = prepared((EVIDENCE,))
    submitted = desk.state.evidence.submitted["E1"].position
    request = desk.record("ErasureRequested", {"position": submitted, "reason": "x", "authority": "y"}, "rosa")
    erased = {"evidence": "E1", "request": request}
    assert desk.refused("EvidenceErased", erased, "rosa") == [("SAME_PERSON", "")]
    assert desk.refused("EvidenceErased", erased | {"request": 1}, "dan") == [("NOT_FOUND", "data.request")]
    desk.record("EvidenceErased", erased, "dan")
    assert desk.refused("EvidenceErased", erased, "dan") == [("ALREADY_RECORDED", "data.evidence")]


def test_after_the_notice_was_closed_only_what_happened_before_is_recorded() -> None:
    desk = prepared(())
    desk.record("NoticeClosed", CLOSED, "dora", time=at(1 / 86_400))
    desk.clock.advance(days=1)
    assert desk.refused("ProgressRecorded", PROGRESS) == [("NOTICE_CLOSED", "time")]
    assert desk.refused("NoticeClosed", CLOSED, "dora") == [("NOTICE_CLOSED", "time")]
    desk.record("ProgressRecorded", PROGRESS, time=at(0))
    desk.record("Published", {"subject": "n", "where": "here"}, "cara")


def test_an_actor_is_registered_after_the_notice_was_closed() -> None:
    desk = prepared(())
    desk.record("NoticeClosed", CLOSED, "dora", time=at(1 / 86_400))
    desk.clock.advance(days=1)
    desk.register("late-system")


def test_a_registered_system_records_what_its_registration_names_and_no_longer() -> None:
    desk = prepared(())
    desk.record("RoleGranted", {"actor": "feed", "role": "INTEGRATION"}, "rosa")
    registered = {
        "integration": "I1",
        "actor": "feed",
        "source": "feed",
        "facts": ["improvement-ledger.plan.ProgressRecorded.v1"],
    }
    desk.record("ProgressRecorded", PROGRESS, "feed")
    desk.record("IntegrationRegistered", registered, "rosa")
    desk.record("ProgressRecorded", PROGRESS, "feed")
    assert desk.refused("ProgressRecorded", PROGRESS, "feed", source="feed/2") == [("FORBIDDEN", "type")]
    assert desk.refused(EVIDENCE[1], EVIDENCE[2], "feed") == [("FORBIDDEN", "type")]
    desk.record("IntegrationRevoked", {"integration": "I1", "reason": "x"}, "rosa")
    assert desk.refused("ProgressRecorded", PROGRESS, "feed") == [("FORBIDDEN", "type")]


def test_access_is_for_a_review_or_for_a_diagnostic() -> None:
    desk = Desk().reviewing()
    requested = {"request": "X1", "grantee": "rita", "kind": "DATA", "from": at(1), "until": at(2)}
    requested |= {"scope": "The figures", "purpose": "To see what changed"}
    for subjects, message in (
        ({}, "choose a review or a diagnostic"),
        ({"review": "R1", "diagnostic": "D1"}, "choose either a review or a diagnostic, not both"),
    ):
        refused = desk.refusal("AccessRequested", requested | subjects, "bob")
        assert str(refused) == f"data.review: {message}"


def test_the_clauses_that_an_entry_answers_are_the_notices() -> None:
    desk = prepared(())
    desk.record("ProgressRecorded", PROGRESS, clauses="77z")
    desk.record(INDEPENDENT[1], INDEPENDENT[2], OPERATOR)
    refused = desk.refusal("ProgressRecorded", PROGRESS, clauses="5b 77z")
    assert [(r.code, r.path) for r in refused.refusals] == [("NOT_FOUND", "clauses")]
    assert "no clause 77z; its clauses are 5b" in str(refused)
    desk.record("ProgressRecorded", PROGRESS, clauses="5b")


def test_no_more_members_vote_than_attended() -> None:
    """Record the meeting and its decision in either order."""
    votes = {"votes": {"for": 1, "against": 1, "abstained": 1}}
    desk = prepared((BOARD, ("cara", "MeetingHeld", MET)))
    assert desk.refused("BoardDecisionRecorded", DECIDED | votes, "cara") == [("OUT_OF_RANGE", "data.votes")]
    desk.record("BoardDecisionRecorded", DECIDED | {"votes": {"for": 1, "against": 1}}, "cara")
    earlier = prepared((BOARD,))
    earlier.record("BoardDecisionRecorded", DECIDED | votes, "cara")
    assert earlier.refused("MeetingHeld", MET, "cara") == [("OUT_OF_RANGE", "data.attendance")]
    earlier.record("MeetingHeld", MET | {"attendance": ["alice", "cara", "pia"]}, "cara")


def test_progress_is_not_dated_before_its_objective() -> None:
    desk = prepared(())
    desk.clock.advance(days=4)
    desk.record("ObjectiveAdded", OBJECTIVE | {"objective": "O2"}, time=at(2))
    about = PROGRESS | {"objective": "O2"}
    assert desk.refused("ProgressRecorded", about, time=at(1)) == [("OUT_OF_RANGE", "time")]
    desk.record("ProgressRecorded", about, time=at(2.1))
    # the setting's objective states no time: it is as old as the notice
    assert desk.refused("ProgressRecorded", PROGRESS, time="2022-07-04T10:00:00Z") == [("OUT_OF_RANGE", "time")]
    desk.record("ProgressRecorded", PROGRESS, time="2022-07-05T10:00:00+01:00")


@pytest.mark.parametrize("name", [".", "..", "a/../b", "./a", "a//b", "a/", "//", "/a"])
def test_no_id_is_a_step_of_a_path(name: str) -> None:
    document = EVIDENCE[2] | {"evidence": name}
    assert prepared(()).refused("EvidenceSubmitted", document, "alice") == [("INVALID_FIELD", "data.evidence")]
