"""No sequence of facts that one actor records alone raises that actor's own rights."""

from contextlib import suppress
from functools import cache
from itertools import combinations
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.domain.areas.access import Access, AccessKind
from ledger.domain.areas.evidence import Classification
from ledger.domain.authorisation import Credential
from ledger.domain.duties import UNGRANTABLE, Authors
from ledger.domain.entry import Entry
from ledger.domain.errors import Refused
from ledger.domain.registry import KIND_OF, KINDS, Kind, put_at, values_at
from ledger.domain.rights import raises_rights
from ledger.domain.roles import Role, matrix
from ledger.domain.state import State
from tests.ledger.desk import DAY, START, Desk, at
from tests.ledger.domain.test_any_histories import EXAMPLES
from tests.ledger.domain.test_openings import document
from tests.ledger.history import OPERATOR, submit

SOLO = "solo"
POOL = ("x1", "x2", "x3")
"""Ids of the things that exist before; `x1` awaits a decision, `x2` was granted and revoked."""
GRANTABLE = [role for role in Role if role not in UNGRANTABLE]
PAIRS = [*combinations(GRANTABLE, 2)]
Step = tuple[Kind, str, str, int, bool, int]
"""Kind, id of the things named, actor named, position named, correction instead, and days passed before."""


@cache
def prepared(roles: tuple[Role, ...]) -> Desk:
    """Return a desk on which an actor has the roles, and on which others left something within reach."""
    lost = next(role for role in (Role.PARTNER, Role.BOARD_MEMBER, Role.AUDITOR) if role not in roles)
    desk = Desk()
    for role in (*roles, lost):
        desk.record("RoleGranted", {"actor": SOLO, "role": role.value}, OPERATOR)
    desk.register("other")
    desk.record("TokenIssued", {"token": "x2", "actor": SOLO, "role": lost.value}, OPERATOR)
    desk.record("TokenRevoked", {"token": "x2", "reason": "x"}, OPERATOR)
    desk.record("RoleRevoked", {"actor": SOLO, "role": lost.value, "reason": "x"}, OPERATOR)
    desk.reviewing()
    for classification in Classification:
        desk.record("EvidenceSubmitted", document(classification.value, classification))
    window = {"from": at(0), "until": at(100)}
    more = {"grantee": SOLO, "review": "R1", "kind": "DATA", "scope": "s", "purpose": "p"}
    for name in ("x1", "x2"):
        desk.record("AccessRequested", {"request": name, **window, **more}, "bob")
    desk.record("AccessGranted", {"request": "x2", **window})
    desk.record("AccessRevoked", {"request": "x2", "reason": "x"})
    for role in {Role.ADVISER, Role.CHAIR, Role.RECORDS_OFFICER} - set(roles):
        desk.record("RoleRequested", {"actor": SOLO, "role": role.value, "reason": "x"}, "dan")
    return desk


def opened(roles: tuple[Role, ...]) -> Desk:
    """Return a copy of the prepared desk."""
    source, desk = prepared(roles), Desk(with_setting=False)
    desk.clock.at = source.clock.at
    desk.state = msgspec.json.decode(msgspec.json.encode(source.state), type=State)
    desk.history = list(source.history)
    return desk


def attempted(desk: Desk, step: Step) -> None:
    """Submit one fact as the actor; it may be refused."""
    kind, name, actor, number, correction, days = step
    desk.clock.advance(days=days, seconds=1)
    position = 1 + number % desk.state.position
    if correction:
        corrected = desk.history[position - 1]
        data: dict[str, Any] = {"position": position, "reason": "x"}
        if days:
            data["replacement"] = {"type": corrected.type, "data": plain(corrected, name, actor)}
        item = submit("EntryCorrected", data, SOLO)
    else:
        example = msgspec.json.decode(msgspec.json.encode(EXAMPLES[kind.type]))
        item = submit(kind.name, filled(kind, example, name, actor, position), SOLO)
    desk.submit(item, Credential(SOLO))


