"""How the facts of `ledger.domain.areas.engagement` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.engagement import ViewsConsidered, ViewsGathered
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    ViewsGathered: SentenceTemplate(
        "Views of {group} were gathered ({views}) by {method}, from {count} people: {themes}",
        (("views {views}", "state", "gathered"),),
    ),
    ViewsConsidered: SentenceTemplate(
        "Views {views} were considered against {standard}[. What changed: {change_made}]. Why: {reason}",
        (("views {views}", "state", "considered[, and something changed: {change_made}]"),),
        decision=True,
    ),
}
