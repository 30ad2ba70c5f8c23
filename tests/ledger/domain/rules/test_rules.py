"""Rules as data: every fault of a clause's rule is found, with the nearest right value."""

from datetime import date
from typing import Any, get_args

import pytest

from ledger.domain.areas.notice import (
    ClauseRegistered,
    ClauseState,
    InterpretationAdopted,
    Modality,
    NoticeRevised,
    NoticeState,
    Obligor,
    Revision,
)
from ledger.domain.fact import Code, Id, Narrative
from ledger.domain.registry import KIND_OF
from ledger.domain.rules import RULES, admit, check, find_faults, read_rule
from ledger.domain.rules.check import parameters_of
from ledger.domain.rules.rule import Rule
from ledger.intake.pack import check as check_pack
from ledger.packs import shipped

NARRATIVE = Narrative("A" * 43 + "=")
STEPS = [{"by": "2024-06-30", "target": 62.5}]
REQUIRED: dict[str, Any] = {
    "covers": ["AREAS"],
    "stale_after_days": 31,
    "by": "2024-06-30",
    "target_date": "2024-06-30",
    "area": "1a",
    "measure": "M1",
    "steps": STEPS,
    "parts": ["DATA"],
    "groups": ["FRONTLINE_STAFF"],
    "at_most_months": 6,
    "topics": ["CULTURE"],
    "kinds": ["DATA"],
    "part": "SUPERVISION",
    "what": "plan",
    "deliverable": "plan",
    "given_by": ["ADVISER"],
    "reported_by": ["ADVISER"],
    "matter": "appointment",
    "post": "director",
    "judgement": "overall",
    "grades": ["adequate", "good"],
}
"""A sound value of each required parameter."""
ALTERNATIVES: dict[str, dict[str, Any]] = {"judged": {"by": ["ADVISER"]}, "done-by": {"by": "2024-06-30"}}
"""Parameters of rules where a name has another form, or where one of two is required."""
WORDS = [
    (kind, parameter.name, word)
    for kind, rule in RULES.items()
    for parameter in parameters_of(rule)
    for word in parameter.words
]


def sound(kind: str) -> dict[str, Any]:
    """Return the required parameters of a rule."""
    required = {each.name: REQUIRED[each.name] for each in parameters_of(RULES[kind]) if each.required}
    return {**required, **ALTERNATIVES.get(kind, {})}


def messages(kind: str, **parameters: Any) -> list[str]:
    """Return the messages of the faults of a rule with these parameters, in addition to the required ones."""
    return [fault.message for fault in find_faults(kind, {**sound(kind), **parameters})]


GENERIC = {get_args(each)[1].description for each in (Code, Id)}
"""Descriptions of the pattern of a value, which do not state the meaning of a parameter."""


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_has_its_sentence_wordings_and_facts(kind: str) -> None:
    rule = RULES[kind]
    assert (rule.__doc__ or "").endswith(".")
    assert rule.wordings
    assert rule.reads <= set(KIND_OF)
    assert bool(rule.reads) == (kind != "context")
    assert all(each.description for each in parameters_of(rule))
    assert GENERIC.isdisjoint(each.description for each in parameters_of(rule))
    assert find_faults(kind, sound(kind)) == []
    assert isinstance(read_rule(kind, sound(kind)), rule)


@pytest.mark.parametrize("kind", RULES)
def test_a_rule_without_what_it_needs_is_refused(kind: str) -> None:
    for name in [each.name for each in parameters_of(RULES[kind]) if each.required]:
        parameters = {other: value for other, value in sound(kind).items() if other != name}
        (fault,) = find_faults(kind, parameters)
        assert (fault.parameter, f"the rule {kind} needs {name}" in fault.message) == (None, True)


@pytest.mark.parametrize(("kind", "name", "word"), WORDS)
def test_a_near_miss_of_a_word_is_refused_with_the_nearest_right_one(kind: str, name: str, word: str) -> None:
    is_list = "a list" in next(each.form for each in parameters_of(RULES[kind]) if each.name == name)
    for miss in (word.lower(), word[:-1], f"{word}S", word.replace("_", "-") + "X"):
        value = [miss] if is_list else miss
        (message,) = messages(kind, **{name: value})
        assert f"did you mean {word}?" in message, message


