"""Lifecycles: every fact is judged from its declaration in the same way."""

import msgspec
import pytest

from ledger.domain.entry import Entry
from ledger.domain.fact import Fact
from ledger.domain.fields import values_in
from ledger.domain.lifecycle import Lifecycle, Lifecycles, accepts, declarations, evolve, judge
from ledger.domain.registry import KIND_OF
from ledger.domain.state import FACTS
from tests.ledger.desk import START
from tests.ledger.domain.test_facts import GOLDEN

DECLARATIONS = declarations(FACTS)
EXAMPLES = {
    kind: msgspec.json.decode(data, type=kind)
    for kind in FACTS
    for line in (GOLDEN / "facts.ndjson").read_text("utf-8").splitlines()
    for name, _, data in [line.partition(" ")]
    if name == KIND_OF[kind].type
}
ABOUT = [fact for fact in FACTS if fact.about]


def entry(fact: Fact, position: int) -> Entry:
    kind = KIND_OF[type(fact)]
    return Entry("n", position, "k", "s", kind.type, None, START, (), (), START, "a", "OPERATOR", fact)


def about(fact: Fact) -> str:
    return str(getattr(fact, type(fact).about))


def test_the_subject_is_the_first_field_unless_that_names_no_recorded_thing() -> None:
    subjects = {fact.__name__: fact.about for fact in FACTS}
    assert subjects["ObjectiveAdded"] == "objective"
    assert subjects["ProgressRecorded"] == "objective", "not the action, which is its second field"
    assert subjects["DeliverableSubmitted"] == "", "the notice names deliverables; no fact begins one"
    assert subjects["NoticeClosed"] == "", "a day is no subject"
    assert subjects["RoleGranted"] == "", "the fact says so: its subject is a role, which has no id"


def codes(lifecycles: Lifecycles, fact: Fact) -> list[str]:
    return [refusal.code for refusal in judge(lifecycles, DECLARATIONS[type(fact)], fact)]


def lifecycles_of(fact: Fact) -> Lifecycles:
    """Return lifecycles in which everything that the fact names exists, with the facts that come first."""
    declaration = DECLARATIONS[type(fact)]
    lifecycles: Lifecycles = {}
    for path in declaration.others:
        for name, _ in values_in(fact, path):
            lifecycles.setdefault(path.kind or "", {})[name] = Lifecycle(1)
    if not fact.begins:
        lifecycles.setdefault(declaration.kind, {})[about(fact)] = Lifecycle(
            1, steps={fact.needs: 2} if fact.needs else {}
        )
        if fact.reopens:
            lifecycles[declaration.kind][about(fact)].ended = 3
    elif declaration.kind in lifecycles:
        lifecycles[declaration.kind].pop(about(fact), None)
    return lifecycles


@pytest.mark.parametrize("kind", ABOUT, ids=lambda kind: kind.__name__)
def test_a_fact_is_recorded_where_all_that_it_names_is_there(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    assert codes(lifecycles_of(fact), fact) == []


@pytest.mark.parametrize("kind", [f for f in ABOUT if f.begins], ids=lambda kind: kind.__name__)
def test_nothing_begins_twice(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    lifecycles = lifecycles_of(fact)
    evolve(lifecycles, DECLARATIONS[kind], entry(fact, 7))
    [refusal] = judge(lifecycles, DECLARATIONS[kind], fact)
    assert (refusal.code, "entry 7" in refusal.message) == ("ALREADY_EXISTS", True)


@pytest.mark.parametrize("kind", [f for f in ABOUT if not f.begins], ids=lambda kind: kind.__name__)
def test_what_a_fact_is_about_was_begun(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    lifecycles = lifecycles_of(fact)
    del lifecycles[DECLARATIONS[kind].kind][about(fact)]
    [refusal] = [r for r in judge(lifecycles, DECLARATIONS[kind], fact) if r.code == "NOT_FOUND"]
    assert about(fact) in refusal.message
    assert refusal.path.startswith("data.")


@pytest.mark.parametrize("kind", [f for f in ABOUT if not f.begins], ids=lambda kind: kind.__name__)
def test_what_ended_is_spoken_of_only_by_what_outlives_it(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    lifecycles = lifecycles_of(fact)
    lifecycle = lifecycles[DECLARATIONS[kind].kind][about(fact)]
    lifecycle.ended, lifecycle.outcome = 5, "closed"
    assert codes(lifecycles, fact) == ([] if kind.outlives or kind.reopens else ["ALREADY_ENDED"])


@pytest.mark.parametrize("kind", [f for f in ABOUT if f.reopens], ids=lambda kind: kind.__name__)
def test_only_what_ended_is_reopened_and_then_continues(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    lifecycles = lifecycles_of(fact)
    evolve(lifecycles, DECLARATIONS[kind], entry(fact, 7))
    lifecycle = lifecycles[DECLARATIONS[kind].kind][about(fact)]
    assert (lifecycle.ended, lifecycle.outcome) == (0, "")
    assert codes(lifecycles, fact) == ["NOT_ENDED"]
    assert not accepts(kind, lifecycle)


@pytest.mark.parametrize("kind", [f for f in ABOUT if f.once], ids=lambda kind: kind.__name__)
def test_what_is_recorded_once_is(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    lifecycles = lifecycles_of(fact)
    evolve(lifecycles, DECLARATIONS[kind], entry(fact, 7))
    assert codes(lifecycles, fact) == ["ALREADY_RECORDED"]


@pytest.mark.parametrize("kind", [f for f in ABOUT if f.needs], ids=lambda kind: kind.__name__)
def test_what_needs_another_fact_comes_after_it(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    lifecycles = lifecycles_of(fact)
    lifecycles[DECLARATIONS[kind].kind][about(fact)].steps.clear()
    [refusal] = judge(lifecycles, DECLARATIONS[kind], fact)
    assert (refusal.code, kind.needs in refusal.message) == ("TOO_EARLY", True)
    assert kind.needs in {fact.__name__ for fact in FACTS}


@pytest.mark.parametrize("kind", [f for f in FACTS if DECLARATIONS[f].others], ids=lambda kind: kind.__name__)
def test_everything_that_a_fact_names_was_recorded(kind: type[Fact]) -> None:
    fact = EXAMPLES[kind]
    for path in DECLARATIONS[kind].others:
        lifecycles = lifecycles_of(fact) if kind.about else {}
        for other in DECLARATIONS[kind].others if not kind.about else ():
            for name, _ in values_in(fact, other):
                lifecycles.setdefault(other.kind or "", {})[name] = Lifecycle(1)
        for name, where in values_in(fact, path):
            lifecycles[path.kind or ""].pop(name, None)
            refusals = [(r.code, r.path) for r in judge(lifecycles, DECLARATIONS[kind], fact)]
            code = "UNKNOWN_ACTOR" if path.kind == "actor" else "NOT_FOUND"
            assert (code, where) in refusals, where
            break
