"""How the facts of `ledger.domain.areas.adviser` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.adviser import AdviserAppointed, AdviserReleased, AdviserReplaced
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    AdviserAppointed: SentenceTemplate(
        "{adviser} was appointed as adviser ({appointment}) from {first}[ to {last}]: {terms}",
        (("appointment {appointment}", "held by", "{adviser}"),),
        decision=True,
    ),
    AdviserReplaced: SentenceTemplate(
        "{adviser} took over as adviser ({appointment}) from {first}: {reason}",
        (("appointment {appointment}", "held by", "{adviser}"),),
        decision=True,
    ),
    AdviserReleased: SentenceTemplate(
        "The adviser ({appointment}) was released, with {last} as the last day: {reason}",
        (("appointment {appointment}", "held by", "nobody"),),
        decision=True,
    ),
}
