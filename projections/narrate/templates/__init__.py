"""How each fact is told in plain words: one module for each area of facts, one `Telling` a fact. Pure."""

from collections.abc import Mapping

from ledger.domain.fact import Fact
from projections.narrate.templates import (
    access,
    actions,
    adviser,
    board,
    engagement,
    escalation,
    evidence,
    measures,
    meetings,
    notice,
    partners,
    people,
    plan,
    recommendations,
    records,
    reports,
    reviews,
)
from projections.narrate.templates.template import SentenceTemplate

TEMPLATES: Mapping[type[Fact], SentenceTemplate] = {
    **access.TELLINGS,
    **actions.TELLINGS,
    **adviser.TELLINGS,
    **board.TELLINGS,
    **engagement.TELLINGS,
    **escalation.TELLINGS,
    **evidence.TELLINGS,
    **measures.TELLINGS,
    **meetings.TELLINGS,
    **notice.TELLINGS,
    **partners.TELLINGS,
    **people.TELLINGS,
    **plan.TELLINGS,
    **recommendations.TELLINGS,
    **records.TELLINGS,
    **reports.TELLINGS,
    **reviews.TELLINGS,
}
"""Every fact → how it is told; a fact without one fails the tests."""
