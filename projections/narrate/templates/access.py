"""How the facts of `ledger.domain.areas.access` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.access import (
    AccessExtended,
    AccessGranted,
    AccessProvided,
    AccessRefused,
    AccessRequested,
    AccessRevoked,
    AccessUsed,
    AccessUseRefused,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    AccessRequested: SentenceTemplate(
        "Access {request} was asked for: {kind}, for {grantee}[, to do review {review}]"
        "[, to do diagnostic {diagnostic}], from {from_} until {until}",
        (("access {request}", "state", "asked for"),),
    ),
    AccessGranted: SentenceTemplate(
        "Access {request} was granted, from {from_} until {until}",
        (("access {request}", "state", "granted until {until}"),),
        decision=True,
    ),
    AccessRevoked: SentenceTemplate(
        "Access {request} was withdrawn at once", (("access {request}", "state", "withdrawn"),), decision=True
    ),
    AccessRefused: SentenceTemplate(
        "Access {request} was refused: {reason}",
        (("access {request}", "state", "refused"),),
        decision=True,
    ),
    AccessProvided: SentenceTemplate(
        "Access {request} was opened on {on} ({kind}): {what}",
        (("access {request}", "provided", "on {on}"),),
    ),
    AccessExtended: SentenceTemplate(
        "Access {request} was extended until {until}: {reason}",
        (("access {request}", "state", "granted until {until}"),),
        decision=True,
    ),
    AccessUsed: SentenceTemplate(
        "Access {request} was used: {document} was {action}",
        (("access {request}", "used", "{document}"),),
    ),
    AccessUseRefused: SentenceTemplate(
        "A use of access {request} was refused, for {document}: {why}",
        (("access {request}", "use refused", "{document}, {why}"),),
    ),
}
