"""The views of staff and of children and young people (clause 5e): gathered, considered, acted on."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Count, Fact, Narrative, When, Who, WordList, reference

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ViewsId = Annotated[str, reference("views", "A gathering of views.")]


class Group(WordList):
    """Whose views they are."""

    FRONTLINE_STAFF = "FRONTLINE_STAFF"
    """Staff who work with children and families."""
    CHILDREN_AND_YOUNG_PEOPLE = "CHILDREN_AND_YOUNG_PEOPLE"
    """The children and young people whom the service is for."""


class ViewsGathered(Fact, frozen=True, kw_only=True):
    """Views were gathered, told as themes and never by who said what."""

    act: ClassVar[str] = "gatherViews"
    clause: ClassVar[str] = "5e"
    about: ClassVar[str] = "views"
    begins: ClassVar[bool] = True

    views: ViewsId
    group: Group
    method: Annotated[Code, Meta(description="How, such as survey, forum or interviews.")]
    count: Annotated[Count, Meta(description="How many people took part.")]
    themes: Annotated[list[Narrative], Meta(min_length=1, description="What they said, in themes.")]


class ViewsConsidered(Fact, frozen=True, kw_only=True):
    """Views were considered against a practice standard, and something was changed, or was not, for a reason."""

    act: ClassVar[str] = "considerViews"
    clause: ClassVar[str] = "5e"
    about: ClassVar[str] = "views"

    views: ViewsId
    standard: Annotated[Code, Meta(description="The practice standard that they bear on.")]
    change_made: Annotated[Narrative | None, Meta(description="What was changed; absent: nothing.")] = None
    reason: Narrative


FACTS = (ViewsGathered, ViewsConsidered)


class EngagementState(Struct):
    """The rules need to know nothing but the lives of the views."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Why the fact may not be recorded."""
    match fact:
        case ViewsGathered():
            if fact.count == 0:
                yield Refusal("OUT_OF_RANGE", "views are of one person at least", "data.count")


def evolve(state: "State", entry: "Entry") -> None:
    """Folds the entry into the state."""
