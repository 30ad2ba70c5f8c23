"""The clauses that an entry concerns, by the rules of its notice."""

from typing import Any

import pytest

from ledger.domain.areas.notice import ClauseState, Modality, Obligor
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.fact import Fact
from ledger.domain.registry import KIND_OF, KINDS
from ledger.domain.rules import RULES
from ledger.domain.rules.concern import clauses_of, facts_of, includes, stated_path, usual_clauses
from ledger.domain.rules.links import LINKS, linked_values_after
from tests.ledger.domain.rules.noticed import FACTS, NOTICES, fact_of


def clauses(**rules: tuple[str, dict[str, Any]]) -> dict[str, ClauseState]:
    """Return clauses with these rules and parameters."""
    return {
        number.removeprefix("c"): ClauseState(Obligor.COUNCIL, Modality.MUST, rule, parameters, position)
        for position, (number, (rule, parameters)) in enumerate(rules.items(), 1)
    }


@pytest.mark.parametrize("kind", RULES)
def test_a_rule_declares_what_it_files_by_its_own_parameters_and_the_fields_of_facts(kind: str) -> None:
    rule = RULES[kind]
    assert rule.background <= rule.reads
    assert not rule.related & rule.reads
    assert rule.related <= set(KIND_OF)
    for parameter, field in rule.matches.items():
        assert parameter in rule.__struct_fields__
        links = [link for link, of in LINKS.items() if of == field]
        fields = [{*links, field}.intersection(fact.__struct_fields__) for fact in facts_of(kind)]
        assert any(fields) or any(stated_path(fact, field) for fact in facts_of(kind)), field


def test_only_a_correction_has_a_replacement() -> None:
    assert [fact for fact in KIND_OF if "replacement" in fact.__struct_fields__] == [EntryCorrected]


def test_what_the_recorder_names_comes_first() -> None:
    for fact in FACTS.values():
        assert clauses_of(fact, ["77"], NOTICES["tameside-2022"]) == ("77",)


TAMESIDE = {
    "AccessGranted": "9 9a 9b 9c 9d",
    "ActionAdded": "4 11",
    "ActionCompleted": "4 11",
    "ActionRebaselined": "5a 11",
    "AdviserAppointed": "3",
    "BoardDecisionRecorded": "5b",
    "BoardReportSubmitted": "5c",
    "ChairAppointed": "5b",
    "ConcernRaised": "13",
    "EvidenceSubmitted": "",
    "FindingRegistered": "4",
    "LeadersBriefed": "1a",
    "MeasureReadingReported": "1b",
    "MeetingHeld": "5b",
    "NoticeClosed": "13",
    "NoticeIssued": "",
    "PartnerRegistered": "2",
    "PreReviewAssessmentSubmitted": "10 10a 10b 10c",
    "ProgressRecorded": "5a",
    "RoleGranted": "",
    "SlowProgressHighlighted": "5d",
    "ViewsConsidered": "5e",
}


@pytest.mark.parametrize(("name", "numbers"), TAMESIDE.items())
def test_tamesides_clauses_follow_from_its_rules(name: str, numbers: str) -> None:
    of_improvement_board = {"board": None} if "board" in FACTS[name].__struct_fields__ else {}
    assert " ".join(clauses_of(fact_of(name, of_improvement_board), (), NOTICES["tameside-2022"])) == numbers


def test_a_fact_about_a_board_concerns_the_clauses_on_that_board() -> None:
    boards = clauses(c1=("board-and-chair", {}), c2=("board-and-chair", {"board": "SEND"}))
    assert clauses_of(fact_of("ChairAppointed", {"board": None}), (), boards) == ("1",)
    assert clauses_of(fact_of("ChairAppointed", {"board": "SEND"}), (), boards) == ("2",)
    assert clauses_of(fact_of("ChairAppointed", {"board": "LAC"}), (), boards) == ()
    assert clauses_of(FACTS["MinutesApproved"], (), boards) == ("1", "2")


def test_another_notice_files_the_same_facts_under_its_own_numbers() -> None:
    other = clauses(c1=("in-post", {"post": "director"}), c2=("board-and-chair", {}), c3=("context", {}))
    assert clauses_of(fact_of("ChairAppointed", {"board": None}), (), other) == ("2",)
    assert clauses_of(FACTS["ProgressRecorded"], (), other) == ()


