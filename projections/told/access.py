"""How the facts of `ledger.facts.access` are told. Pure."""

from collections.abc import Mapping

from ledger.facts.access import AccessGranted, AccessRequested, AccessRevoked
from ledger.facts.fact import Fact
from projections.told.telling import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    AccessRequested: Telling(
        "Access {request} was asked for: {kind}, for {grantee}[, to do review {review}]"
        "[, to do diagnostic {diagnostic}], from {from_} until {until}",
        (("access {request}", "state", "asked for"),),
    ),
    AccessGranted: Telling(
        "Access {request} was granted, from {from_} until {until}",
        (("access {request}", "state", "granted until {until}"),),
        decision=True,
    ),
    AccessRevoked: Telling(
        "Access {request} was withdrawn at once", (("access {request}", "state", "withdrawn"),), decision=True
    ),
}
