"""Values that facts leave out because an earlier fact stated them: a review's body, a meeting's board. Pure.

A link is a field of facts that names the subject of an earlier fact, such as a review. Links help to determine
the clauses that an entry concerns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from ledger.domain.areas.access import AccessRequested
from ledger.domain.areas.actions import ActionAdded
from ledger.domain.areas.engagement import ViewsGathered
from ledger.domain.areas.escalation import InterventionDecided
from ledger.domain.areas.meetings import MeetingHeld
from ledger.domain.areas.plan import ObjectiveAdded, ObjectiveRevised
from ledger.domain.areas.reviews import ReviewScheduled
from ledger.domain.fact import Fact

LINKS: Mapping[str, str] = {
    "review": "by",
    "meeting": "board",
    "request": "kind",
    "views": "group",
    "intervention": "power",
    "objective": "areas",
    "measure": "areas",
    "action": "areas",
}
"""Field that facts with a link leave out, by link."""
_STATES: Mapping[type[Fact], str] = {
    ReviewScheduled: "review",
    MeetingHeld: "meeting",
    AccessRequested: "request",
    ViewsGathered: "views",
    InterventionDecided: "intervention",
}
"""Link by the type of fact that states the value of the link's field."""
LINKING: frozenset[type[Fact]] = frozenset({*_STATES, ObjectiveAdded, ObjectiveRevised, ActionAdded})
"""Facts that change links."""


class Link(Struct, frozen=True):
    """Values that later facts about a subject leave out, because the subject or its objective states them."""

    link: str
    id: str
    """Id of the subject, such as R1 for a review."""
    owner: str
    """Id of the objective from which the values come, or else of the subject itself."""
    words: list[str]
    """Values of the link's field; empty without values, as for a meeting of the improvement board."""


LinkKey = tuple[str, str, str]
"""Key of a link: its `link`, `id` and `owner`."""


LinkedValues = Mapping[tuple[str, str], Sequence[str]]
"""Values of a link's field, by link and the subject's id."""
NO_LINKS: LinkedValues = {}


def key_of(link: Link) -> LinkKey:
    """Return the key of a link."""
    return link.link, link.id, link.owner


def changed_links(
    fact: Fact, find: Callable[[str, str, str], Link | None], known: Callable[[], Iterable[Link]]
) -> tuple[list[Link], list[LinkKey]]:
    """Return the links that a fact adds or changes, and the keys of the links that the fact ends.

    Args:
        fact: One of `LINKING`; other facts change nothing.
        find: Function that returns the link with a key before the fact; None without such a link.
        known: Function that returns all links before the fact.
    """
    match fact:
        case ObjectiveAdded():
            return _of_objective(fact.objective, fact.areas, fact.measures, ()), []
        case ObjectiveRevised():
            return _revised(fact, [each for each in known() if each.owner == fact.objective])
        case ActionAdded():
            objective = find("objective", fact.objective, fact.objective)
            return [Link("action", fact.action, each.owner, each.words) for each in (objective,) if each], []
    link = _STATES.get(type(fact))
    if link is None:
        return [], []
    subject, value = getattr(fact, link), getattr(fact, LINKS[link])
    return [Link(link, subject, subject, [] if value is None else [str(getattr(value, "value", value))])], []


def _of_objective(
    objective: str, areas: Iterable[str], measures: Iterable[str], actions: Iterable[str]
) -> list[Link]:
    """Return the links of an objective, its measures and its actions."""
    subjects = [("objective", objective), *(("measure", each) for each in measures)]
    subjects += [("action", each) for each in actions]
    return [Link(link, subject, objective, list(areas)) for link, subject in subjects]


def _revised(fact: ObjectiveRevised, before: list[Link]) -> tuple[list[Link], list[LinkKey]]:
    """Return the links of an objective after a revision, and the keys of the links that the revision ends."""
    ids = {link: [each.id for each in before if each.link == link] for link in LINKS}
    areas = next((each.words for each in before if each.link == "objective"), [])
    measures = ids["measure"] if fact.measures is None else fact.measures
    areas = areas if fact.areas is None else fact.areas
    after = _of_objective(fact.objective, areas, measures, ids["action"])
    return after, [key_of(each) for each in before if key_of(each) not in set(map(key_of, after))]


def linked_values_after(facts: Iterable[Fact]) -> dict[tuple[str, str], list[str]]:
    """Return the values of every link after the facts, by link and the subject's id."""
    links: dict[LinkKey, Link] = {}

    def find(link: str, subject: str, owner: str) -> Link | None:
        return links.get((link, subject, owner))

    for fact in facts:
        added, ended = changed_links(fact, find, links.values)
        links |= {key_of(each): each for each in added}
        for key in ended:
            del links[key]
    values: dict[tuple[str, str], list[str]] = {}
    for link in links.values():
        values.setdefault((link.link, link.id), []).extend(link.words)
    return values


def linked_values(fact: Fact, field: str, links: LinkedValues) -> list[str] | None:
    """Return the values of a field that a fact leaves out, from its subjects; None if no subject is known."""
    subjects = [(link, getattr(fact, link, None)) for link, of in LINKS.items() if of == field]
    known = [links[link, subject] for link, subject in subjects if subject and (link, subject) in links]
    return [value for values in known for value in values] if known else None
