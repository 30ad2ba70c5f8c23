"""The adviser whom the Department appoints: the appointments and their holders."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.people import ActorId
from ledger.domain.duties import self_refusals
from ledger.domain.errors import Refusal
from ledger.domain.fact import Day, Fact, Narrative, Sentence, StatedDay, When, Who, reference
from ledger.domain.shared_rules import order_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

AppointmentId = Annotated[str, reference("appointment", "The appointment of an adviser.")]


class AdviserAppointed(Fact, frozen=True, kw_only=True):
    """The Department appointed an adviser; a notice may have several."""

    act: ClassVar[str] = "appointAdviser"
    begins: ClassVar[bool] = True
    stated_day: ClassVar[StatedDay | None] = StatedDay("first", from_start=True, at_latest=True)
    sentence: ClassVar[Sentence] = Sentence(
        "{adviser} was appointed as adviser ({appointment}) from {first}[ to {last}]: {terms}",
        (("appointment {appointment}", "held by", "{adviser}"),),
        decision=True,
    )

    appointment: AppointmentId
    adviser: Annotated[ActorId, Meta(description="The adviser.")]
    first: Annotated[Day, Meta(description="The first day.")]
    last: Annotated[Day | None, Meta(description="The last day; absent: until released.")] = None
    terms: Annotated[Narrative, Meta(description="The work that the adviser is asked to do.")]


class AdviserReplaced(Fact, frozen=True, kw_only=True):
    """Another adviser took over an appointment; the earlier adviser remains on record."""

    act: ClassVar[str] = "replaceAdviser"
    stated_day: ClassVar[StatedDay | None] = StatedDay("first", from_start=True, at_latest=True)
    sentence: ClassVar[Sentence] = Sentence(
        "{adviser} took over as adviser ({appointment}) from {first}: {reason}",
        (("appointment {appointment}", "held by", "{adviser}"),),
        decision=True,
    )

    appointment: AppointmentId
    adviser: Annotated[ActorId, Meta(description="The new adviser.")]
    first: Annotated[Day, Meta(description="The new adviser's first day.")]
    reason: Narrative


class AdviserReleased(Fact, frozen=True, kw_only=True):
    """The Department released an adviser; the appointment has ended."""

    act: ClassVar[str] = "releaseAdviser"
    ends: ClassVar[str] = "ended"
    outlives: ClassVar[bool] = True
    once: ClassVar[bool] = True
    stated_day: ClassVar[StatedDay | None] = StatedDay("last", at_latest=True)
    sentence: ClassVar[Sentence] = Sentence(
        "The adviser ({appointment}) was released, with {last} as the last day: {reason}",
        (("appointment {appointment}", "held by", "nobody"),),
        decision=True,
    )

    appointment: AppointmentId
    last: Annotated[Day, Meta(description="The adviser's last day.")]
    reason: Narrative


class Post(Struct):
    """The holder of an appointment, and the holder's first day."""

    adviser: str
    first: date


class AdviserState(Struct):
    """Appointments of advisers by id."""

    posts: dict[str, Post] = {}


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    posts = state.adviser.posts
    match fact:
        case AdviserAppointed():
            yield from self_refusals(fact.adviser, who, "data.adviser", "appoint")
            yield from order_refusals(fact.first, fact.last, "data.last")
        case AdviserReplaced():
            yield from self_refusals(fact.adviser, who, "data.adviser", "appoint")
            post = posts[fact.appointment]
            if fact.adviser == post.adviser:
                message = f"{fact.adviser} already holds this appointment; name the adviser who takes over"
                yield Refusal("NOTHING_CHANGED", message, "data.adviser")
            yield from order_refusals(post.first, fact.first, "data.first")
        case AdviserReleased():
            yield from order_refusals(posts[fact.appointment].first, fact.last, "data.last")


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    fact, posts = entry.fact, state.adviser.posts
    match fact:
        case AdviserAppointed() | AdviserReplaced():
            posts[fact.appointment] = Post(fact.adviser, fact.first)
