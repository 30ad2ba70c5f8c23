"""Each parameter of each rule matters: two values of it lead to different verdicts on the same facts."""

from typing import Any

import pytest

from ledger.domain.areas.actions import ActionAdded
from ledger.domain.areas.engagement import Group
from ledger.domain.areas.notice import AreaClosed
from ledger.domain.areas.partners import PartnerRegistered
from ledger.domain.areas.people import RoleGranted
from ledger.domain.areas.recommendations import RecommendationAccepted
from ledger.domain.fact import Fact
from ledger.domain.roles import Role
from ledger.domain.rules import RULES
from ledger.domain.rules.check import parameters_of
from tests.ledger.domain.rules.test_rules import sound
from tests.projections.views.compliance import edge
from tests.projections.views.compliance.dated_facts import WORDS, DatedFact, instant, timeline
from tests.projections.views.compliance.duty_cases import (
    ACCEPTED,
    CONSENT,
    assessed_as,
    filled,
    instructed,
    reported,
    submitted,
)
from tests.projections.views.compliance.edges_duties import cooperation
from tests.projections.views.compliance.edges_oversight import AGREED, board_report, intervention, published
from tests.projections.views.compliance.edges_plan import DATED, MEASURED
from tests.projections.views.compliance.edges_reviews import GRADED, REQUESTED, inspected
from tests.projections.views.compliance.facts import (
    BOARD,
    RC1,
    SA1,
    STAFF,
    adviser_report,
    area,
    assessed,
    chair,
    considered,
    day,
    defined,
    gathered,
    met,
    objective,
    plan,
    progress,
    provided,
    read,
    rebaselined,
    scheduled,
    started,
)
from tests.projections.views.compliance.trial_cases import SCALE, rated

Values = tuple[Any, Any]
"""Two values; None leaves the parameter out."""
Case = tuple[Values, list[DatedFact], str]
"""The values, the facts, and the day on which the verdicts differ."""


def plain(*dated: edge.DatedFact) -> list[DatedFact]:
    """Return the facts of an edge case, each at its recording."""
    return [(each[0], each[1]) for each in dated]


CLOSED: Fact = AreaClosed(area="1a", closed_on=day("2022-09-01"), reason=WORDS)
LATER: list[DatedFact] = [("2022-07-01", DATED[1]), ("2022-08-01", rebaselined("A1", "2023-06-30", "2024-12-31"))]
READINGS: list[DatedFact] = [
    ("2024-01-02", defined("M1")),
    ("2024-05-10", read("M1", 28, 50, 2024, 4)),
    ("2024-06-20", read("M1", 28, 70, 2024, 5)),
]
OVERDUE: DatedFact = ("2022-07-14", objective("O1", "2022-07-20"))
CHAIRED: list[DatedFact] = [("2022-07-06", BOARD), ("2022-07-06", chair("2022-07-06", independent=False))]
ADVISING: Fact = RoleGranted(actor="chair", role=Role.ADVISER)
UNBOUND: Fact = PartnerRegistered(partner="P2", organisation=WORDS, section11=False, lead="pat")
OWNED: Fact = ActionAdded(
    action="A1", objective="O1", title=WORDS, owner="bob", due=day("2023-06-30"), partner="P2"
)
STEP = [{"by": "2024-06-30", "target": 62.5}]

