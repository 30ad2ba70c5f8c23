"""Partner organisations: their contributions, concerns about contributions, and updates for the board."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.evidence import EvidenceId
from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ObjectiveId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Day, Fact, Id, Narrative, Sentence, StatedDay, When, Who, reference
from ledger.domain.roles import Role
from ledger.domain.shared_rules import future_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

PartnerId = Annotated[str, reference("partner", "A partner organisation.")]
ContributionId = Annotated[str, reference("contribution", "A contribution that a partner committed to.")]
UpdateId = Annotated[str, reference("update", "An update that the board requested from a partner.")]


class PartnerRegistered(Fact, frozen=True, kw_only=True):
    """A partner organisation joined the improvement work."""

    act: ClassVar[str] = "registerPartner"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Partner {partner} was registered: {organisation}{section11?, bound by section 11|}. {lead} leads for it",
        (("partner {partner}", "lead", "{lead}"),),
    )

    partner: PartnerId
    organisation: Annotated[Narrative, Meta(description="The organisation's name.")]
    section11: Annotated[
        bool, Meta(description="True if section 11 of the Children Act 2004 applies to the partner.")
    ]
    lead: Annotated[ActorId, Meta(description="The actor who represents the partner.")]


class ContributionCommitted(Fact, frozen=True, kw_only=True):
    """A partner committed to a contribution, with an owner and a date."""

    act: ClassVar[str] = "commitContribution"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Partner {partner} promised contribution {contribution} by {due}[, for objective {objective}]: {what}. "
        "{owner} is responsible",
        (("contribution {contribution}", "state", "promised for {due}"),),
    )

    contribution: ContributionId
    partner: PartnerId
    what: Narrative
    owner: Annotated[ActorId, Meta(description="The actor responsible for the contribution.")]
    due: Day
    objective: Annotated[ObjectiveId | None, Meta(description="The objective that the contribution supports.")] = (
        None
    )


class ContributionReceived(Fact, frozen=True, kw_only=True):
    """A committed contribution was received, on time or late."""

    act: ClassVar[str] = "receiveContribution"
    ends: ClassVar[str] = "received"
    stated_day: ClassVar[StatedDay | None] = StatedDay("received_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Contribution {contribution} was received on {received_on}[: {note}]",
        (("contribution {contribution}", "state", "received"),),
    )

    contribution: ContributionId
    received_on: Day
    note: Narrative | None = None
    evidence: Annotated[
        list[EvidenceId], Meta(description="The evidence that the contribution was received.")
    ] = []


class ContributionMissed(Fact, frozen=True, kw_only=True):
    """A committed contribution was not received by its date; it may still arrive."""

    act: ClassVar[str] = "missContribution"
    once: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Contribution {contribution} missed its date: {reason}",
        (("contribution {contribution}", "state", "missed"),),
    )

    contribution: ContributionId
    reason: Narrative


class ContributionConcernRaised(Fact, frozen=True, kw_only=True):
    """A concern about a partner's contribution was raised with the board."""

    act: ClassVar[str] = "raiseContributionConcern"
    sentence: ClassVar[Sentence] = Sentence(
        "A concern was raised about partner {partner}[ and its contribution {contribution}]: {concern}",
        (("partner {partner}", "concern", "raised"),),
    )

    partner: PartnerId
    concern: Narrative
    contribution: Annotated[ContributionId | None, Meta(description="The contribution concerned.")] = None


class PartnerUpdateCommissioned(Fact, frozen=True, kw_only=True):
    """The board requested an update from a partner by a date."""

    act: ClassVar[str] = "commissionPartnerUpdate"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "The board commissioned update {update} from partner {partner} by {due}: {topic}",
        (("update {update}", "state", "due on {due}"),),
    )

    update: UpdateId
    partner: PartnerId
    topic: Narrative
    due: Day


class PartnerUpdateReceived(Fact, frozen=True, kw_only=True):
    """A partner delivered the update that the board had requested."""

    act: ClassVar[str] = "receivePartnerUpdate"
    ends: ClassVar[str] = "received"
    stated_day: ClassVar[StatedDay | None] = StatedDay("received_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Update {update} was received on {received_on}: {summary}", (("update {update}", "state", "received"),)
    )

    update: UpdateId
    received_on: Day
    summary: Narrative
    evidence: Annotated[list[EvidenceId], Meta(description="The update and its supporting documents.")] = []


class PartnersState(Struct):
    """Each partner's representative, and the partner of each contribution and update."""

    leads: dict[str, str] = {}
    contributions: dict[str, str] = {}
    updates: dict[str, str] = {}


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    partners, zone = state.partners, state.notice.zone
    match fact:
        case ContributionCommitted():
            yield from _ownership_refusals(partners, fact.partner, who)
        case ContributionReceived():
            yield from _ownership_refusals(partners, partners.contributions[fact.contribution], who)
            yield from future_refusals(fact.received_on, when.occurred_at, zone, "data.receivedOn")
        case ContributionMissed():
            yield from _ownership_refusals(partners, partners.contributions[fact.contribution], who)
        case ContributionConcernRaised() if fact.contribution is not None:
            owner = partners.contributions[fact.contribution]
            if owner != fact.partner:
                message = f"contribution {fact.contribution} belongs to partner {owner}, not {fact.partner}"
                yield Refusal("NOT_FOUND", message, "data.contribution")
        case PartnerUpdateReceived():
            yield from _ownership_refusals(partners, partners.updates[fact.update], who)
            yield from future_refusals(fact.received_on, when.occurred_at, zone, "data.receivedOn")


def _ownership_refusals(partners: PartnersState, partner: Id, who: Who) -> Iterator[Refusal]:
    if who.role == Role.PARTNER.value and partners.leads[partner] != who.actor:
        message = f"{who.actor} does not represent partner {partner}; partners record only their own facts"
        yield Refusal("NOT_YOURS", message)


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, partners = entry.fact, state.partners
    match fact:
        case PartnerRegistered():
            partners.leads[fact.partner] = fact.lead
        case ContributionCommitted():
            partners.contributions[fact.contribution] = fact.partner
        case PartnerUpdateCommissioned():
            partners.updates[fact.update] = fact.partner
