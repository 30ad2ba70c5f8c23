"""How the facts of `ledger.domain.areas.recommendations` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.recommendations import (
    CoverageMapped,
    FindingRegistered,
    RecommendationAccepted,
    RecommendationMade,
    RecommendationRejected,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    FindingRegistered: SentenceTemplate(
        "Finding {finding} ({origin}) was registered[, of review {review}][, about {areas}]: {text}",
        (("finding {finding}", "state", "to be answered"),),
    ),
    RecommendationMade: SentenceTemplate(
        "{by} made recommendation {recommendation}[, after {findings}][, due on {due}]: {text}",
        (("recommendation {recommendation}", "state", "made"),),
    ),
    RecommendationAccepted: SentenceTemplate(
        "The council accepted recommendation {recommendation}: {response}",
        (("recommendation {recommendation}", "state", "accepted"),),
        decision=True,
    ),
    RecommendationRejected: SentenceTemplate(
        "The council rejected recommendation {recommendation}: {reason}",
        (("recommendation {recommendation}", "state", "rejected"),),
        decision=True,
    ),
    CoverageMapped: SentenceTemplate(
        "What objective {objective} answers was mapped[: the areas {areas}][; the findings {findings}][; the "
        "recommendations {recommendations}]",
        (
            ("objective {objective}", "areas answered", "{areas}"),
            ("objective {objective}", "findings answered", "{findings}"),
            ("objective {objective}", "recommendations answered", "{recommendations}"),
        ),
    ),
}