@pytest.mark.parametrize(
    ("name", "field", "own", "rule", "parameter", "of_other"),
    [
        ("MeasureReadingReported", "measure", "M1", "target-met", "measure", "M2"),
        ("PostFilled", "post", "director", "in-post", "post", "commissioner"),
        ("DeliverableSubmitted", "deliverable", "plan", "done-by", "deliverable", "charter"),
        ("ReviewScheduled", "by", "DfE", "review-interval", "by", "Ofsted"),
        ("ViewsGathered", "group", "FRONTLINE_STAFF", "views-considered", "groups", ["CHILDREN_AND_YOUNG_PEOPLE"]),
        ("AccessRequested", "kind", "DATA", "access-of-kinds", "kinds", ["STAFF", "MINUTES"]),
        ("PlanVersionApproved", "body", "cabinet", "plan-approved", "body", "regulator"),
        ("Published", "subject", "plan", "published", "what", "progress-report"),
        ("ObjectiveAdded", "areas", ["1a", "1b"], "measures-improve", "area", "1c"),
        ("AreaClosed", "area", "1b", "measures-improve", "area", "1c"),
    ],
)
def test_a_clause_on_another_matter_is_not_concerned(
    name: str, field: str, own: Any, rule: str, parameter: str, of_other: Any
) -> None:
    fact = fact_of(name, {field: own})
    own_words = own if isinstance(own, list) else [own]
    same = own_words if isinstance(of_other, list) else own_words[0]
    matters = clauses(c1=(rule, {parameter: same}), c2=(rule, {parameter: of_other}))
    assert clauses_of(fact, (), matters) == ("1",)
    assert usual_clauses(type(fact), matters) == ("1", "2")


Values = dict[str, Any]
DFE, OFSTED = {"by": "DfE"}, {"by": "Ofsted"}
STAFF, CHILDREN = "FRONTLINE_STAFF", "CHILDREN_AND_YOUNG_PEOPLE"
BY_SUBJECT: list[tuple[str, str, Values, str, str, Values, Values]] = [
    ("ReviewScheduled", "review", DFE, "ReviewStarted", "review-interval", DFE, OFSTED),
    ("ReviewScheduled", "review", DFE, "ReviewCompleted", "review-interval", DFE, OFSTED),
    ("ReviewScheduled", "review", DFE, "PreReviewAssessmentSubmitted", "assessment-before-review", DFE, OFSTED),
    ("MeetingHeld", "meeting", {"board": "SEND"}, "MinutesApproved", "board-and-chair", {"board": "SEND"}, {}),
    ("MeetingHeld", "meeting", {"board": None}, "BoardDecisionRecorded", "board-and-chair", {}, {"board": "SEND"}),
    (
        *("AccessRequested", "request", {"kind": "DATA"}, "AccessGranted", "access-of-kinds"),
        *({"kinds": ["DATA"]}, {"kinds": ["STAFF"]}),
    ),
    (
        *("ViewsGathered", "views", {"group": STAFF}, "ViewsConsidered", "views-considered"),
        *({"groups": [STAFF]}, {"groups": [CHILDREN]}),
    ),
    (
        *("InterventionDecided", "intervention", {"power": "s497A"}, "InterventionEnded", "escalation"),
        *({"power": "s497A"}, {"power": "s496"}),
    ),
    (
        *("ObjectiveAdded", "objective", {"areas": ["1a"], "measures": []}, "ActionAdded", "delivered-by"),
        *({"area": "1a"}, {"area": "1b"}),
    ),
]
"""Fact on a subject, its link and value, a fact that leaves the value out, a rule, and two parameters."""


@pytest.mark.parametrize(("stating", "link", "values", "name", "rule", "same", "other"), BY_SUBJECT)
def test_a_fact_is_filed_by_the_value_that_its_subject_states(  # noqa: PLR0917 - a row of the table
    stating: str, link: str, values: Values, name: str, rule: str, same: Values, other: Values
) -> None:
    links = linked_values_after([fact_of(stating, {link: "S1", **values})])
    matters = clauses(c1=(rule, same), c2=(rule, other))
    assert clauses_of(fact_of(name, {link: "S1"}), (), matters, links) == ("1",)
    assert clauses_of(fact_of(name, {link: "S2"}), (), matters, links) == ("1", "2")


