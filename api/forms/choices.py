"""Options for form fields that refer to things of the notice, such as objectives or clauses.

A page queries most options from the schema with the viewer's rights. The code declares rules and types of facts,
and the notice's clauses name boards, posts, matters and deliverables.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from api import formatting
from api.forms.fields import Choice, Field
from ledger.domain import calendar
from ledger.domain.areas.access import AccessGranted, AccessKind, AccessRefused
from ledger.domain.areas.engagement import Group
from ledger.domain.fact import Fact
from ledger.domain.lifecycle import accepts
from ledger.domain.registry import KINDS
from ledger.domain.roles import Role
from ledger.domain.rules import RULES
from ledger.domain.state import State
from projections.narrate.sentence import NO_NAMES, instant, natural_key, with_name
from schema.context import may
from schema.derive.connection import LARGEST

Choices = Mapping[str, tuple[Choice, ...]]
"""Options of a form's fields, by the kind of thing to choose, such as objective."""
ABOUT = "about"
"""Key in `Choices` of the options for a fact's subject."""
_MAXIMUM_LABEL = 100
_PAGE = f"first: {LARGEST}"


class _Source(Struct, frozen=True):
    """Query that lists the things of one kind as options."""

    views: tuple[str, ...]
    """Views that the viewer must be allowed to read."""
    query: str
    """GraphQL selection on the notice, in which `value` is the option's value, and `a` and `b` make its label."""
    only: str | None = None
    """Required value of the selection's `only` field; None for no condition."""
    label_alone: bool = False
    """True if the label alone identifies the option, as a rating's label does."""
    before: str = ""
    """Words before a label that is a bare number or reference."""
    person: str = ""
    """Part of the label, `a` or `b`, that is an actor's id; empty for none."""


def _listed(path: str, value: str, *label: str, arguments: str | None = _PAGE, only: str = "") -> str:
    """Return the GraphQL selection of a list's values and labels.

    Args:
        path: Fields from the notice to the list, with dots between them.
        value: Field with an option's value.
        label: At most two fields that make an option's label.
        arguments: Arguments of the list; None if the list has no pages.
        only: Field to compare with `_Source.only`; empty for no condition.
    """
    *outer, name = path.split(".")
    aliases = {"value": value, **dict(zip("ab", label, strict=False)), **({"only": only} if only else {})}
    fields = " ".join(f"{alias}: {name}" for alias, name in aliases.items())
    selected = (
        f"items: {name} {{ {fields} }}"
        if arguments is None
        else f"items: {name}({arguments}) {{ nodes {{ {fields} }} }}"
    )
    for parent in reversed(outer):
        selected = f"items: {parent} {{ {selected} }}"
    return selected


def _rating(dimension: str) -> _Source:
    query = _listed("plan.ratings", "code", "label", arguments=None, only="dimension")
    return _Source(("plan",), query, dimension, label_alone=True)