CASES: dict[tuple[str, str], Case] = {
    ("plan-cites-self-assessment", "area"): (("1a", None), [("2022-07-05", area("1a")), ("2022-09-01", CLOSED), ("2022-09-02", SA1), ("2022-09-03", plan("1", "SA1"))], "2022-10-01"),
    ("plan-coverage", "covers"): ((["AREAS"], ["FINDINGS"]), [("2022-07-05", area("1a")), ("2022-08-01", objective())], "2022-08-02"),
    ("plan-coverage", "recommended_by"): ((["ADVISER"], ["CHAIR"]), [("2022-08-01", objective()), ("2022-08-02", RC1), ("2022-08-03", RecommendationAccepted(recommendation="RC1", response=WORDS))], "2022-08-04"),
    ("plan-kept-current", "stale_after_days"): ((31, 62), [("2022-07-14", objective()), ("2022-07-20", progress())], "2022-08-25"),
    ("plan-approved", "by"): (("2022-09-30", "2022-10-31"), [("2022-10-05", plan("1"))], "2022-10-06"),
    ("plan-approved", "body"): (("cabinet", "board"), [("2022-09-05", plan("1"))], "2022-10-06"),
    ("delivered-by", "target_date"): (("2023-06-30", "2023-12-31"), plain(DATED), "2023-07-01"),
    ("delivered-by", "area"): (("1a", "1b"), [("2022-07-10", objective("O1", "2023-06-30", "1a")), *plain(DATED)], "2024-07-01"),
    ("delivered-by", "later_date_by"): ((["CHAIR"], None), LATER, "2024-07-01"),
    ("slow-objectives-highlighted", "signs"): ((["LATE"], ["LOWEST_RATING"]), [OVERDUE, ("2022-07-15", SCALE), ("2022-08-01", rated("GREEN"))], "2022-08-02"),
    ("measures-improve", "area"): (("1b", "1a"), [*plain(*MEASURED), ("2022-08-03", read("M1", 3, 81))], "2022-08-04"),
    ("target-met", "measure"): (("M1", "M2"), READINGS, "2024-07-01"),
    ("target-met", "steps"): ((STEP, [{"by": "2024-06-30", "target": 75}]), READINGS, "2024-07-01"),
    ("target-met", "sustained_periods"): ((1, 2), READINGS, "2024-07-01"),
    ("target-met", "average_of"): ((1, 2), READINGS, "2024-07-01"),
    ("target-met", "area"): (("1a", None), [("2022-07-05", area("1a")), ("2022-09-01", CLOSED), *READINGS], "2024-07-01"),
    ("partner-actions-owned", "section_11_only"): ((True, False), [("2022-07-06", UNBOUND), ("2022-07-07", OWNED)], "2022-07-08"),
    ("board-and-chair", "board"): (("SEND", None), CHAIRED, "2022-07-07"),
    ("board-report-complete", "board"): (("SEND", None), [("2022-08-01", met()), ("2022-08-02", board_report("1"))], "2022-08-03"),
    ("board-and-chair", "independent_chair"): ((True, False), CHAIRED, "2022-07-07"),
    ("board-and-chair", "chaired_by"): (("ADVISER", "COUNCIL_OFFICER"), [*CHAIRED, ("2022-07-06", ADVISING)], "2022-07-07"),
    ("board-and-chair", "timetable_agreed_with"): (("DEPARTMENT", None), CHAIRED, "2022-07-07"),
    ("board-and-chair", "chair_reports"): ((True, False), plain(*AGREED), "2022-09-29"),
    ("board-report-complete", "parts"): ((["DATA"], ["ANALYSIS"]), [("2022-08-01", met()), ("2022-08-02", board_report("1"))], "2022-08-03"),
    ("views-considered", "groups"): (([STAFF.value], [Group.CHILDREN_AND_YOUNG_PEOPLE.value]), [("2022-08-01", gathered("V1", STAFF)), ("2022-08-02", considered("V1"))], "2022-08-03"),
    ("views-considered", "other_groups"): ((["kinship carers"], ["kin"]), [("2022-08-01", gathered("V1", Group.OTHER, "kinship carers")), ("2022-08-02", considered("V1"))], "2022-08-03"),
    ("review-interval", "at_most_months"): ((6, 12), [], "2023-01-06"),
    ("review-interval", "by"): (("DfE", "Ofsted"), [("2022-08-01", inspected("DfE")), ("2022-10-03", started("R1"))], "2022-10-04"),
    ("grade-reached", "judgement"): (("overall", "leadership"), plain(*GRADED), "2024-07-01"),
    ("grade-reached", "grades"): ((["adequate"], ["good"]), plain(*GRADED), "2024-07-01"),
    ("grade-reached", "by"): (("2022-10-03", "2022-10-04"), plain(*GRADED), "2024-07-01"),
    ("grade-reached", "reviewed_by"): (("Ofsted", "DfE"), plain(*GRADED), "2024-07-01"),
    ("review-topics", "by"): (("DfE", "Ofsted"), [("2022-08-01", scheduled("R1", "2022-09-01")), ("2022-09-01", started("R1"))], "2022-09-02"),
    ("review-topics", "topics"): ((["CULTURE"], ["EARLY_HELP"]), [("2022-08-01", scheduled("R1", "2022-09-01")), ("2022-09-01", started("R1"))], "2022-09-02"),
    ("access-provided", "within_working_days"): ((2, 20), plain(*REQUESTED), "2022-10-06"),
    ("access-of-kinds", "kinds"): ((["CASE_FILES"], ["DATA"]), [*plain(*REQUESTED), ("2022-10-04", provided("X"))], "2022-10-05"),
    ("access-of-kinds", "within_working_days"): ((2, 20), [*plain(*REQUESTED), ("2022-10-10", provided("X", "2022-10-10"))], "2022-10-11"),
    ("assessment-before-review", "by"): (("DfE", "Ofsted"), [("2022-08-01", inspected("DfE")), ("2022-10-03", started("R1"))], "2022-10-04"),
    ("assessment-content", "part"): (("OBJECTIVES", "STAFF_SURVEY"), [("2022-08-01", scheduled("R1", "2022-10-03")), ("2022-09-01", assessed("R1"))], "2022-09-02"),
    ("adviser-reports", "covers"): ((["AREAS"], ["REQUIREMENTS"]), [("2022-07-05", area("1a")), ("2022-08-31", adviser_report("1", "1a"))], "2022-09-01"),
    ("adviser-reports", "every_months"): ((3, 12), [("2022-07-05", area("1a")), ("2022-08-31", adviser_report("1", "1a"))], "2022-12-01"),
    ("escalation", "power"): (("s497A", "s7"), [("2022-08-03", intervention("s497A"))], "2022-08-04"),
    ("published", "what"): (("plan", "report"), [("2022-08-31", published())], "2022-09-01"),
    ("published", "every_months"): ((3, 12), [("2022-08-31", published())], "2022-12-01"),
    ("judged", "by"): ((["ADVISER"], ["CHAIR"]), [("2022-08-01", assessed_as("MET"))], "2022-08-02"),
    ("judged", "every_months"): ((3, None), [("2022-08-01", assessed_as("MET"))], "2022-11-02"),
    ("done-by", "deliverable"): (("plan", "report"), [("2022-08-01", submitted("2022-08-01"))], "2022-08-02"),
    ("done-by", "by"): (("2022-07-31", "2022-08-31"), [("2022-08-01", submitted("2022-08-01"))], "2022-08-02"),
    ("done-by", "within"): (({"count": 4, "unit": "WEEKS"}, {"count": 4, "unit": "MONTHS"}), [], "2022-08-03"),
    ("done-by", "submitted_to"): (("DfE", "Ofsted"), [("2022-08-01", submitted("2022-08-01", "DfE"))], "2022-08-02"),
    ("done-by", "accepted_by"): ((["ADVISER"], ["CHAIR"]), [("2022-08-01", submitted("2022-08-01")), ("2022-08-02", ACCEPTED)], "2022-08-03"),
    ("instructions-followed", "given_by"): ((["ADVISER"], ["CHAIR"]), [("2022-08-01", instructed("I1", "2022-08-20"))], "2022-08-21"),
    ("not-done", "matter"): (("appointment", "sale"), [("2022-08-05", reported("2022-08-05"))], "2022-08-06"),
    ("not-done", "consent_of"): ((["ADVISER"], ["CHAIR"]), [("2022-08-04", CONSENT), ("2022-08-05", reported("2022-08-05"))], "2022-08-06"),
    ("in-post", "post"): (("director", "secretary"), [("2022-08-01", filled("2022-08-01"))], "2022-08-02"),
    ("in-post", "by"): (("2022-07-31", "2022-08-31"), [("2022-08-01", filled("2022-08-01"))], "2022-08-02"),
    ("co-operated-with", "reported_by"): ((["ADVISER"], ["CHAIR"]), [("2022-08-01", cooperation(True))], "2022-08-02"),
}  # fmt: skip
"""Rule and parameter → two values, facts, and a day."""
WITH: dict[tuple[str, str], dict[str, Any]] = {
    ("views-considered", "other_groups"): {"groups": ["OTHER"]},
    ("plan-coverage", "recommended_by"): {"covers": ["RECOMMENDATIONS"]},
    ("access-of-kinds", "within_working_days"): {"kinds": ["CASE_FILES"]},
    ("done-by", "within"): {"by": None},
}
"""Other parameters that a case needs."""
REFUSES = {("access-provided", "maximum_days")}
"""Parameters by which facts are refused; no verdict is needed."""


def test_every_parameter_has_its_case() -> None:
    known = {(kind, each.name) for kind, rule in RULES.items() for each in parameters_of(rule)}
    assert known == set(CASES) | REFUSES


@pytest.mark.parametrize(("kind", "parameter"), CASES)
def test_a_verdict_depends_on_the_parameter(kind: str, parameter: str) -> None:
    values, dated, on = CASES[kind, parameter]
    results = []
    for value in values:
        parameters = {**sound(kind), **WITH.get((kind, parameter), {}), parameter: value}
        given = {name: each for name, each in parameters.items() if each is not None}
        span = timeline(kind, *dated, **given).on(instant(on))
        assert span is not None
        assert "faults" not in span.verdict.reason
        results.append(span.verdict.status)
    assert results[0] != results[1]