@pytest.mark.parametrize(
    ("kind", "parameters", "words"),
    [
        ("plan-coverage", {"covers": ["AREA"]}, "covers: AREA is not in its list; did you mean AREAS?"),
        ("plan-coverage", {"covers": []}, "the list is empty"),
        ("plan-coverage", {"covers": "AREAS"}, "in square brackets"),
        ("plan-coverage", {"covers": ["AREAS", "AREAS"]}, "AREAS is listed 2 times"),
        ("plan-coverage", {"covers": ["AREAS"], "recommended_by": ["ADVISER"]}, "needs RECOMMENDATIONS in covers"),
        ("plan-kept-current", {"stale_after_days": True}, "stale_after_days: expected a whole number"),
        ("plan-kept-current", {"stale_after_days": 0}, "stale_after_days: expected a whole number"),
        ("plan-kept-current", {"stale_after_day": 5}, "did you mean stale_after_days?"),
        ("plan-kept-current", {"at_most_months": 5}, "at_most_months belongs to review-interval"),
        ("delivered-by", {"target_date": "soon"}, "target_date: expected a day, such as 2023-06-30"),
        ("delivered-by", {"target_date": "1923-06-30"}, "has to lie from 2000 to 2199; did you mean 2023-06-30?"),
        (
            "delivered-by",
            {"target_date": "30/06/2023"},
            "2023-06-30; did you mean 2023-06-30?",
        ),
        ("delivered-by", {"target_date": "2023-02-30"}, "expected a day, such as 2023-06-30"),
        (
            "adviser-reports",
            {"every_months": "3"},
            "at least 1; write 3 without quotation",
        ),
        ("views-considered", {"groups": ["PARENTS"]}, "did you mean PARENTS_AND_CARERS?"),
        ("views-considered", {"groups": ["OTHER"]}, "name the other groups if and only if groups has OTHER"),
        ("views-considered", {"other_groups": ["kinship carers"]}, "if and only if groups has OTHER"),
        (
            "target-met",
            {"steps": [{"by": "2024-06-30", "target": "60"}]},
            "[0].target: expected a number; write 60 w",
        ),
        (
            "target-met",
            {"steps": [{"by": "2024-06-30", "target": "60 %"}]},
            "a number; write 60 without quotation",
        ),
        (
            "target-met",
            {"steps": [{"by": "2024-06-30", "target": "most"}]},
            "steps: [0].target: expected a number",
        ),
        ("target-met", {"steps": [{"by": "2024-06-30"}]}, "steps: [0] needs target"),
        ("target-met", {"steps": [{"by": "2024-06-30", "targt": 5}]}, "did you mean target?"),
        ("target-met", {"steps": [60]}, "steps: expected a list"),
        (
            "done-by",
            {"by": None, "within": {"count": 4, "unit": "WEEK"}},
            "within: unit: WEEK is not in its list; did you mean WEEKS?",
        ),
        ("done-by", {"within": {"count": 4, "unit": "WEEKS"}}, "name either by or within"),
        ("target-met", {"steps": [{"by": "1924-06-30", "target": 60}]}, "the year of 1924-06-30"),
        (
            "target-met",
            {"steps": [*STEPS, {"by": "2024-03-31", "target": 1}]},
            "once: 2024-03-31, 2024-06-30",
        ),
        ("target-met", {"sustained_periods": 0}, "sustained_periods: expected a whole number"),
        ("slow-objectives-highlighted", {"by": "NEXT_MEETING"}, "has no parameter by"),
    ],
)
def test_a_faulty_value_is_named(kind: str, parameters: dict[str, Any], words: str) -> None:
    assert any(words in message for message in messages(kind, **parameters)), messages(kind, **parameters)


@pytest.mark.parametrize(
    ("kind", "name", "role", "fact"),
    [
        ("plan-coverage", "recommended_by", "CHAIR", "RecommendationMade"),
        ("judged", "by", "PARTNER", "ClauseAssessed"),
        ("done-by", "accepted_by", "REVIEWER", "DeliverableAccepted"),
        ("instructions-followed", "given_by", "CHAIR", "InstructionGiven"),
        ("not-done", "consent_of", "ADVISER", "ConsentGiven"),
        ("co-operated-with", "reported_by", "CHAIR", "CooperationReported"),
    ],
)
def test_a_role_that_records_no_such_fact_is_refused(kind: str, name: str, role: str, fact: str) -> None:
    parameters = {**sound(kind), **({"covers": ["RECOMMENDATIONS"]} if kind == "plan-coverage" else {})}
    (fault,) = find_faults(kind, {**parameters, name: ["COMMISSIONER", role]})
    assert fault.parameter == name
    assert f"{name}: the role {role} does not record {fact}; use one of " in fault.message
    assert find_faults(kind, {**parameters, name: ["COMMISSIONER"]}) == []
    assert isinstance(read_rule(kind, {**parameters, name: [role]}), Rule)
    (parameter,) = [each for each in parameters_of(RULES[kind]) if each.name == name]
    assert role not in parameter.form


def test_a_contradiction_is_named_next_to_an_unknown_parameter() -> None:
    parameters = {"measure": "M1", "steps": [*STEPS, *STEPS], "sustained_period": 3}
    faults = find_faults("target-met", parameters)
    assert [fault.parameter for fault in faults] == ["sustained_period", "steps"]