_SOURCES: Mapping[str, _Source] = {
    "access": _Source(("access",), _listed("access", "request", "kind", "grantee"), person="b"),
    "action": _Source(("plan", "actions"), _listed("plan.actions", "action", "title")),
    "activity rating": _rating("ACTIVITY"),
    "actor": _Source(
        ("people",),
        _listed("people.actors", "actor", "post", arguments=f"{_PAGE}, filter: {{ registered: true }}"),
    ),
    "appointment": _Source(
        ("adviser",), _listed("adviser.tenures", "appointment", "adviser", arguments=None), person="a"
    ),
    "area": _Source(("notice",), _listed("areas", "area", "title", arguments=None)),
    "board": _Source(("board",), _listed("board.boards", "board", arguments=None)),
    "board-action": _Source(("board",), _listed("board.actionLog", "boardAction", "text")),
    "clause": _Source(("notice",), _listed("clauses", "number", "text", arguments=None)),
    "concern": _Source(("escalation",), _listed("escalation.concerns", "concern", "text", arguments=None)),
    "contribution": _Source(("partners",), _listed("partners.contributions", "contribution", "partner", "what")),
    "decision": _Source(("board",), _listed("board.decisions", "decision", "title")),
    "deliverable": _Source(("duties",), _listed("duties.submissions", "deliverable", "to")),
    "dependency": _Source(("plan", "risks"), _listed("plan.dependencies", "dependency", "text")),
    "diagnostic": _Source(("reviews",), _listed("diagnostics", "diagnostic", "scope")),
    "erasure": _Source(
        ("records",),
        _listed(
            "records.erasures",
            "position",
            "requestedBy",
            "reason",
            arguments=f"{_PAGE}, filter: {{ awaited: true }}",
        ),
        person="a",
    ),
    "evidence": _Source(("evidence",), _listed("evidence", "evidence", "title")),
    "finding": _Source(("plan", "coverage"), _listed("plan.findings", "finding", "text")),
    "impact rating": _rating("IMPACT"),
    "instruction": _Source(("duties",), _listed("duties.instructions", "instruction", "text")),
    "integration": _Source(
        ("people",), _listed("people.integrations", "integration", "actor", arguments=None), person="a"
    ),
    "intervention": _Source(
        ("escalation",), _listed("escalation.interventions", "intervention", "power", arguments=None)
    ),
    "matter": _Source(("duties",), _listed("duties.consents", "matter")),
    "measure": _Source(("measures",), _listed("measures", "measure", "title")),
    "meeting": _Source(("board",), _listed("board.meetings", "meeting", "heldAt")),
    "milestone": _Source(("plan", "actions"), _listed("plan.milestones", "milestone", "title")),
    "objective": _Source(("plan",), _listed("plan.objectives", "objective", "title")),
    "partner": _Source(("partners",), _listed("partners.partners", "partner", "organisation", arguments=None)),
    "plan-version": _Source(("plan",), _listed("plan.versions", "planVersion", "body", arguments=None)),
    "post": _Source(("duties",), _listed("duties.posts", "post", arguments=None)),
    "recommendation": _Source(("plan", "coverage"), _listed("plan.recommendations", "recommendation", "text")),
    "report": _Source(("board", "reports"), _listed("board.reports", "report", "meeting"), before="meeting "),
    "review": _Source(("reviews",), _listed("reviews", "review", "kind", "fromOn")),
    "risk": _Source(("plan", "risks"), _listed("plan.risks", "risk", "text")),
    "role request": _Source(
        ("people",),
        _listed(
            "people.roleRequests", "position", "actor", "role", arguments=f"{_PAGE}, filter: {{ open: true }}"
        ),
        person="a",
    ),
    "self-assessment": _Source(
        ("plan",),
        _listed("plan.selfAssessments", "assessment", "edition", arguments=None),
        before="edition ",
    ),
    "token": _Source(("people",), _listed("people.tokens", "token", "actor"), person="a"),
    "update": _Source(("partners",), _listed("partners.updates", "update", "partner", "topic")),
    "views": _Source(("engagement",), _listed("views", "views", "group", "method")),
}
_OF_CLAUSES = frozenset({"board", "deliverable", "matter", "post"})
"""Kinds of thing that a clause names in a parameter of its rule; the parameter has the kind's name."""
_CODES = frozenset(str(word.value) for words in (AccessKind, Group, Role) for word in words)
"""Codes that the labels of options display in words."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(rf"{_DAY.pattern}T[0-9:.]+(?:Z|[+-][0-9:]+)")
_DECLARED: Choices = {
    "fact type": tuple(Choice(kind.type, formatting.fact(kind.name)) for kind in KINDS.values()),
    "rule": tuple(Choice(name, f"{name}: {rule.__doc__}") for name, rule in sorted(RULES.items())),
}
"""Options that the code declares, which are the same in every notice."""


def referenced_kinds(fields: Iterable[Field]) -> set[str]:
    """Return the kinds of thing that a form's fields refer to, except fields for new ids."""
    kinds: set[str] = set()
    for field in fields:
        kinds |= set() if field.begins else set(field.references)
        kinds |= referenced_kinds(field.fields)
    return kinds


def selection(kinds: Collection[str], roles: Sequence[Role]) -> str:
    """Return the GraphQL selection on the notice for these kinds of thing, except kinds hidden from the roles."""
    sources = {kind: _SOURCES[kind] for kind in sorted(kinds) if kind in _SOURCES}
    readable = {kind: source for kind, source in sources.items() if all(may(roles, view) for view in source.views)}
    return " ".join(source.query.replace("items:", f"{_alias(kind)}:", 1) for kind, source in readable.items())


def _alias(kind: str) -> str:
    return "of_" + kind.replace("-", "_").replace(" ", "_")