def filled(kind: Kind, data: dict[str, Any], name: str, actor: str, position: int) -> dict[str, Any]:
    """Return data whose ids, actors and positions are the given ones."""
    for path in kind.narratives:
        for where, _ in list(values_at(data, path)):
            put_at(data, where, "Some text.")
    for reference, path in kind.references:
        for where, value in list(values_at(data, path)):
            if value is not None:
                put_at(data, where, actor if reference == "actor" else name)
    for key in ("position", "request"):
        if isinstance(data.get(key), int):
            data[key] = position
    if kind.name == "RoleGranted" and name == "x3":
        del data["request"]
    return data | {
        key: instant for key, instant in (("from", at(1)), ("until", at(90))) if "T" in str(data.get(key))
    }


def plain(entry: Entry, name: str, actor: str) -> dict[str, Any]:
    """Return an entry's data with other ids and actors, or with a later end."""
    data: dict[str, Any] = msgspec.to_builtins(entry.fact)
    kind = KIND_OF[type(entry.fact)]
    for path in kind.narratives:
        for where, _ in list(values_at(data, path)):
            put_at(data, where, "Some text.")
    if "classification" in data:
        data["classification"] = "PUBLIC"
    if "until" in data:
        data["until"] = at(90)
    if "actor" in data and name == "x3":
        data["actor"] = actor
    return data


def check(desk: Desk, step: Step) -> None:
    """Check that a step gives the actor no right."""
    before = msgspec.json.decode(msgspec.json.encode(desk.state), type=State)
    size = len(desk.history)
    with suppress(Refused):
        attempted(desk, step)
    if len(desk.history) > size:
        instant = desk.history[-1].recorded_at
        assert not raises_rights(before, desk.state, SOLO, None, instant), desk.history[-1]


@pytest.mark.parametrize("role", GRANTABLE, ids=lambda role: role.value)
def test_no_single_fact_raises_its_recorders_rights(role: Role) -> None:
    for kind in KINDS.values():
        if matrix().may_record(role, kind.name) and kind.name != "EntryCorrected":
            for name in (*POOL, "RESTRICTED"):
                for actor in (SOLO, "other"):
                    check(opened((role,)), (kind, name, actor, 7, False, 0))


@pytest.mark.parametrize("role", ["RECORDS_OFFICER", "COUNCIL_OFFICER", "DEPARTMENT_OFFICIAL", "CHAIR"])
def test_no_single_correction_raises_its_recorders_rights(role: str) -> None:
    size = len(opened((Role(role),)).history)
    anything = next(iter(KINDS.values()))
    for number in range(size):
        for name in ("x1", "x3"):
            for days in (0, 1):
                check(opened((Role(role),)), (anything, name, SOLO, number, True, days))


STEPS = st.lists(
    st.tuples(
        st.sampled_from([kind for kind in KINDS.values() if kind.name not in ("NoticeIssued", "EntryCorrected")]),
        st.sampled_from((*POOL, "RESTRICTED", "OFFICIAL")),
        st.sampled_from((SOLO, SOLO, "other")),
        st.integers(0, 40),
        st.sampled_from((False, False, True)),
        st.sampled_from((0, 0, 1)),
    ),
    min_size=30,
    max_size=60,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(st.sampled_from(PAIRS), STEPS)
def test_no_sequence_of_one_actors_facts_raises_that_actors_rights(
    roles: tuple[Role, Role], steps: list[Step]
) -> None:
    desk = opened(roles)
    for step in steps:
        check(desk, step)


def test_a_later_closure_gives_a_grantee_a_longer_grant() -> None:
    """Check the closure of a notice on a day to come, which ends all grants."""
    now, soon, later_on, until = (START + days * DAY for days in (1, 10, 30, 90))
    states = [State(), State()]
    for state, closes in zip(states, (soon, later_on), strict=True):
        state.access.requests["X1"] = Access(Authors("ann"), "carol", AccessKind.CASE_FILES, [], now, until, 1, 2)
        state.notice.closed_at = closes
    earlier, later = states
    assert raises_rights(earlier, later, "carol", None, now)
    assert not raises_rights(later, earlier, "carol", None, now)
