"""Random sequences of facts: they neither break the ledger nor evade its rules, and every fold agrees."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ledger.domain.areas.access import AccessGranted, AccessRequested, AccessRevoked
from ledger.domain.areas.notice import AreaRegistered, NoticeIssued
from ledger.domain.areas.people import RoleGranted, RoleRevoked, TokenIssued, TokenRevoked
from ledger.domain.areas.plan import ObjectiveAdded, ProgressRecorded
from ledger.domain.areas.records import EntryCorrected, ErasureRequested, NarrativeErased
from ledger.domain.authorisation import Credential
from ledger.domain.corrections import effective, first_refused, fold
from ledger.domain.entry import Entry
from ledger.domain.errors import Refused
from ledger.domain.registry import KINDS, put_at, values_at
from ledger.domain.roles import matrix
from ledger.domain.state import State
from tests.ledger.desk import DAY, START, Desk, at
from tests.ledger.domain.areas.test_plan import NOTICE as ISSUED
from tests.ledger.history import NOTICE, OPERATOR, submit

ACTORS = ("alice", "bob", "rosa", "dan", "operator")
IDS = st.sampled_from(("O1", "X1", "X2"))
WHO = st.sampled_from(ACTORS)
BACK = st.integers(0, 6)
"""Number of entries between the last entry and the entry that a fact names."""
ROLES = st.sampled_from(("COUNCIL_OFFICER", "ADVISER", "RECORDS_OFFICER", "DATA_PROTECTION_OFFICER"))
AREAS = st.sampled_from(("1a", "1a", "1b"))
EARLY, LATE = st.sampled_from((0, 40, 80)).map(at), st.sampled_from((30, 100, 150, 300)).map(at)
TEXT = st.just("text")
Fact = tuple[str, dict[str, Any]]
Step = tuple[Fact, str | None, str | None, str | None, int]


def facts(name: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact]:
    """Return steps for a fact; a field ending in `_` is optional, and `since` becomes `from`."""
    keys = {name: name.rstrip("_").replace("since", "from") for name in fields}
    needed = {keys[name]: field for name, field in fields.items() if not name.endswith("_")}
    free = {keys[name]: field for name, field in fields.items() if name.endswith("_")}
    return st.tuples(st.just(name), st.fixed_dictionaries(needed, optional=free))


DUE, RATING = st.just("2023-06-30"), st.just("AMBER")
SERVED = st.lists(AREAS, min_size=1, max_size=2)
FACTS = [
    facts("ObjectiveAdded", objective=IDS, title=TEXT, areas=SERVED, owner=WHO, due=DUE),
    facts("ProgressRecorded", objective=IDS, narrative=TEXT, activityRating=RATING, impactRating=RATING),
    facts("AccessGranted", request=IDS, since=EARLY, until=LATE),
    facts("AccessGranted", request=IDS, since=EARLY, until=LATE),
    facts("AccessRevoked", request=IDS, reason=TEXT),
    facts(
        "AccessRequested",
        request=IDS,
        grantee=WHO,
        review=st.just("R1"),
        kind=st.just("DATA"),
        scope=TEXT,
        purpose=TEXT,
        since=EARLY,
        until=LATE,
    ),
    facts("RoleRequested", actor=WHO, role=ROLES, reason=TEXT, since_=EARLY, until_=LATE),
    facts("RoleGranted", actor=WHO, role=ROLES, since_=EARLY, until_=LATE, request_=BACK),
    facts("RoleRevoked", actor=WHO, role=ROLES, reason=TEXT),
    facts("TokenIssued", token=IDS, actor=WHO, role=ROLES, source_=WHO, until_=LATE),
    facts("TokenRevoked", token=IDS, reason=TEXT),
    facts("ErasureRequested", position=BACK, reason=TEXT, authority=TEXT),
    facts("NarrativeErased", position=BACK, request=BACK),
    facts("AreaRegistered", area=AREAS, title=TEXT),
    facts("NoticeIssued", **{name: st.just(value) for name, value in ISSUED.items()}),
]
ANY = st.one_of(FACTS)
CORRECTION = st.tuples(
    st.just("EntryCorrected"),
    st.fixed_dictionaries({"position": BACK, "reason": TEXT}, optional={"replacement": st.booleans()}),
)
LIKELY = {
    "ObjectiveAdded": ("alice",),
    "ProgressRecorded": ("alice",),
    "AccessRequested": ("bob", "rosa"),
    "AccessGranted": ("alice", "bob", "rosa"),
    "AccessRevoked": ("alice", "bob"),
    "RoleRequested": ("dan", "rosa"),
    "ErasureRequested": ("rosa", "dan"),
    "NarrativeErased": ("dan", "rosa"),
    "AreaRegistered": ("operator",),
    "NoticeIssued": ("operator",),
}
"""Recorders in turn, for steps without an actor; rosa records the rest."""
BOTH = (("bob", "COUNCIL_OFFICER"), ("rosa", "COUNCIL_OFFICER"), ("rosa", "ADVISER"))
"""Actors with a second role, in which they could decide their own requests."""
PLAYED = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # Shrinking a history takes longer than reading it.
)
SELDOM = (None,) * 20
STEP = st.tuples(
    st.one_of([ANY] * 5 + [CORRECTION]),
    st.sampled_from((*SELDOM, *ACTORS)),
    st.sampled_from((*SELDOM, *ACTORS)),
    st.sampled_from((*SELDOM, "O1", "X1")),
    st.sampled_from((0, 0, 0, 1, 30)),
)
STEPS = st.lists(STEP, min_size=25, max_size=45)


def aimed(desk: Desk, name: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with positions counted back from the last entry, and with its references."""
    data = dict(data)
    last = desk.state.position
    for key in ("position", "request"):
        if isinstance(data.get(key), int):
            data[key] = max(1, last - data[key])
    access = list(desk.state.access.requests.items())
    if name.startswith("Access") and name != "AccessRequested" and access and last % 4:
        request, window = access[last % len(access)]
        times = {"from": window.from_.isoformat(), "until": window.until.isoformat()}
        data |= {"request": request} | (times if name == "AccessGranted" and last % 2 else {})
    requests = desk.state.records.requests
    if name == "NarrativeErased" and requests and data["position"] % 4:
        request = sorted(requests)[data["position"] % len(requests)]
        data |= {"request": request, "position": requests[request].target}
    corrected = desk.history[data.get("position", 1) - 1]
    if data.pop("replacement", None) and not isinstance(corrected.fact, EntryCorrected):
        fact = msgspec.to_builtins(corrected.fact)
        for path in KINDS[corrected.type].narratives:
            for where, _ in list(values_at(fact, path)):
                put_at(fact, where, "text")
        data["replacement"] = {
            "type": corrected.type,
            "data": fact | dict.fromkeys({"until"} & set(fact), at(120)),
        }
    return data


