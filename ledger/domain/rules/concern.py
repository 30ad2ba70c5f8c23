"""The clauses that an entry concerns: clauses that it names, or else clauses whose rules concern its fact. Pure.

Forms, the history, filters and the SQL of the entries view follow these declarations, so all give the same answer.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

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
from ledger.domain.rules.links import NO_LINKS, LinkedValues, linked_values

AREA_FACTS: frozenset[type[Fact]] = frozenset({AreaRegistered, AreaClosed, AreaCarriedOver})
"""Facts about an area; they concern the clauses whose rules name that area."""
BOARD_FACTS = frozenset(fact for fact in KIND_OF if "board" in fact.__struct_fields__)
"""Facts about one board, by default the improvement board; they concern the clauses about that board."""


PLACES: Mapping[str, tuple[str, ...]] = {
    "areas": ("perArea", ITEM, "area"),
    "judgement": ("grades", ITEM, "judgement"),
}
"""JSON paths of a field's values in facts that have no field of that name, by field."""
ANY_CASE = frozenset({"judgement"})
"""Fields whose values the rules compare in small letters."""


def _path(fact: type[Fact], *keys: str) -> FieldPath:
    return next(path for path in field_paths(fact) if path.keys == keys)


CLAUSE_PATHS: Mapping[type[Fact], FieldPath] = {
    ClauseRegistered: _path(ClauseRegistered, "number"),
    InterpretationAdopted: _path(InterpretationAdopted, "number"),
    ClauseAssessed: _path(ClauseAssessed, "number"),
    NoticeRevised: _path(NoticeRevised, "clauses", ITEM, "number"),
}
"""Paths of the clauses' numbers in facts about clauses, by type of fact."""


def clauses_of(
    fact: Fact, named: Sequence[str], clauses: Mapping[str, ClauseState], links: LinkedValues = NO_LINKS
) -> tuple[str, ...]:
    """Return the clauses that an entry concerns, in the order in which it names them, or else the notice's order.

    Args:
        fact: The entry's fact. A correction concerns the clauses of its replacement.
        named: Clauses that the recorder named; they take precedence.
        clauses: Clauses of the notice.
        links: Values that the fact leaves out because its subjects state them.
    """
    if named:
        return tuple(named)
    subject = replacement(fact) if isinstance(fact, EntryCorrected) else fact
    if subject is None:
        return ()
    if (path := CLAUSE_PATHS.get(type(subject))) is not None:
        return tuple(dict.fromkeys(number for number, _ in values_in(subject, path)))
    usual = usual_clauses(type(subject), clauses)
    return tuple(number for number in usual if _agrees(subject, clauses[number], links))


def usual_clauses(fact: type[Fact], clauses: Mapping[str, ClauseState]) -> tuple[str, ...]:
    """Return the clauses that facts of a type may concern, judged without the facts' values."""
    if fact in AREA_FACTS:
        return tuple(number for number, clause in clauses.items() if "area" in clause.parameters)
    return tuple(number for number, clause in clauses.items() if fact in facts_of(clause.rule))


def facts_of(rule: str) -> frozenset[type[Fact]]:
    """Return the facts that concern the clauses of a rule by its declaration; empty for an unknown rule."""
    declared = RULES.get(rule)
    return frozenset() if declared is None else (declared.reads - declared.background) | declared.related


def rules_of(fact: type[Fact]) -> list[str]:
    """Return the names of the rules whose clauses a fact concerns by their declarations."""
    return [rule for rule in RULES if fact in facts_of(rule)]


def includes(clause: str, other: str) -> bool:
    """Return True if a clause equals or contains the other clause: 9 contains 9a, 9(a) and 9.1, but not 90."""
    if not other.startswith(clause):
        return False
    last, following = clause[-1:], other[len(clause) :][:1]
    return not following or not any(re.fullmatch(kind, last + following) for kind in ("[0-9]{2}", "[A-Za-z]{2}"))


def _agrees(fact: Fact, clause: ClauseState, links: LinkedValues) -> bool:
    """Return True unless the fact or its subject states a value that the clause's parameters exclude."""
    if type(fact) in AREA_FACTS:
        return _overlap(clause.parameters.get("area"), stated_values(fact, "area"))
    if has_board(clause.rule) and not _is_same_board(fact, clause, links):
        return False
    return all(
        _overlap(
            _in_small_letters(name, clause.parameters.get(parameter)),
            stated_values(fact, name) or linked_values(fact, name, links),
        )
        for parameter, name in RULES[clause.rule].matches.items()
    )


def _in_small_letters(name: str, parameter: object) -> object:
    return parameter.lower() if name in ANY_CASE and isinstance(parameter, str) else parameter


def has_board(rule: str) -> bool:
    """Return True if the clauses of a rule are about one board."""
    return "board" in RULES[rule].__struct_fields__


def _is_same_board(fact: Fact, clause: ClauseState, links: LinkedValues) -> bool:
    """Return True unless the fact or its meeting is about another board than the clause.

    A fact, meeting or clause without a board is about the improvement board.
    """
    if type(fact) in BOARD_FACTS:
        boards = stated_values(fact, "board")
    elif (known := linked_values(fact, "board", links)) is not None:
        boards = known
    else:
        return True
    return (boards[0] if boards else None) == clause.parameters.get("board")


def stated_values(fact: Fact, name: str) -> list[str]:
    """Return the values that a fact states for a field, in small letters if the rules ignore their case."""
    path = stated_path(type(fact), name)
    values = [] if path is None else [value for value, _ in values_in(fact, path)]
    return [value.lower() for value in values] if name in ANY_CASE else values


@cache
def stated_path(fact: type[Fact], name: str) -> FieldPath | None:
    """Return the path of a field in a type of fact; None if such facts leave the field out."""
    return next((path for path in field_paths(fact) if path.keys in _keys_of(fact, name)), None)


def _keys_of(fact: type[Fact], name: str) -> list[tuple[str, ...]]:
    """Return the paths at which a fact may state a field, by JSON names."""
    own = dict(zip(fact.__struct_fields__, fact.__struct_encode_fields__, strict=True)).get(name)
    return [(own,), (own, ITEM)] if own is not None else [PLACES[name]] if name in PLACES else []


def _overlap(parameter: object, values: Sequence[str] | None) -> bool:
    """Return True if a parameter and the values share a value, or if the parameter or the values are absent."""
    own = parameter if isinstance(parameter, list) else [parameter]
    return not parameter or not values or not {str(each) for each in own}.isdisjoint(values)
