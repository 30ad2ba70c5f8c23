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
from projections.narrate.templates.template import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    PartnerRegistered: Telling(
        "Partner {partner} takes part: {organisation}{section11?, which section 11 binds|}. {lead} speaks for it",
        (("partner {partner}", "lead", "{lead}"),),
    ),
    ContributionCommitted: Telling(
        "Partner {partner} promised contribution {contribution} by {due}[, for objective {objective}]: "
        "{what} {owner} answers for it",
        (("contribution {contribution}", "state", "promised for {due}"),),
    ),
    ContributionReceived: Telling(
        "Contribution {contribution} was received on {received_on}[: {note}]",
        (("contribution {contribution}", "state", "received"),),
    ),
    ContributionMissed: Telling(
        "Contribution {contribution} did not come by its date: {reason}",
        (("contribution {contribution}", "state", "missed"),),
    ),
    ContributionConcernRaised: Telling(
        "A concern was raised about partner {partner}[ and its contribution {contribution}]: {concern}",
        (("partner {partner}", "concern", "raised"),),
    ),
    PartnerUpdateCommissioned: Telling(
        "The board asked partner {partner} for update {update} by {due}: {topic}",
        (("update {update}", "state", "asked for by {due}"),),
    ),
    PartnerUpdateReceived: Telling(
        "Update {update} was received on {received_on}: {summary}",
        (("update {update}", "state", "received"),),
    ),
}
