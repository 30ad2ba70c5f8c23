"""The views of staff, children, families and other groups: gathered and considered."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta, Struct

from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Count, Fact, Narrative, Sentence, Upcast, When, Who, WordList, reference
from ledger.domain.near_matches import misspells

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

ViewsId = Annotated[str, reference("views", "A gathering of views.")]


class Group(WordList):
    """The group whose views were gathered."""

    FRONTLINE_STAFF = "FRONTLINE_STAFF"
    """Staff who work with children and families."""
    CHILDREN_AND_YOUNG_PEOPLE = "CHILDREN_AND_YOUNG_PEOPLE"
    """The children and young people who use the service."""
    PARENTS_AND_CARERS = "PARENTS_AND_CARERS"
    """The parents and carers of children who use the service."""
    FOSTER_CARERS = "FOSTER_CARERS"
    """The foster carers of the council."""
    CARE_LEAVERS = "CARE_LEAVERS"
    """Young people who have left care."""
    PARTNER_AGENCIES = "PARTNER_AGENCIES"
    """Staff of partner agencies, such as schools and health."""
    OTHER = "OTHER"
    """Another group, by its name."""


def _no_other_group(data: dict[str, Any]) -> dict[str, Any]:
    return data


class ViewsGathered(Fact, frozen=True, kw_only=True):
    """Views were gathered, recorded as themes without naming the people who gave them."""

    act: ClassVar[str] = "gatherViews"
    begins: ClassVar[bool] = True
    version: ClassVar[int] = 2
    earlier: ClassVar[tuple[Upcast, ...]] = (_no_other_group,)
    sentence: ClassVar[Sentence] = Sentence(
        "Views of {group}[ ({other_group})] were gathered ({views}) by {method}, from {count} people: {themes}",
        (("views {views}", "state", "gathered"),),
    )

    views: ViewsId
    group: Group
    other_group: Annotated[
        Code | None,
        Meta(description="The other group's name, as in the clause; required if the list lacks the group."),
    ] = None
    method: Annotated[Code, Meta(description="The method, such as survey, forum or interviews.")]
    count: Annotated[Count, Meta(description="The number of people who took part.")]
    themes: Annotated[list[Narrative], Meta(min_length=1, description="The themes of the views, without names.")]


class ViewsConsidered(Fact, frozen=True, kw_only=True):
    """Views were considered against a practice standard, with a change or a reason against one."""

    act: ClassVar[str] = "considerViews"
    sentence: ClassVar[Sentence] = Sentence(
        "Views {views} were considered against {standard}[. Change: {change_made}]. Reason: {reason}",
        (("views {views}", "state", "considered[, with a change: {change_made}]"),),
        decision=True,
    )

    views: ViewsId
    standard: Annotated[Code, Meta(description="The practice standard concerned.")]
    change_made: Annotated[Narrative | None, Meta(description="The change made; absent if nothing changed.")] = (
        None
    )
    reason: Narrative


class EngagementState(Struct):
    """The empty state of this area: the lifecycles of views are in `State.lifecycles`."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case ViewsGathered():
            if fact.count == 0:
                yield Refusal(
                    "OUT_OF_RANGE", "views come from at least one person; enter a count of 1 or more", "data.count"
                )
            yield from _group_refusals(state, fact)


def _group_refusals(state: "State", fact: ViewsGathered) -> Iterator[Refusal]:
    """Yield a refusal for each fault in the name of another group.

    The name may be missing or superfluous. It may be a group of the list, or misspell a group that a clause names.
    """
    name, path = fact.other_group, "data.otherGroup"
    if (fact.group is Group.OTHER) != (name is not None):
        yield Refusal(
            "INVALID_FIELD", "name the other group in otherGroup if and only if the group is OTHER", path
        )
    if name is None:
        return
    word = name.strip().replace(" ", "_").replace("-", "_").upper()
    if word in Group.__members__:
        yield Refusal("INVALID_FIELD", f"{word} is a group of the list; enter it as the group", path)
    named = {
        each
        for clause in state.notice.clauses.values()
        if isinstance(groups := clause.parameters.get("other_groups"), list)
        for each in groups
        if isinstance(each, str)
    }
    near = [each for each in sorted(named) if _is_near(name.lower(), each.lower())]
    if near and name not in named:
        yield Refusal("NOT_FOUND", f"no clause names the group {name}; did you mean {' or '.join(near)}?", path)


def _is_near(name: str, other: str) -> bool:
    """Return whether two names in lower case are equal apart from a final s, or one misspells the other."""
    name, other = name.removesuffix("s"), other.removesuffix("s")
    return name == other or misspells(name, other)


def evolve(state: "State", entry: "Entry") -> None:
    """Leave the state unchanged, because this area has no state of its own."""
