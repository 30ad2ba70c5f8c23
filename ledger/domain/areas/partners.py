"""Partner organisations and what they contribute (clause 2): promised, delivered, missed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.chronology import not_to_come
from ledger.domain.errors import Refusal
from ledger.domain.fact import Day, Fact, Id, Narrative, When, Who, reference
from ledger.domain.roles import Role

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

PartnerId = Annotated[str, reference("partner", "A partner organisation.")]
ContributionId = Annotated[str, reference("contribution", "Something that a partner promised.")]
UpdateId = Annotated[str, reference("update", "An update that the board asked a partner for.")]


class PartnerRegistered(Fact, frozen=True, kw_only=True):
    """An organisation takes part in the improvement."""

    act: ClassVar[str] = "registerPartner"
    clause: ClassVar[str] = "2"
    about: ClassVar[str] = "partner"
    begins: ClassVar[bool] = True

    partner: PartnerId
    organisation: Annotated[Narrative, Meta(description="The organisation's name.")]
    section11: Annotated[bool, Meta(description="Whether section 11 of the Children Act 2004 binds it.")]
    lead: Annotated[ActorId, Meta(description="Who speaks for it.")]


class ContributionCommitted(Fact, frozen=True, kw_only=True):
    """A partner promised something, by a date, and somebody there answers for it."""

    act: ClassVar[str] = "commitContribution"
    clause: ClassVar[str] = "2"
    about: ClassVar[str] = "contribution"
    begins: ClassVar[bool] = True

    contribution: ContributionId
    partner: PartnerId
    what: Narrative
    owner: Annotated[ActorId, Meta(description="Who answers for it.")]
    due: Day
    objective: Annotated[ObjectiveId | None, Meta(description="The objective that it helps.")] = None


class ContributionReceived(Fact, frozen=True, kw_only=True):
    """What a partner had promised arrived, in time or late."""

    act: ClassVar[str] = "receiveContribution"
    clause: ClassVar[str] = "2"
    about: ClassVar[str] = "contribution"
    ends: ClassVar[str] = "received"

    contribution: ContributionId
    received_on: Day
    note: Narrative | None = None
    evidence: Annotated[list[EvidenceId], Meta(description="What shows it.")] = field(default_factory=list)


class ContributionMissed(Fact, frozen=True, kw_only=True):
    """A promised contribution did not come by its date; it may still come."""

    act: ClassVar[str] = "missContribution"
    clause: ClassVar[str] = "2"
    about: ClassVar[str] = "contribution"
    once: ClassVar[bool] = True

    contribution: ContributionId
    reason: Narrative


class ContributionConcernRaised(Fact, frozen=True, kw_only=True):
    """Somebody is concerned about what a partner contributes, and told the board."""

    act: ClassVar[str] = "raiseContributionConcern"
    clause: ClassVar[str] = "5d"
    about: ClassVar[str] = "partner"

    partner: PartnerId
    concern: Narrative
    contribution: Annotated[ContributionId | None, Meta(description="The contribution in question.")] = None


class PartnerUpdateCommissioned(Fact, frozen=True, kw_only=True):
    """The board asked a partner for an update by a date."""

    act: ClassVar[str] = "commissionPartnerUpdate"
    clause: ClassVar[str] = "5b"
    about: ClassVar[str] = "update"
    begins: ClassVar[bool] = True

    update: UpdateId
    partner: PartnerId
    topic: Narrative
    due: Day


class PartnerUpdateReceived(Fact, frozen=True, kw_only=True):
    """A partner gave the update that the board had asked for."""

    act: ClassVar[str] = "receivePartnerUpdate"
    clause: ClassVar[str] = "5b"
    about: ClassVar[str] = "update"
    ends: ClassVar[str] = "received"

    update: UpdateId
    received_on: Day
    summary: Narrative
    evidence: Annotated[list[EvidenceId], Meta(description="The update, and what it rests on.")] = field(
        default_factory=list
    )


FACTS = (
    PartnerRegistered,
    ContributionCommitted,
    ContributionReceived,
    ContributionMissed,
    ContributionConcernRaised,
    PartnerUpdateCommissioned,
    PartnerUpdateReceived,
)


class PartnersState(Struct):
    """What the rules need to know of partners: who speaks for each, and whose each contribution and update is."""

    leads: dict[str, str] = field(default_factory=dict)
    contributions: dict[str, str] = field(default_factory=dict)
    updates: dict[str, str] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    partners, zone = state.partners, state.notice.zone
    match fact:
        case ContributionCommitted():
            yield from _own(partners, fact.partner, who)
        case ContributionReceived():
            yield from _own(partners, partners.contributions[fact.contribution], who)
            yield from not_to_come(fact.received_on, when.occurred_at, zone, "data.receivedOn")
        case ContributionMissed():
            yield from _own(partners, partners.contributions[fact.contribution], who)
        case ContributionConcernRaised() if fact.contribution is not None:
            whose = partners.contributions[fact.contribution]
            if whose != fact.partner:
                message = f"contribution {fact.contribution} is of partner {whose}, not of {fact.partner}"
                yield Refusal("NOT_FOUND", message, "data.contribution")
        case PartnerUpdateReceived():
            yield from _own(partners, partners.updates[fact.update], who)
            yield from not_to_come(fact.received_on, when.occurred_at, zone, "data.receivedOn")


def _own(partners: PartnersState, partner: Id, who: Who) -> Iterator[Refusal]:
    if who.role == Role.PARTNER.value and partners.leads[partner] != who.actor:
        message = f"{who.actor} does not speak for partner {partner}; a partner records its own facts only"
        yield Refusal("NOT_YOURS", message)


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, partners = entry.fact, state.partners
    match fact:
        case PartnerRegistered():
            partners.leads[fact.partner] = fact.lead
        case ContributionCommitted():
            partners.contributions[fact.contribution] = fact.partner
        case PartnerUpdateCommissioned():
            partners.updates[fact.update] = fact.partner
