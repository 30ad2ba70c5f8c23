"""How the facts of `ledger.domain.areas.partners` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.partners import (
    ContributionCommitted,
    ContributionConcernRaised,
    ContributionMissed,
    ContributionReceived,
    PartnerRegistered,
    PartnerUpdateCommissioned,
    PartnerUpdateReceived,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    PartnerRegistered: SentenceTemplate(
        "Partner {partner} takes part: {organisation}{section11?, which section 11 binds|}. {lead} speaks for it",
        (("partner {partner}", "lead", "{lead}"),),
    ),
    ContributionCommitted: SentenceTemplate(
        "Partner {partner} promised contribution {contribution} by {due}[, for objective {objective}]: "
        "{what} {owner} answers for it",
        (("contribution {contribution}", "state", "promised for {due}"),),
    ),
    ContributionReceived: SentenceTemplate(
        "Contribution {contribution} was received on {received_on}[: {note}]",
        (("contribution {contribution}", "state", "received"),),
    ),
    ContributionMissed: SentenceTemplate(
        "Contribution {contribution} did not come by its date: {reason}",
        (("contribution {contribution}", "state", "missed"),),
    ),
    ContributionConcernRaised: SentenceTemplate(
        "A concern was raised about partner {partner}[ and its contribution {contribution}]: {concern}",
        (("partner {partner}", "concern", "raised"),),
    ),
    PartnerUpdateCommissioned: SentenceTemplate(
        "The board asked partner {partner} for update {update} by {due}: {topic}",
        (("update {update}", "state", "asked for by {due}"),),
    ),
    PartnerUpdateReceived: SentenceTemplate(
        "Update {update} was received on {received_on}: {summary}",
        (("update {update}", "state", "received"),),
    ),
}