def played(steps: list[Step]) -> Desk:
    """Return the desk after the steps, including refused ones."""
    desk = Desk()
    for actor, role in BOTH:
        desk.record("RoleGranted", {"actor": actor, "role": role}, OPERATOR)
    desk.reviewing()
    for (name, data), whoever, source, token, days in steps:
        desk.clock.advance(days=days)
        likely = LIKELY.get(name, ("rosa",))
        actor = whoever or likely[len(desk.history) % len(likely)]
        credential = OPERATOR if actor == "operator" else Credential(actor, token)
        before = msgspec.json.encode(desk.state)
        answer = desk.submit(submit(name, aimed(desk, name, data), source or actor), credential)
        if isinstance(answer, Refused):
            assert msgspec.json.encode(desk.state) == before, "a refused fact moved the state"
    return desk


def present(desk: Desk) -> list[Entry]:
    """Return the entries as they read now, without those removed."""
    return [item.entry for item in effective(desk.history) if not item.removed]


def check_authority(history: list[Entry]) -> None:
    """Check that each recorder held the role and used a source of their own."""
    owners: dict[str, str] = {}
    for entry in history:
        kind = type(entry.fact).__name__
        assert owners.setdefault(entry.source, entry.actor) == entry.actor
        assert entry.actor_role in {role.value for role in matrix().records[kind]}


