"""The clauses that an entry concerns: those that it names, else those whose rules its fact bears on. Pure.

Forms, the history, filters and the SQL of the entries view follow these declarations, so all give the same answer.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from ledger.domain.areas.duties import ClauseAssessed
from ledger.domain.areas.notice import (
    AreaCarriedOver,
    AreaClosed,
    AreaRegistered,
    ClauseRegistered,
    ClauseState,
    InterpretationAdopted,
    NoticeRevised,
)
from ledger.domain.areas.records import EntryCorrected
from ledger.domain.corrections import replacement
from ledger.domain.fact import Fact
from ledger.domain.fields import ITEM, FieldPath, field_paths, values_in
from ledger.domain.registry import KIND_OF
from ledger.domain.rules import RULES

AREA_FACTS: frozenset[type[Fact]] = frozenset({AreaRegistered, AreaClosed, AreaCarriedOver})
"""Facts on an area; they concern the clauses whose rules name that area."""
BOARD_FACTS = frozenset(fact for fact in KIND_OF if "board" in fact.__struct_fields__)
"""Facts on one board; they concern the clauses on that board. No board named: the improvement board."""


def _path(fact: type[Fact], *keys: str) -> FieldPath:
    return next(path for path in field_paths(fact) if path.keys == keys)


CLAUSE_PATHS: Mapping[type[Fact], FieldPath] = {
    ClauseRegistered: _path(ClauseRegistered, "number"),
    InterpretationAdopted: _path(InterpretationAdopted, "number"),
    ClauseAssessed: _path(ClauseAssessed, "number"),
    NoticeRevised: _path(NoticeRevised, "clauses", ITEM, "number"),
}
"""Facts about clauses, with the path of the clauses' numbers."""


def clauses_of(fact: Fact, named: Sequence[str], clauses: Mapping[str, ClauseState]) -> tuple[str, ...]:
    """Return the clauses that an entry concerns, in the notice's order.

    Args:
        fact: The entry's fact. A correction concerns the clauses of its replacement.
        named: Clauses that the recorder named; they take precedence.
        clauses: Clauses of the notice.
    """
    if named:
        return tuple(named)
    subject = replacement(fact) if isinstance(fact, EntryCorrected) else fact
    if subject is None:
        return ()
    if (path := CLAUSE_PATHS.get(type(subject))) is not None:
        return tuple(dict.fromkeys(number for number, _ in values_in(subject, path)))
    usual = usual_clauses(type(subject), clauses)
    return tuple(number for number in usual if _agrees(subject, clauses[number]))


def usual_clauses(fact: type[Fact], clauses: Mapping[str, ClauseState]) -> tuple[str, ...]:
    """Return the clauses that facts of a kind may concern, by the rules alone."""
    if fact in AREA_FACTS:
        return tuple(number for number, clause in clauses.items() if "area" in clause.parameters)
    return tuple(number for number, clause in clauses.items() if fact in facts_of(clause.rule))


def facts_of(rule: str) -> frozenset[type[Fact]]:
    """Return the facts that concern the clauses of a rule; none for an unknown rule."""
    declared = RULES.get(rule)
    return frozenset() if declared is None else (declared.reads - declared.background) | declared.related


def rules_of(fact: type[Fact]) -> list[str]:
    """Return the names of the rules whose clauses a fact concerns."""
    return [rule for rule in RULES if fact in facts_of(rule)]


def includes(clause: str, other: str) -> bool:
    """Return True if a clause is another, or contains it: 9 contains 9a, 9(a) and 9.1, and not 90."""
    if not other.startswith(clause):
        return False
    last, following = clause[-1:], other[len(clause) :][:1]
    return not following or not any(re.fullmatch(kind, last + following) for kind in ("[0-9]{2}", "[A-Za-z]{2}"))


def _agrees(fact: Fact, clause: ClauseState) -> bool:
    """Return True unless the fact states a value that the clause's parameters exclude."""
    if type(fact) in AREA_FACTS:
        matches: Mapping[str, str] = {"area": "area"}
    else:
        matches = RULES[clause.rule].matches
    if type(fact) in BOARD_FACTS and getattr(fact, "board", None) != clause.parameters.get("board"):
        return False
    return all(
        _overlap(clause.parameters.get(parameter), getattr(fact, name, None))
        for parameter, name in matches.items()
    )


def _overlap(parameter: object, value: object) -> bool:
    """Return True if two values, or lists of values, have one in common, or if one of them is absent."""
    return not parameter or not value or not _words(parameter).isdisjoint(_words(value))


def _words(value: object) -> set[object]:
    items: Iterable[object] = value if isinstance(value, list) else [value]
    return {item.value if isinstance(item, Enum) else item for item in items}
