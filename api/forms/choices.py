"""What a form offers where a fact names something of the notice: asked of the schema, as the viewer may see it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from api import formatting
from api.forms.fields import Choice, Field
from ledger.domain.areas.access import AccessGranted, AccessRefused
from ledger.domain.fact import Fact
from ledger.domain.lifecycle import accepts
from ledger.domain.registry import KINDS
from ledger.domain.roles import Role
from ledger.domain.state import State
from schema.context import may
from schema.derive.connection import LARGEST

Choices = Mapping[str, tuple[Choice, ...]]
"""Kind of thing → the things of that kind that may be named."""
ABOUT = "about"
"""The kind under which stands what the fact may be about."""
_LONGEST_LABEL = 100
_PAGE = f"first: {LARGEST}"


class _Source(Struct, frozen=True):
    """Where the things of a kind are found."""

    views: tuple[str, ...]
    """The views that a role has to read."""
    query: str
    """The selection on the notice; `value` and the fields from `a` on are what a choice is made of."""
    only: str | None = None
    """What a choice's `only` has to be."""


def _listed(path: str, value: str, *label: str, asked: str | None = _PAGE, only: str = "") -> str:
    """The selection of a list at a path of fields; `asked`: the arguments of a list of pages."""
    *outer, name = path.split(".")
    named = {"value": value, **dict(zip("ab", label, strict=False)), **({"only": only} if only else {})}
    inner = " ".join(f"{alias}: {each}" for alias, each in named.items())
    found = (
        f"found: {name} {{ {inner} }}" if asked is None else f"found: {name}({asked}) {{ nodes {{ {inner} }} }}"
    )
    for each in reversed(outer):
        found = f"found: {each} {{ {found} }}"
    return found


def _rating(dimension: str) -> _Source:
    return _Source(("plan",), _listed("plan.ratings", "code", "label", asked=None, only="dimension"), dimension)


_SOURCES: Mapping[str, _Source] = {
    "access": _Source(("access",), _listed("access", "request", "kind", "grantee")),
    "action": _Source(("plan", "actions"), _listed("plan.actions", "action", "title")),
    "activity rating": _rating("ACTIVITY"),
    "actor": _Source(("people",), _listed("people.actors", "actor", "post")),
    "appointment": _Source(("adviser",), _listed("adviser.tenures", "appointment", "adviser", asked=None)),
    "area": _Source(("notice",), _listed("areas", "area", "title", asked=None)),
    "clause": _Source(("notice",), _listed("clauses", "number", "text", asked=None)),
    "concern": _Source(("escalation",), _listed("escalation.concerns", "concern", "text", asked=None)),
    "contribution": _Source(("partners",), _listed("partners.contributions", "contribution", "partner", "what")),
    "decision": _Source(("board",), _listed("board.decisions", "decision", "title")),
    "diagnostic": _Source(("reviews",), _listed("diagnostics", "diagnostic", "scope")),
    "evidence": _Source(("evidence",), _listed("evidence", "evidence", "title")),
    "finding": _Source(("plan", "coverage"), _listed("plan.findings", "finding", "text")),
    "impact rating": _rating("IMPACT"),
    "integration": _Source(("people",), _listed("people.integrations", "integration", "actor", asked=None)),
    "intervention": _Source(
        ("escalation",), _listed("escalation.interventions", "intervention", "power", asked=None)
    ),
    "measure": _Source(("measures",), _listed("measures", "measure", "title")),
    "meeting": _Source(("board",), _listed("board.meetings", "meeting", "heldAt")),
    "milestone": _Source(("plan", "actions"), _listed("plan.milestones", "milestone", "title")),
    "objective": _Source(("plan",), _listed("plan.objectives", "objective", "title")),
    "partner": _Source(("partners",), _listed("partners.partners", "partner", "organisation", asked=None)),
    "plan-version": _Source(("plan",), _listed("plan.versions", "planVersion", "body", asked=None)),
    "recommendation": _Source(("plan", "coverage"), _listed("plan.recommendations", "recommendation", "text")),
    "report": _Source(("board", "reports"), _listed("board.reports", "report", "meeting")),
    "review": _Source(("reviews",), _listed("reviews", "review", "kind", "fromOn")),
    "self-assessment": _Source(("plan",), _listed("plan.selfAssessments", "assessment", "edition", asked=None)),
    "token": _Source(("people",), _listed("people.tokens", "token", "actor")),
    "update": _Source(("partners",), _listed("partners.updates", "update", "partner", "topic")),
    "views": _Source(("engagement",), _listed("views", "views", "group", "method")),
}
FACT_TYPES = tuple(Choice(kind.type, formatting.fact(kind.name)) for kind in KINDS.values())


