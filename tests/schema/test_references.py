"""Every id in an answer leads to its object, apart from the ids in a list with reasons."""

import re
from collections.abc import Iterator

import schema
from ledger.domain.fields import unwrap
from schema.derive.declaration import TYPES, Many, Value

ELSEWHERE = "an object of another notice, for which `notice(id)` asks with the reader's role there"
BY_KIND = "its kind differs from row to row"
BOARD = "null is the improvement board; the terms of each board are in `board.boards`"
OWN = "it is the row's own id"
NO_OBJECT = {
    "Area.successor": ELSEWHERE,
    "Notice.parallel_notices": ELSEWHERE,
    "Notice.predecessors": ELSEWHERE,
    "Notice.successor": ELSEWHERE,
    "ParallelLink.parallel": ELSEWHERE,
    "Basis.subject": BY_KIND,
    "Checklist.of": BY_KIND,
    "Coverage.subject": BY_KIND,
    "EscalationStep.subject": BY_KIND,
    "Moment.subject": BY_KIND,
    "Publication.subject": BY_KIND,
    "Risk.relates_to": BY_KIND,
    **{f"{name}.{field}": OWN for name, field in (
        ("AuditFinding", "finding"), ("BoardAction", "board_action"), ("Briefing", "briefing"),
        ("Concern", "concern"), ("Contribution", "contribution"), ("Integration", "integration"),
        ("Interpretation", "interpretation"), ("Intervention", "intervention"), ("PartnerUpdate", "update"),
        ("PlanVersion", "plan_version"),
        ("Recommendation", "recommendation"), ("ReportRecommendation", "recommendation"),
        ("SelfAssessment", "assessment"), ("Tenure", "appointment"),
    )},
    **{f"{name}.board": BOARD for name in (
        "BoardReport", "Chair", "ChairReport", "Meeting", "Member", "Terms", "Timetable", "Vacancy",
    )},
}  # fmt: skip
"""Ids without an object, with the reason."""
_NAMES = re.compile(r"(Actor ids?|Ids?) of ")


def ids_without_object() -> Iterator[str]:
    """Yield the ids in rows that no field of their type follows."""
    schema.build()
    for name, declaration in TYPES.items():
        followed = {each.key for each in declaration.fields.values() if isinstance(each, Many)}
        for field, spec in declaration.fields.items():
            if not isinstance(spec, Value) or (spec.name or field) in {declaration.node, *followed}:
                continue
            if _NAMES.match(spec.description or ""):
                yield f"{name}.{field}"


def test_every_id_leads_to_its_object() -> None:
    assert sorted(ids_without_object()) == sorted(NO_OBJECT)


def test_an_actor_leads_to_everything_with_an_owner() -> None:
    schema.build()
    owned = {name for name, each in TYPES.items() if "owner" in each.fields}
    led_to = {each.of for each in TYPES["Actor"].fields.values() if isinstance(each, Many) and each.by == "owner"}
    assert led_to == owned


def test_an_actor_leads_to_every_row_that_names_them() -> None:
    schema.build()
    lists = [each for each in TYPES["Actor"].fields.values() if isinstance(each, Many)]
    led_to = {(each.of, TYPES[each.of].relation.condition(each.by or "")) for each in lists}
    for name, declaration in TYPES.items():
        for field, spec in declaration.fields.items():
            column = (isinstance(spec, Value) and spec.name) or field
            if isinstance(spec, Value) and declaration.relation.meanings[column].is_actor:
                is_list = unwrap(declaration.relation.hints[column]).origin is list
                test = f":value = ANY (t.{column})" if is_list else f't."{column}" = :value'
                assert (name, test) in led_to, (name, column)