def test_all_faults_are_named_at_once() -> None:
    faults = find_faults("target-met", {"steps": [], "area": 5, "targets": 1})
    assert [fault.parameter for fault in faults] == ["targets", None, "steps", "area"]


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    (fault,) = find_faults("escalate", {})
    assert fault.message == "no rule is called escalate; did you mean escalation?"


def test_parameters_of_version_1_are_read_and_no_longer_recorded() -> None:
    old = {"measure": "M1", "target": 40, "by": "2024-06-30", "open_words": ["soon"]}
    rule = read_rule("target-met", old)
    assert isinstance(rule, Rule)
    assert rule == read_rule("target-met", {"measure": "M1", "steps": [{"by": "2024-06-30", "target": 40}]})
    assert [fault.parameter for fault in find_faults("target-met", old)] == ["target", "by", None]
    for kind, rule_type in RULES.items():
        for name in rule_type.retired:
            assert isinstance(read_rule(kind, {**sound(kind), name: "x"}), rule_type)
            assert find_faults(kind, {**sound(kind), name: "x"})


def clause(kind: str, **parameters: Any) -> ClauseRegistered:
    """Return a clause with that rule."""
    return ClauseRegistered(
        number="5",
        obligor=Obligor.COUNCIL,
        modality=Modality.MUST,
        rule=kind,
        parameters=parameters,
        text=NARRATIVE,
    )


def test_a_clause_is_refused_with_the_path_of_each_fault() -> None:
    refusals = list(admit(NoticeState(), (), clause("views-considered", group=["x"])))
    assert [(refusal.code, refusal.path) for refusal in refusals] == [
        ("INVALID_RULE", "data.parameters.group"),
        ("INVALID_RULE", "data.rule"),
    ]
    assert list(admit(NoticeState(), (), clause("views-considered", groups=["FRONTLINE_STAFF"]))) == []


def test_a_fault_of_a_pack_has_its_file_line_clause_and_parameter() -> None:
    text = shipped("tameside-2022").decode().replace('groups = ["FRONTLINE_STAFF"', 'groups = ["frontline_staf"')
    text = text.replace("at_most_months = 6", "at_most_month = 6")
    line = text[: text.index("frontline_staf")].count("\n") + 1
    faults = check_pack(text.encode())
    assert [fault.message for fault in faults if fault.line == line] == [
        "clause 5e: groups: frontline_staf is not in its list; did you mean FRONTLINE_STAFF?"
    ]
    assert [fault.message.partition(":")[0] for fault in faults] == ["clause 5e", "clause 6", "clause 6"]


def test_an_interpretation_is_held_to_the_rule_of_its_clause() -> None:
    notice = NoticeState()
    notice.clauses["5"] = ClauseState(
        Obligor.COUNCIL, Modality.MUST, "plan-kept-current", {"stale_after_days": 31}, 4
    )
    for value, paths in ((62, []), ("62", ["data.parameters.stale_after_days"])):
        fact = InterpretationAdopted(
            interpretation="I1",
            number="5",
            word="w",
            meaning=NARRATIVE,
            adopted_by="b",
            parameters={"stale_after_days": value},
        )
        assert [refusal.path for refusal in admit(notice, (), fact)] == paths


@pytest.mark.parametrize(
    ("kind", "before", "parameters", "path"),
    [
        ("target-met", {"measure": "M1", "steps": STEPS}, {"steps": [*STEPS, *STEPS]}, "data.parameters.steps"),
        (
            "done-by",
            {"deliverable": "plan", "by": "2024-06-30"},
            {"within": {"count": 4, "unit": "WEEKS"}},
            "data.parameters.within",
        ),
        (
            "done-by",
            {"deliverable": "plan", "within": {"count": 4, "unit": "WEEKS"}},
            {"by": "2024-06-30"},
            "data.parameters.within",
        ),
        (
            "plan-coverage",
            {"covers": ["RECOMMENDATIONS"], "recommended_by": ["ADVISER"]},
            {"covers": ["AREAS"]},
            "data.parameters.recommended_by",
        ),
        ("delivered-by", {"target_date": "2024-06-30"}, {"area": "1B"}, "data.parameters.area"),
    ],
)
def test_an_interpretation_or_a_revision_that_contradicts_its_clause_is_refused(
    kind: str, before: dict[str, Any], parameters: dict[str, Any], path: str
) -> None:
    notice = NoticeState()
    notice.clauses["5"] = ClauseState(Obligor.COUNCIL, Modality.MUST, kind, before, 4)
    interpreted = InterpretationAdopted(
        interpretation="I1", number="5", word="w", meaning=NARRATIVE, adopted_by="b", parameters=parameters
    )
    revised = NoticeRevised(
        revised_on=date(2024, 1, 1), reason=NARRATIVE, clauses=[Revision(number="5", parameters=parameters)]
    )
    assert [refusal.path for refusal in admit(notice, ["1a", "1b"], interpreted)] == [path]
    in_revision = path.replace("data.", "data.clauses[0].")
    assert [refusal.path for refusal in admit(notice, ["1a", "1b"], revised)] == [in_revision]


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        (["1a", "1b"], "no area 1B; did you mean 1b?"),
        ([], "no area 1B; the notice has no areas"),
    ],
)
def test_a_clause_names_an_area_of_the_notice(areas: list[str], words: str) -> None:
    (refusal,) = admit(NoticeState(), areas, clause("measures-improve", area="1B"))
    assert (refusal.path, refusal.message) == ("data.parameters.area", f"clause 5: there is {words}")
    assert list(admit(NoticeState(), ["1B"], clause("measures-improve", area="1B"))) == []