def kinds_named(fields: Iterable[Field]) -> set[str]:
    """The kinds of thing that the fields of a form name, but for what begins with the fact."""
    found: set[str] = set()
    for each in fields:
        found |= set() if each.begins else set(each.names)
        found |= kinds_named(each.fields)
    return found


def selection(kinds: Collection[str], roles: Sequence[Role]) -> str:
    """What is asked of the notice for these kinds, as far as the roles may read it."""
    wanted = {kind: _SOURCES[kind] for kind in sorted(kinds) if kind in _SOURCES}
    readable = {kind: each for kind, each in wanted.items() if all(may(roles, view) for view in each.views)}
    return " ".join(each.query.replace("found:", f"{_alias(kind)}:", 1) for kind, each in readable.items())


def _alias(kind: str) -> str:
    return "of_" + kind.replace("-", "_").replace(" ", "_")


def choices(answer: Mapping[str, Any], kinds: Collection[str]) -> dict[str, tuple[Choice, ...]]:
    """The choices that the answer to `selection` holds."""
    found = {
        kind: tuple(_choices(answer[_alias(kind)], _SOURCES[kind].only))
        for kind in kinds
        if kind in _SOURCES and answer.get(_alias(kind)) is not None
    }
    return {**found, **({"fact type": FACT_TYPES} if "fact type" in kinds else {})}


def _choices(answer: Any, only: str | None) -> Iterable[Choice]:  # noqa: ANN401 - a list at any depth of an answer
    while isinstance(answer, Mapping):
        answer = answer.get("found", answer.get("nodes"))
    seen = set()
    for each in answer or ():
        if each["value"] not in seen and each.get("only") == only:
            seen.add(each["value"])
            said = ", ".join(_short(str(each[name])) for name in "ab" if each.get(name))
            yield Choice(each["value"], f"{each['value']}: {said}" if said else each["value"])


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1].rstrip() + "…"


def open_to(
    struct: type[Fact], of: str, given: tuple[Choice, ...], state: State, actor: str
) -> tuple[Choice, ...]:
    """Of the things that a fact is about, those of which the actor may record it, as far as their lives tell."""
    lives = state.lifecycles.get(of, {})
    found = tuple(each for each in given if each.value not in lives or accepts(struct, lives[each.value]))
    if struct not in (AccessGranted, AccessRefused):
        return found
    undecided = {
        request
        for request, access in state.access.requests.items()
        if access.granted is None and actor not in (access.requested_by, access.grantee)
    }
    return tuple(each for each in found if each.value in undecided)


_NUMBERED = re.compile(r"(.*?)(\d{1,9})", re.ASCII | re.DOTALL)


def next_id(given: Iterable[str]) -> str:
    """The id that follows the last of `given`, where ids are numbered (D1, D2: D3); else nothing."""
    last = ""
    matches = [match for each in given if (match := _NUMBERED.fullmatch(each))]
    if matches:
        base = matches[-1][1]
        number = max(int(match[2]) for match in matches if match[1] == base)
        width = len(matches[-1][2]) if matches[-1][2].startswith("0") else 0
        last = f"{base}{number + 1:0{width}}"
    return last
