"""Copies of a clause's state share nothing that can change with the original."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import Struct, structs

from ledger.domain.areas.notice import Modality
from ledger.domain.rules import RULES, reads_of
from projections.views.compliance.copies import copier_of, copy_of
from projections.views.compliance.rules import JUDGES
from projections.views.compliance.timeline import COMMON, judge_of, learn
from projections.views.compliance.verdict import Judge, JudgedClause, Occurrence
from tests.ledger.domain.rules.test_rules import sound
from tests.projections.views.compliance.dated_facts import LONDON
from tests.projections.views.compliance.test_properties import PARAMETERS, SINCE, occurrence_of, read_by


class State:
    """A clause and its judge, without a timeline."""

    def __init__(self, kind: str) -> None:
        parameters = {**sound(kind), **PARAMETERS.get(kind, {})}
        self.clause = JudgedClause("c", Modality.MUST, kind, parameters, 1, SINCE, LONDON)
        self.judge: Judge[Any] = judge_of(self.clause, JUDGES)

    def take(self, occurrence: Occurrence) -> None:
        """Take an occurrence and judge, as some judges remember their last judgement."""
        if type(occurrence.fact) in COMMON:
            learn(self.clause, self.judge, occurrence)
        if type(occurrence.fact) in reads_of(self.clause.kind):
            self.judge.take(occurrence)
        self.judge.judge(self.clause, occurrence.at)

    def copy(self) -> "State":
        """Return a copy of the clause and the judge."""
        new = State.__new__(State)
        new.clause, new.judge = copy_of(self.clause), copy_of(self.judge)
        return new

    def bytes(self) -> bytes:
        """Return the whole state as bytes, to compare it with itself."""
        return pickle.dumps((self.clause, self.judge))


def history(kind: str) -> list[Occurrence]:
    """Return all facts of the sample history and the edge cases that a rule reads, by instant."""
    return sorted(map(occurrence_of, read_by(kind)), key=lambda each: (each.at, each.position))


def mutable_parts(value: object) -> Iterator[object]:
    """Yield each list, dict, set and unfrozen struct of a state, as often as the state holds it."""
    if isinstance(value, Struct) and not value.__struct_config__.frozen:
        yield value
        for part in structs.astuple(value):
            yield from mutable_parts(part)
    elif isinstance(value, dict):
        yield value
        for part in value.values():
            yield from mutable_parts(part)
    elif isinstance(value, list | tuple | set):
        if not isinstance(value, tuple):
            yield value
        for part in value:
            yield from mutable_parts(part)


@pytest.mark.parametrize("kind", RULES)
def test_a_copy_stays_as_it_was_when_the_original_goes_on(kind: str) -> None:
    state, copies = State(kind), []
    known = history(kind)
    for index, occurrence in enumerate(known):
        if index % 50 == 0:
            copied = state.copy()
            assert (copied.clause, copied.judge) == (state.clause, state.judge)
            copies.append((index, copied, copied.bytes()))
        state.take(occurrence)
    for index, copied, before in copies:
        assert copied.bytes() == before, index
    _, copied, _ = copies[-1]
    for occurrence in known[copies[-1][0] :]:
        copied.take(occurrence)
    assert copied.judge == state.judge
    assert copied.clause == state.clause


@pytest.mark.parametrize("kind", RULES)
def test_a_state_is_a_tree(kind: str) -> None:
    state = State(kind)
    for occurrence in history(kind):
        state.take(occurrence)
        parts = [id(part) for root in (state.clause, state.judge) for part in mutable_parts(root)]
        assert len(parts) == len(set(parts)), occurrence


def test_a_tuple_of_what_can_change_is_refused() -> None:
    with pytest.raises(TypeError, match="use a struct"):
        copier_of(tuple[str, list[str]])
    assert copier_of(tuple[str, int] | None) is None
