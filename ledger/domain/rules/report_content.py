"""The content that the clauses of a notice require of an adviser's report, checked before issue. Pure."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ledger.domain.areas.notice import Modality
from ledger.domain.areas.reports import AdviserReportIssued
from ledger.domain.errors import Refusal
from ledger.domain.lifecycle import Lifecycle
from ledger.domain.rules import oversight, read_rule
from ledger.domain.rules.rule import ReportTopic

if TYPE_CHECKING:
    from ledger.domain.state import State


def admit(state: "State", fact: AdviserReportIssued) -> Iterator[Refusal]:
    """Yield a refusal for each topic or area that a clause requires and the report leaves out."""
    for number, clause in state.notice.clauses.items():
        rule = read_rule(clause.rule, clause.parameters)
        if isinstance(rule, oversight.AdviserReports) and clause.modality is not Modality.MAY:
            for message, path in _missing(rule, fact, state.lifecycles.get("area", {})):
                yield Refusal("MISSING_FIELD", f"clause {number} asks for {message}", path)


def _missing(
    rule: oversight.AdviserReports, fact: AdviserReportIssued, areas: Mapping[str, Lifecycle]
) -> Iterator[tuple[str, str]]:
    if ReportTopic.AREAS in rule.covers:
        reported = {report.area for report in fact.per_area}
        for name, area in areas.items():
            if not area.ended and name not in reported:
                yield f"a judgement of area {name}; add it", "data.perArea"
    if ReportTopic.REQUIREMENTS in rule.covers and not fact.requirements:
        yield "the requirements; comment on at least one clause", "data.requirements"
    if ReportTopic.OTHER in rule.covers and fact.other is None:
        yield "other matters; enter them, or write None", "data.other"
