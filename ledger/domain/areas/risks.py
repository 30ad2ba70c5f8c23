"""Risks to the plan, and dependencies of its objectives and actions on one another and on other bodies."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from msgspec import Meta, Struct

from ledger.domain.areas.people import ActorId
from ledger.domain.areas.plan import ActionId, ObjectiveId
from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Day, Fact, Id, Narrative, Sentence, StatedDay, When, Who, reference
from ledger.domain.shared_rules import future_refusals

if TYPE_CHECKING:
    from ledger.domain.entry import Entry
    from ledger.domain.state import State

RiskId = Annotated[str, reference("risk", "A risk to the improvement plan.")]
DependencyId = Annotated[str, reference("dependency", "A dependency of the improvement plan.")]
Degree = Annotated[int, Meta(ge=1, le=5)]


class RiskRaised(Fact, frozen=True, kw_only=True):
    """A risk to the plan was added to the register of risks."""

    act: ClassVar[str] = "raiseRisk"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Risk {risk} was raised: {text}. {owner} is responsible[; it concerns {relates_to}]",
        (("risk {risk}", "owner", "{owner}"), ("risk {risk}", "state", "open")),
    )

    risk: RiskId
    text: Annotated[Narrative, Meta(description="The risk: its cause, and its effect on children or the plan.")]
    owner: Annotated[ActorId, Meta(description="The actor responsible for the risk.")]
    relates_to: Annotated[
        list[Id], Meta(description="The objectives, areas or actions that the risk concerns.")
    ] = []


class RiskRated(Fact, frozen=True, kw_only=True):
    """A risk was rated, with the controls in place."""

    act: ClassVar[str] = "rateRisk"
    sentence: ClassVar[Sentence] = Sentence(
        "Risk {risk} was rated {likelihood} of 5 for likelihood and {impact} of 5 for impact[. Controls: "
        "{controls}]",
        (("risk {risk}", "likelihood", "{likelihood}"), ("risk {risk}", "impact", "{impact}")),
    )

    risk: RiskId
    likelihood: Annotated[Degree, Meta(description="Likelihood, from 1 (rare) to 5 (almost certain).")]
    impact: Annotated[Degree, Meta(description="Impact, from 1 (slight) to 5 (severe).")]
    controls: Annotated[Narrative | None, Meta(description="The controls in place and planned.")] = None


class RiskClosed(Fact, frozen=True, kw_only=True):
    """A risk was closed."""

    act: ClassVar[str] = "closeRisk"
    ends: ClassVar[str] = "closed"
    sentence: ClassVar[Sentence] = Sentence(
        "Risk {risk} was closed: {reason}", (("risk {risk}", "state", "closed"),), decision=True
    )

    risk: RiskId
    reason: Narrative


class DependencyRegistered(Fact, frozen=True, kw_only=True):
    """An objective or action depends on another objective or action, or on another body."""

    act: ClassVar[str] = "registerDependency"
    begins: ClassVar[bool] = True
    sentence: ClassVar[Sentence] = Sentence(
        "Dependency {dependency} was registered: [objective {objective}][action {action}] depends on [objective "
        "{on_objective}][action {on_action}][{on_body}][, by {needed_by}]: {text}. {owner} is responsible",
        (("dependency {dependency}", "owner", "{owner}"), ("dependency {dependency}", "state", "open")),
    )

    dependency: DependencyId
    text: Annotated[Narrative, Meta(description="The result that is needed, and its purpose.")]
    owner: Annotated[ActorId, Meta(description="The actor who follows up the dependency.")]
    objective: Annotated[ObjectiveId | None, Meta(description="The objective that needs the result.")] = None
    action: Annotated[ActionId | None, Meta(description="The action that needs the result.")] = None
    on_objective: Annotated[
        ObjectiveId | None, Meta(description="The objective that has to deliver the result.")
    ] = None
    on_action: Annotated[ActionId | None, Meta(description="The action that has to deliver the result.")] = None
    on_body: Annotated[
        Code | None, Meta(description="The body that has to deliver the result, such as integrated care board.")
    ] = None
    needed_by: Annotated[Day | None, Meta(description="The last day on which the result is still useful.")] = None


class DependencyMet(Fact, frozen=True, kw_only=True):
    """The result that an objective or action depends on is available."""

    act: ClassVar[str] = "meetDependency"
    ends: ClassVar[str] = "met"
    stated_day: ClassVar[StatedDay | None] = StatedDay("met_on")
    sentence: ClassVar[Sentence] = Sentence(
        "Dependency {dependency} was met on {met_on}: {result}", (("dependency {dependency}", "state", "met"),)
    )

    dependency: DependencyId
    met_on: Day
    result: Narrative


class DependencyDropped(Fact, frozen=True, kw_only=True):
    """The result that an objective or action depended on is no longer needed."""

    act: ClassVar[str] = "dropDependency"
    ends: ClassVar[str] = "dropped"
    sentence: ClassVar[Sentence] = Sentence(
        "Dependency {dependency} was dropped: {reason}",
        (("dependency {dependency}", "state", "dropped"),),
        decision=True,
    )

    dependency: DependencyId
    reason: Narrative


class Need(Struct, frozen=True):
    """An open dependency of one part of the plan on another part."""

    dependent: str
    """Kind and id of the dependent part, such as objective O1."""
    on: str


class RisksState(Struct):
    """Open dependencies between parts of the plan. The lifecycles of risks are in `State.lifecycles`."""

    needs: dict[str, Need] = {}
    """Open dependencies by id."""


def admit(state: "State", fact: Fact, who: Who, when: When) -> Iterator[Refusal]:
    """Yield the refusals of a fact by this area's rules."""
    match fact:
        case DependencyRegistered():
            yield from _dependency_refusals(state.risks.needs, fact)
        case DependencyMet():
            yield from future_refusals(fact.met_on, when.occurred_at, state.notice.zone, "data.metOn")


