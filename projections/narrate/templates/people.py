"""How the facts of `ledger.domain.areas.people` are told. Pure."""

from collections.abc import Mapping

from ledger.domain.areas.people import (
    ActorRegistered,
    IntegrationRegistered,
    IntegrationRevoked,
    RoleGranted,
    RoleRequested,
    RoleRevoked,
    TokenIssued,
    TokenRevoked,
)
from ledger.domain.fact import Fact
from projections.narrate.templates.template import SentenceTemplate

TELLINGS: Mapping[type[Fact], SentenceTemplate] = {
    RoleRequested: SentenceTemplate(
        "The role of {role} was requested for {actor}[, from {from_}][, until {until}]: {reason}",
        (("{actor}", "role of {role}", "requested"),),
    ),
    RoleGranted: SentenceTemplate(
        "{actor} was given the role of {role}[, from {from_}][, until {until}]",
        (("{actor}", "role of {role}", "held[ until {until}]"),),
    ),
    RoleRevoked: SentenceTemplate(
        "{actor} is no longer {role}", (("{actor}", "role of {role}", "ended"),), decision=True
    ),
    TokenIssued: SentenceTemplate(
        "Token {token} was issued to {actor} as {role}[, for the source {source} only][, for {facts} only]"
        "[, until {until}]",
        (("token {token}", "state", "open for {actor}"),),
    ),
    TokenRevoked: SentenceTemplate(
        "Token {token} was revoked at once", (("token {token}", "state", "revoked"),), decision=True
    ),
    ActorRegistered: SentenceTemplate(
        "{actor} was entered among those who act under this notice, as a {kind}[: {post}]",
        (("{actor}", "known as", "{kind}"),),
    ),
    IntegrationRegistered: SentenceTemplate(
        "Integration {integration} was registered: {actor} may record {facts} from {source}",
        (("integration {integration}", "state", "live"),),
        decision=True,
    ),
    IntegrationRevoked: SentenceTemplate(
        "Integration {integration} was revoked at once: {reason}",
        (("integration {integration}", "state", "revoked"),),
        decision=True,
    ),
}
