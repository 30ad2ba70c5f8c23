"""Random sequences of all facts: they never crash the rules, and every way of folding gives the same state."""

from functools import cache
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.domain.areas.records import UNCORRECTABLE, EntryCorrected
from ledger.domain.authorisation import Credential
from ledger.domain.corrections import EffectiveEntry, effective, first_refused, fold
from ledger.domain.errors import Refused
from ledger.domain.fact import Narrative
from ledger.domain.fields import values_in
from ledger.domain.lifecycle import ACTOR, declarations
from ledger.domain.registry import KIND_OF, KINDS, Kind, put_at, values_at
from ledger.domain.roles import Role, matrix
from ledger.domain.state import State
from tests.ledger.desk import Desk
from tests.ledger.domain.test_facts import GOLDEN
from tests.ledger.history import DIGEST, submit
from tests.ledger.packs.test_history import played

EXAMPLES: dict[str, Any] = {
    name: msgspec.json.decode(data)
    for line in (GOLDEN / "facts.ndjson").read_text("utf-8").splitlines()
    for name, _, data in [line.partition(" ")]
}
POOL = ("x1", "x2")
"""Ids shared by everything in a random history, so that things are named, repeated and ended."""
ALONE = {"NoticeIssued", "EntryCorrected", "TokenIssued", "NoticeClosed"}
KINDS_PLAYED = [kind for kind in KINDS.values() if kind.name not in ALONE]
Step = tuple[Kind, tuple[str, ...], int, int]


def data_of(kind: Kind, names: tuple[str, ...], number: int) -> dict[str, Any]:
    """Return the example of a fact, with ids from the pool."""
    data: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(EXAMPLES[kind.type]))
    for path in kind.narratives:
        for where, _ in list(values_at(data, path)):
            put_at(data, where, "Some text.")
    turn = iter(names * 20)
    for reference, path in kind.references:
        for where, value in list(values_at(data, path)):
            if value is not None and reference != "actor":
                put_at(data, where, next(turn))
    for name in ("position", "request"):
        if isinstance(data.get(name), int):
            data[name] = 1 + number % 12
    data.pop("under", None)
    return data


def credential_of(kind: Kind, number: int) -> Credential:
    """Return an actor who may record the fact."""
    role = sorted(matrix().records[kind.name], key=lambda role: role.value)[
        number % len(matrix().records[kind.name])
    ]
    if role in (Role.OPERATOR, Role.SERVICE):
        return Credential(role.value.lower(), role=role)
    return Credential(f"{role.value.lower().replace('_', '-')}-{number % 2}")


def peopled() -> Desk:
    """Return a desk on which two people hold each role."""
    desk = Desk()
    for role in Role:
        if role not in (Role.OPERATOR, Role.SERVICE, Role.PUBLIC):
            for number in (0, 1):
                actor = f"{role.value.lower().replace('_', '-')}-{number}"
                desk.record(
                    "RoleGranted", {"actor": actor, "role": role.value}, Credential("operator", role=Role.OPERATOR)
                )
    return desk


STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS_PLAYED),
        st.tuples(st.sampled_from(POOL), st.sampled_from(POOL), st.sampled_from(POOL)),
        st.integers(0, 40),
        st.sampled_from((0, 0, 0, 1, 40)),
    ),
    min_size=40,
    max_size=90,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(STEPS)
def test_no_sequence_of_any_facts_crashes_and_each_way_of_folding_agrees(steps: list[Step]) -> None:
    desk = peopled()
    for kind, names, number, days in steps:
        desk.clock.advance(days=days)
        credential = credential_of(kind, number)
        before = msgspec.json.encode(desk.state)
        item = submit(kind.name, data_of(kind, names, number), credential.actor)
        if isinstance(desk.submit(item, credential), Refused):
            assert msgspec.json.encode(desk.state) == before, "a refused fact moved the state"
    assert fold(effective(desk.history)) == desk.state
    assert msgspec.json.decode(msgspec.json.encode(desk.state), type=State) == desk.state
    assert first_refused(map(EffectiveEntry, desk.history)) is None


@cache
def named_later() -> dict[int, tuple[int, str]]:
    """Return each entry that begins a thing, with the first later entry that needs the thing, and its id."""
    desk, _ = played()
    declared = declarations(KIND_OF)
    begun: dict[tuple[str, str], int] = {}
    mentions: dict[int, tuple[int, str]] = {}
    for entry in desk.history:
        declaration = declared[type(entry.fact)]
        paths = [
            *declaration.others,
            *([declaration.subject] if declaration.subject and not entry.fact.begins else []),
        ]
        for path in paths:
            for name, _ in values_in(entry.fact, path):
                position = begun.get((path.kind or "", name))
                if position is not None and not (path.kind == ACTOR and name in desk.state.people.roles):
                    mentions.setdefault(position, (entry.position, name))
        if declaration.subject is not None and entry.fact.begins:
            ((name, _),) = values_in(entry.fact, declaration.subject)
            begun[declaration.kind, name] = entry.position
    return mentions


def removal_of(position: int) -> EntryCorrected:
    """Return a correction that removes an entry."""
    return EntryCorrected(position=position, reason=Narrative(DIGEST))


def test_each_fact_left_out_in_turn_is_missed_by_name_where_something_rests_on_it() -> None:
    desk, _ = played()
    corrected = {item.entry.position for item in effective(desk.history) if item.corrected_by}
    rests = named_later()
    assert len(rests) > 100
    for position, (later, name) in rests.items():
        if position in corrected or KIND_OF[type(desk.history[position - 1].fact)].name in UNCORRECTABLE:
            continue
        missed = first_refused(effective(desk.history[:later], removal_of(position)))
        assert missed is not None, position
        first, refusal = missed
        assert first.position <= later
        assert name in refusal.message, (position, refusal)