def check_access(history: list[Entry]) -> None:
    """Check that requests are unique, grants come from another actor, and revocations follow grants."""
    requests: dict[str, Entry] = {}
    live: dict[str, bool] = {}
    for entry in history:
        match entry.fact:
            case AccessRequested() as fact:
                assert fact.request not in requests
                assert START - 3 * DAY < fact.from_ < fact.until <= fact.from_ + 184 * DAY
                requests[fact.request] = entry
            case AccessGranted() as fact:
                request = requests[fact.request]
                assert isinstance(request.fact, AccessRequested)
                assert entry.actor not in (request.actor, request.fact.grantee)
                assert request.fact.from_ <= fact.from_ < fact.until <= request.fact.until
                assert fact.request not in live
                live[fact.request] = True
            case AccessRevoked() as fact:
                assert live[fact.request]
                live[fact.request] = False


def check_plan(history: list[Entry]) -> None:
    """Check that the notice comes first, areas and objectives before their uses, and tokens are unique."""
    assert [entry.position for entry in history if isinstance(entry.fact, NoticeIssued)] == [1]
    areas: set[str] = set()
    objectives: set[str] = set()
    tokens: dict[str, bool] = {}
    for entry in history:
        match entry.fact:
            case AreaRegistered() as fact:
                assert fact.area not in areas
                areas.add(fact.area)
            case ObjectiveAdded() as fact:
                assert set(fact.areas) <= areas
                assert fact.objective not in objectives
                objectives.add(fact.objective)
            case ProgressRecorded() as fact:
                assert fact.objective in objectives
            case TokenIssued() as fact:
                assert fact.token not in tokens
                tokens[fact.token] = True
            case TokenRevoked() as fact:
                assert tokens[fact.token]
                tokens[fact.token] = False


def check_erasures(history: list[Entry]) -> None:
    """Check that one actor requested and another approved each erasure, once."""
    requests: dict[int, Entry] = {}
    erased: set[int] = set()
    for entry in history:
        if isinstance(entry.fact, ErasureRequested):
            requests[entry.position] = entry
        if isinstance(entry.fact, NarrativeErased):
            request = requests[entry.fact.request]
            assert isinstance(request.fact, ErasureRequested)
            assert request.fact.position == entry.fact.position < entry.position
            assert request.actor != entry.actor
            assert entry.fact.position not in erased
            erased.add(entry.fact.position)


def check_roles(history: list[Entry], state: State) -> None:
    """Check that no actor holds a role without a grant, after its revocation, or twice at a time."""
    for days in (0, 1, 50, 150, 201):
        instant = history[-1].recorded_at + days * DAY
        for actor in ACTORS:
            spans: dict[str, list[bool]] = {}
            for entry in history:
                fact = entry.fact
                if isinstance(fact, RoleGranted) and fact.actor == actor:
                    starts = fact.from_ or entry.recorded_at
                    holds = starts <= instant and (fact.until is None or instant < fact.until)
                    spans.setdefault(fact.role.value, []).append(holds)
                if isinstance(fact, RoleRevoked) and fact.actor == actor:
                    spans[fact.role.value] = []
            expected = sorted(role for role, live_flags in spans.items() for holds in live_flags if holds)
            assert sorted(role.value for role in state.people.roles_at(actor, instant)) == expected
            assert len(set(expected)) == len(expected)


@PLAYED
@given(STEPS)
def test_no_sequence_of_facts_gets_round_the_rules(steps: list[Step]) -> None:
    desk = played(steps)
    assert [entry.position for entry in desk.history] == list(range(1, desk.state.position + 1))
    times = [entry.recorded_at for entry in desk.history]
    assert times == sorted(set(times))
    assert {entry.notice for entry in desk.history} == {NOTICE}
    check_authority(desk.history)
    now = present(desk)
    check_access(now)
    check_plan(now)
    check_erasures(now)
    check_roles(now, desk.state)


@PLAYED
@given(STEPS)
def test_every_way_to_the_state_leads_to_the_same(steps: list[Step]) -> None:
    desk = played(steps)
    assert fold(effective(desk.history)) == desk.state
    assert msgspec.json.decode(msgspec.json.encode(desk.state), type=State) == desk.state
    assert first_refused(effective(desk.history)) is None
