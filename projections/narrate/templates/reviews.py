"""How the facts of `ledger.domain.areas.reviews` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.reviews import (
    DiagnosticProviderAgreed,
    DiagnosticReported,
    DiagnosticRequired,
    PreReviewAssessmentSubmitted,
    ReviewCompleted,
    ReviewScheduled,
    ReviewStarted,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    ReviewScheduled: SentenceTemplate(
        "Review {review} ({kind}, by {by}) was scheduled from {from_}, on {topics}[ and {other_topics}]",
        (("review {review}", "state", "scheduled from {from_}"),),
    ),
    ReviewStarted: SentenceTemplate(
        "Review {review} began",
        (("review {review}", "state", "under way"),),
    ),
    ReviewCompleted: SentenceTemplate(
        "Review {review} was completed[; it found: {findings}]",
        (("review {review}", "state", "completed"),),
    ),
    PreReviewAssessmentSubmitted: SentenceTemplate(
        "The council assessed itself before review {review}[, with a survey of staff in "
        "{staff_survey}][, with supervision in {supervision}]",
        (("review {review}", "self-assessment", "submitted"),),
    ),
    DiagnosticRequired: SentenceTemplate(
        "The adviser required diagnostic {diagnostic}[ of area {area}][, due on {due}]: {scope}",
        (("diagnostic {diagnostic}", "state", "required"),),
        decision=True,
    ),
    DiagnosticProviderAgreed: SentenceTemplate(
        "{provider}, {outside?an outside party|from within}, is to carry out diagnostic {diagnostic}, "
        "{department_consent?with|without} the Department's consent",
        (("diagnostic {diagnostic}", "carried out by", "{provider}"),),
        decision=True,
    ),
    DiagnosticReported: SentenceTemplate(
        "Diagnostic {diagnostic} reported: {findings}",
        (("diagnostic {diagnostic}", "state", "reported"),),
    ),
}