def _dependency_refusals(needs: Mapping[str, Need], fact: DependencyRegistered) -> Iterator[Refusal]:
    """Yield refusals unless a dependency names one dependent and one other thing, and closes no circle."""
    dependents = (fact.objective, fact.action)
    if sum(each is not None for each in dependents) != 1:
        yield Refusal("ONE_OF", "give either the dependent objective or the dependent action", "data.objective")
    others = (fact.on_objective, fact.on_action, fact.on_body)
    if sum(each is not None for each in others) != 1:
        message = "give one thing that it depends on: an objective, an action or a body"
        yield Refusal("ONE_OF", message, "data.onObjective")
    path = "data.onObjective" if fact.on_objective is not None else "data.onAction"
    need = _need(fact)
    if need is not None:
        yield from _circle_refusals(needs, need, path)


def _circle_refusals(needs: Mapping[str, Need], need: Need, path: str) -> Iterator[Refusal]:
    """Yield a refusal if a new need would close a circle of open dependencies."""
    if need.on == need.dependent:
        yield Refusal("SAME_THING", f"{need.on} cannot depend on itself; name another", path)
        return
    reached, waiting = {need.on: ""}, [need.on]
    for on in waiting:
        for name, other in needs.items():
            if other.dependent == on and other.on not in reached:
                reached[other.on] = name
                waiting.append(other.on)
    if need.dependent in reached:
        message = f"{need.on} already depends on {need.dependent}, by dependency {reached[need.dependent]}"
        yield Refusal("SAME_THING", f"{message}; neither could come first", path)


def _need(fact: DependencyRegistered) -> Need | None:
    """Return the need that a dependency creates, or None if it does not name two parts of the plan."""
    dependent = _part(fact.objective, fact.action)
    on = _part(fact.on_objective, fact.on_action)
    return Need(dependent, on) if dependent and on else None


def _part(objective: str | None, action: str | None) -> str:
    if objective is not None:
        return f"objective {objective}"
    return f"action {action}" if action is not None else ""


def evolve(state: "State", entry: "Entry") -> None:
    """Fold an entry into the state."""
    match entry.fact:
        case DependencyRegistered() as fact if (need := _need(fact)) is not None:
            state.risks.needs[fact.dependency] = need
        case DependencyMet(dependency=dependency) | DependencyDropped(dependency=dependency):
            state.risks.needs.pop(dependency, None)
