"""The kinds of rule that a clause may name, each declared once as typed data. Pure; nothing is judged here.

Packs and recorded clauses are checked by these declarations, and verdicts are derived from them. `docs/rules.md`
lists the kinds of rule.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ledger.domain.areas.notice import ClauseRegistered, InterpretationAdopted, NoticeRevised, NoticeState
from ledger.domain.errors import Refusal
from ledger.domain.fact import Fact
from ledger.domain.rules import check, duties, oversight, plan
from ledger.domain.rules.rule import Rule, RuleFault

RULES: Mapping[str, type[Rule]] = {
    rule.kind: rule
    for module in (oversight, plan, duties)
    for rule in vars(module).values()
    if isinstance(rule, type) and issubclass(rule, Rule) and rule is not Rule
}
"""Every rule by its name."""


def find_faults(kind: str, parameters: Mapping[str, Any]) -> list[RuleFault]:
    """Return every fault of a clause's rule and parameters, apart from unknown areas."""
    rule = RULES.get(kind)
    roles = () if rule is None else check.find_role_faults(rule, parameters)
    return [*check.find_faults(RULES, kind, parameters), *roles]


def read_rule(kind: str, parameters: Mapping[str, Any]) -> Rule | list[RuleFault]:
    """Return the typed rule of a stored clause, or the faults of the clause."""
    return check.read_rule(RULES, kind, parameters)


def reads_of(kind: str) -> frozenset[type[Fact]]:
    """Return the facts that a rule declares for its verdicts; empty for an unknown rule."""
    rule = RULES.get(kind)
    return frozenset() if rule is None else rule.reads


def find_area_faults(parameters: Mapping[str, Any], areas: Collection[str]) -> Iterator[RuleFault]:
    """Yield a fault if a rule names an area that the notice does not have."""
    area = parameters.get("area")
    if isinstance(area, str) and area not in areas:
        known = check.unknown(area, areas) if areas else "; the notice has no areas"
        yield RuleFault("area", f"there is no area {area}{known}")


def admit(notice: NoticeState, areas: Collection[str], fact: Fact) -> Iterator[Refusal]:
    """Yield a refusal for each fault of the rule or parameters that a fact would set for a clause."""
    match fact:
        case ClauseRegistered():
            for fault in [*find_faults(fact.rule, fact.parameters), *find_area_faults(fact.parameters, areas)]:
                yield _refusal(fault, fact.number, "data")
        case InterpretationAdopted():
            yield from _changed(notice, areas, fact.number, fact.parameters, "data")
        case NoticeRevised():
            for index, revision in enumerate(fact.clauses):
                path = f"data.clauses[{index}]"
                yield from _changed(notice, areas, revision.number, revision.parameters, path)


def _changed(
    notice: NoticeState, areas: Collection[str], number: str, parameters: Mapping[str, Any], path: str
) -> Iterator[Refusal]:
    for fault in find_area_faults(parameters, areas):
        yield _refusal(fault, number, path)
    clause = notice.clauses[number]
    rule = RULES.get(clause.rule)
    before = dict(clause.parameters) if rule is None else check.upgrade(rule, clause.parameters)
    if rule is not None and parameters:
        for fault in check.affected(find_faults(clause.rule, {**before, **parameters}), parameters):
            yield _refusal(fault, number, path)


def _refusal(fault: RuleFault, number: str, path: str) -> Refusal:
    where = "rule" if fault.parameter is None else f"parameters.{fault.parameter}"
    return Refusal("INVALID_RULE", f"clause {number}: {fault.message}", f"{path}.{where}")