def test_nearest_finds_nothing_near_a_strange_word() -> None:
    assert check.nearest("weather", ["AREAS", "FINDINGS"]) is None


def with_clause(rule: str, parameters: str, number: str = "20") -> bytes:
    """Return the shipped pack with one more clause."""
    clause = f'\n[[clause]]\nnumber = "{number}"\nobligor = "COUNCIL"\nmodality = "MUST"\nrule = "{rule}"\n'
    return shipped("tameside-2022") + f'{clause}parameters = {parameters}\ntext = "x"\n'.encode()


@pytest.mark.parametrize(
    ("rule", "parameters", "words"),
    [
        ("target-met", '{ measure = "M1" }', "the rule target-met needs steps"),
        ("judged", '{ by = ["adviser"] }', "by: adviser is not in its list; did you mean ADVISER?"),
        ("plan-coverage", '{ covers = ["AREA"] }', "did you mean AREAS?"),
        ("target-met", '{ measure = "M1", steps = [{ by = 2024-06-30, target = "60" }] }', "expected a number"),
        (
            "target-met",
            '{ measure = "M1", steps = [{ by = 2024-06-30, target = 6 }, { by = 2024-03-30, target = 7 }] }',
            "have to be in order",
        ),
        ("plan-approved", "{ by = 1924-06-30 }", "the year of 1924-06-30 has to lie from 2000"),
        ("plan-approved", '{ by = "soon" }', "by: expected a day"),
        ("plan-kept-current", "{ stale_after_days = 31, at_most_months = 6 }", "belongs to review-interval"),
        ("measures-improve", '{ area = "1d" }', "there is no area 1d"),
        ("contxt", "{}", "did you mean context?"),
    ],
)
def test_notice_check_names_the_line_the_clause_and_the_remedy(rule: str, parameters: str, words: str) -> None:
    content = with_clause(rule, parameters)
    begin = content.decode().splitlines().index('number = "20"')
    (fault,) = check_pack(content)
    assert begin < fault.line <= begin + 6
    assert fault.message.startswith("clause 20: ")
    assert words in fault.message


def test_notice_check_names_all_faults_at_once() -> None:
    text = with_clause("contxt", "{}", number="5b").decode()
    for right, wrong in (
        ("issued_on = 2022-07-05", "issued_on = 1922-07-05"),
        ('id = "1b"', 'id = "1a"'),
        ("target_date = 2023-06-30", "target_date = 1923-06-30"),
    ):
        text = text.replace(right, wrong)
    lines = text.splitlines()
    assert {(fault.line, fault.message.partition(":")[0]) for fault in check_pack(text.encode())} == {
        (lines.index("issued_on = 1922-07-05") + 1, "[notice], issued_on"),
        (30, "area 1a"),
        (58, "clause 1b"),
        (next(at for at, line in enumerate(lines, 1) if "1923-06-30" in line), "clause 11"),
        (len(lines) - 5, "clause 5b"),
        (len(lines) - 2, "clause 5b"),
    }


@pytest.mark.parametrize(
    ("right", "wrong", "near"),
    [
        ('obligor = "COUNCIL"', 'obligor = "council"', "COUNCIL"),
        ('obligor = "COUNCIL"', 'obligor = "COUNCILS"', "COUNCIL"),
        ('modality = "MUST"', 'modality = "MUSTS"', "MUST"),
        ('kind = "IMPROVEMENT_NOTICE"', 'kind = "improvement notice"', "IMPROVEMENT_NOTICE"),
    ],
)
def test_a_near_miss_of_any_closed_word_has_its_remedy(right: str, wrong: str, near: str) -> None:
    text = shipped("tameside-2022").decode().replace(right, wrong, 1)
    (fault,) = check_pack(text.encode())
    assert fault.line == text.splitlines().index(wrong) + 1
    assert fault.message.endswith(f"; did you mean {near}?")
