"""How the facts of `ledger.domain.areas.escalation` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.escalation import ConcernRaised, InterventionDecided, InterventionEnded
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    ConcernRaised: SentenceTemplate(
        "The Department raised concern {concern}[ about {areas}]: {text}",
        (("concern {concern}", "state", "raised"),),
    ),
    InterventionDecided: SentenceTemplate(
        "Ministers decided intervention {intervention} under {power}[, after concern {concerns}][, with effect "
        "from {takes_effect_on}]: {decision}",
        (("intervention {intervention}", "state", "decided"),),
        decision=True,
    ),
    InterventionEnded: SentenceTemplate(
        "Ministers ended intervention {intervention}[, which becomes {becomes}]: {reason}",
        (("intervention {intervention}", "state", "ended"),),
        decision=True,
    ),
}
