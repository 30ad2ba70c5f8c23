"""How the facts of `ledger.domain.areas.people` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.people import (
    ActorRegistered,
    IntegrationRegistered,
    IntegrationRevoked,
    RoleGranted,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import Telling

TELLINGS: Mapping[type[Fact], Telling] = {
    RoleGranted: Telling(
        "{actor} was given the role of {role}[, from {from_}][, until {until}]",
        (("{actor}", "role of {role}", "held[ until {until}]"),),
    ),
    RoleRevoked: Telling("{actor} is no longer {role}", (("{actor}", "role of {role}", "ended"),), decision=True),
    TokenIssued: Telling(
        "Token {token} was issued to {actor} as {role}[, for the source {source} only][, for {facts} only]"
        "[, until {until}]",
        (("token {token}", "state", "open for {actor}"),),
    ),
    TokenRevoked: Telling(
        "Token {token} was revoked at once", (("token {token}", "state", "revoked"),), decision=True
    ),
    ActorRegistered: Telling(
        "{actor} was entered among those who act under this notice, as a {kind}[: {post}]",
        (("{actor}", "known as", "{kind}"),),
    ),
    IntegrationRegistered: Telling(
        "Integration {integration} was registered: {actor} may record {facts} from {source}",
        (("integration {integration}", "state", "live"),),
        decision=True,
    ),
    IntegrationRevoked: Telling(
        "Integration {integration} was revoked at once: {reason}",
        (("integration {integration}", "state", "revoked"),),
        decision=True,
    ),
}