def choices(
    answer: Mapping[str, Any],
    kinds: Collection[str],
    names: Mapping[str, str] = NO_NAMES,
    zone: ZoneInfo = calendar.ENGLAND,
) -> dict[str, tuple[Choice, ...]]:
    """Return the options by kind of thing, declared in the code or from the answer to `selection`.

    `names` maps an actor's id to the name, which the labels then contain. The labels state instants in the `zone`.
    """
    options = {kind: _DECLARED[kind] for kind in kinds if kind in _DECLARED}
    for kind in kinds:
        if kind in _SOURCES and answer.get(_alias(kind)) is not None:
            source = _SOURCES[kind]
            listed = _choices(answer[_alias(kind)], source, names, zone)
            in_order = listed if source.label_alone else sorted(listed, key=lambda each: natural_key(each.value))
            options[kind] = tuple(in_order)
    return options


def _choices(
    answer: Any,  # noqa: ANN401 - a list at any depth of an answer
    source: _Source,
    names: Mapping[str, str],
    zone: ZoneInfo,
) -> Iterable[Choice]:
    """Yield the options of a list, which may be nested in other fields of an answer."""
    while isinstance(answer, Mapping):
        answer = answer.get("items", answer.get("nodes"))
    seen = set()
    for item in answer or ():
        value = str(item["value"] or "")
        if value and value not in seen and item.get("only") == source.only:
            seen.add(value)
            parts = [
                with_name(item[part], names)
                if part == source.person and item[part] in names
                else _words(str(item[part]), zone)
                for part in "ab"
                if item.get(part)
            ]
            label = source.before + ", ".join(parts) if parts else ""
            yield Choice(value, label if label and source.label_alone else f"{value}: {label}" if label else value)


def with_clauses(options: Choices, kinds: Collection[str], state: State) -> dict[str, tuple[Choice, ...]]:
    """Return the options with the boards, posts, matters and deliverables that the notice's clauses name."""
    with_named = dict(options)
    for kind in sorted(_OF_CLAUSES & set(kinds)):
        named = {
            name: number
            for number, clause in state.notice.clauses.items()
            if isinstance(name := clause.parameters.get(kind), str)
        }
        of_clauses = tuple(Choice(name, f"{name}: clause {number}") for name, number in named.items())
        with_named[kind] = of_clauses + tuple(each for each in options.get(kind, ()) if each.value not in named)
    return with_named


def _words(text: str, zone: ZoneInfo) -> str:
    """Return a text for a label: a code, date or instant in words, or the beginning of another text."""
    if _DAY.fullmatch(text):
        return formatting.day(text)
    if _INSTANT.fullmatch(text):
        return instant(datetime.fromisoformat(text), zone)
    return formatting.plain(text).lower() if text in _CODES else _short(text)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAXIMUM_LABEL else text[:_MAXIMUM_LABEL].rsplit(" ", 1)[0] + " …"


def available_subjects(
    struct: type[Fact], kind: str, candidates: tuple[Choice, ...], state: State, actor: str
) -> tuple[Choice, ...]:
    """Return the options for the things that the actor may record the fact about.

    A thing is left out when its lifecycle, or a rule of access, does not allow the fact.
    """
    lives = state.lifecycles.get(kind, {})
    open_ = tuple(
        choice for choice in candidates if choice.value not in lives or accepts(struct, lives[choice.value])
    )
    if struct not in (AccessGranted, AccessRefused):
        return open_
    undecided = {
        request
        for request, access in state.access.requests.items()
        if access.granted is None and actor not in (access.requested_by, access.grantee)
    }
    return tuple(choice for choice in open_ if choice.value in undecided)


_NUMBERED = re.compile(r"(.*?)(\d{1,9})", re.ASCII | re.DOTALL)


def next_id(ids: Iterable[str]) -> str:
    """Return the id that follows numbered ids, such as D3 after D2, or an empty string without numbered ids."""
    following = ""
    numbered = [match for id_ in ids if (match := _NUMBERED.fullmatch(id_))]
    if numbered:
        base = numbered[-1][1]
        number = max(int(match[2]) for match in numbered if match[1] == base)
        width = len(numbered[-1][2]) if numbered[-1][2].startswith("0") else 0
        following = f"{base}{number + 1:0{width}}"
    return following