def test_measures_and_actions_follow_their_objectives_areas() -> None:
    matters = clauses(c1=("measures-improve", {"area": "1a"}), c2=("measures-improve", {"area": "1b"}))
    dated = clauses(c1=("delivered-by", {"area": "1a"}), c2=("delivered-by", {"area": "1b"}))
    facts = [
        fact_of("ObjectiveAdded", {"objective": "O1", "areas": ["1a"], "measures": ["M1", "M2"]}),
        fact_of("ObjectiveAdded", {"objective": "O2", "areas": ["1b"], "measures": ["M2"]}),
        fact_of("ActionAdded", {"objective": "O1", "action": "A1"}),
    ]
    revised = fact_of("ObjectiveRevised", {"objective": "O1", "areas": ["1b"], "measures": ["M1"]})
    for known, of_m1, of_m2, of_a1 in (
        (facts, ("1",), ("1", "2"), ("1",)),
        ([*facts, revised], ("2",), ("2",), ("2",)),
    ):
        links = linked_values_after(known)
        assert clauses_of(fact_of("MeasureReadingReported", {"measure": "M1"}), (), matters, links) == of_m1
        assert clauses_of(fact_of("MeasureRevised", {"measure": "M2"}), (), matters, links) == of_m2
        assert clauses_of(fact_of("ActionCompleted", {"action": "A1"}), (), dated, links) == of_a1


def test_reports_and_grades_are_filed_by_the_areas_and_judgements_in_them() -> None:
    matters = clauses(c1=("measures-improve", {"area": "1a"}), c2=("measures-improve", {"area": "1b"}))
    judged = {"perArea": [{"area": "1b", "judgement": "CONCERN", "text": {"sha256": "A" * 43 + "="}}]}
    assert clauses_of(fact_of("AdviserReportIssued", judged), (), matters) == ("2",)
    grades = clauses(
        c1=("grade-reached", {"judgement": "Overall"}), c2=("grade-reached", {"judgement": "leadership"})
    )
    graded = fact_of("ReviewCompleted", {"grades": [{"judgement": "overall", "grade": "good"}]})
    assert clauses_of(graded, (), grades) == ("1",)


def test_an_area_concerns_only_clauses_that_name_one() -> None:
    matters = clauses(c1=("delivered-by", {"target_date": "2024-06-30"}), c2=("measures-improve", {"area": "1b"}))
    assert clauses_of(fact_of("AreaClosed", {"area": "1b"}), (), matters) == ("2",)


def test_a_fact_about_a_clause_concerns_that_clause() -> None:
    tameside = NOTICES["tameside-2022"]
    assert clauses_of(fact_of("ClauseAssessed", {"number": "5b"}), (), tameside) == ("5b",)
    revised = fact_of("NoticeRevised", {"clauses": [{"number": n, "parameters": {}} for n in ("5a", "6", "5a")]})
    assert clauses_of(revised, (), tameside) == ("5a", "6")


def test_a_correction_concerns_the_clauses_of_its_replacement() -> None:
    tameside = NOTICES["tameside-2022"]
    replaced = {"type": KIND_OF[type(FACTS["ChairAppointed"])].type, "data": {"chair": "c", "first": "2024-01-01"}}
    assert clauses_of(fact_of("EntryCorrected", {"replacement": replaced}), (), tameside) == ("5b",)
    assert clauses_of(fact_of("EntryCorrected", {"replacement": None}), (), tameside) == ()


def test_every_fact_is_in_the_examples() -> None:
    assert sorted(FACTS) == sorted(kind.name for kind in KINDS.values())
    assert all(isinstance(fact, Fact) for fact in FACTS.values())


@pytest.mark.parametrize(
    ("clause", "other", "is_included"),
    [
        ("9", "9", True),
        ("9", "9a", True),
        ("9", "9(a)", True),
        ("9", "9.1", True),
        ("9", "90", False),
        ("9a", "9a.1", True),
        ("9a", "9ab", False),
        ("9a", "9", False),
        ("19", "9", False),
    ],
)
def test_a_clause_includes_its_parts(clause: str, other: str, is_included: bool) -> None:
    assert includes(clause, other) is is_included
