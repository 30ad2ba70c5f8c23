"""The adviser whom the Department appoints (clause 3): who advised when, with no undeclared gap."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct, field

from ledger.domain.areas.people import ActorId
from ledger.domain.chronology import in_order
from ledger.domain.errors import Refusal
from ledger.domain.fact import Day, Fact, Narrative, When, Who, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

AppointmentId = Annotated[str, reference("appointment", "The appointment of an adviser.")]


class AdviserAppointed(Fact, frozen=True, kw_only=True):
    """The Department appointed an adviser; a notice may have several."""

    act: ClassVar[str] = "appointAdviser"
    clause: ClassVar[str] = "3"
    about: ClassVar[str] = "appointment"
    begins: ClassVar[bool] = True

    appointment: AppointmentId
    adviser: Annotated[ActorId, Meta(description="Who advises.")]
    first: Annotated[Day, Meta(description="The first day.")]
    last: Annotated[Day | None, Meta(description="The last day; absent: until released.")] = None
    terms: Annotated[Narrative, Meta(description="What the adviser is asked to do.")]


class AdviserReplaced(Fact, frozen=True, kw_only=True):
    """Another adviser took over an appointment; who advised before stays on record."""

    act: ClassVar[str] = "replaceAdviser"
    clause: ClassVar[str] = "3"
    about: ClassVar[str] = "appointment"

    appointment: AppointmentId
    adviser: Annotated[ActorId, Meta(description="Who advises from now on.")]
    first: Annotated[Day, Meta(description="The new adviser's first day.")]
    reason: Narrative


class AdviserReleased(Fact, frozen=True, kw_only=True):
    """The Department released an adviser; the appointment has ended."""

    act: ClassVar[str] = "releaseAdviser"
    clause: ClassVar[str] = "3"
    about: ClassVar[str] = "appointment"
    ends: ClassVar[str] = "ended"
    outlives: ClassVar[bool] = True
    once: ClassVar[bool] = True

    appointment: AppointmentId
    last: Annotated[Day, Meta(description="The adviser's last day.")]
    reason: Narrative


FACTS = (AdviserAppointed, AdviserReplaced, AdviserReleased)


class Post(Struct):
    """Who holds an appointment, and since when."""

    adviser: str
    first: date


class AdviserState(Struct):
    """What the rules need to know of the appointments."""

    posts: dict[str, Post] = field(default_factory=dict)


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    posts = state.adviser.posts
    match fact:
        case AdviserAppointed():
            yield from in_order(fact.first, fact.last, "data.last")
        case AdviserReplaced():
            post = posts[fact.appointment]
            if fact.adviser == post.adviser:
                message = f"{fact.adviser} advises already; name who takes over"
                yield Refusal("NOTHING_CHANGED", message, "data.adviser")
            yield from in_order(post.first, fact.first, "data.first")
        case AdviserReleased():
            yield from in_order(posts[fact.appointment].first, fact.last, "data.last")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
    fact, posts = entry.fact, state.adviser.posts
    match fact:
        case AdviserAppointed() | AdviserReplaced():
            posts[fact.appointment] = Post(fact.adviser, fact.first)
