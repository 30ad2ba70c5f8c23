"""Random JSON is accepted or refused, and an accepted fact holds what was sent."""

import json
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct

from ledger.domain.areas.records import EntryCorrected
from ledger.domain.errors import Refused
from ledger.domain.fact import END, Narrative
from ledger.domain.registry import KINDS, Kind, value_at, values_at
from ledger.intake.envelope import encoder
from ledger.intake.parse import MAXIMUM_REASONS, SubmittedFact, accept, digest, read_json
from ledger.intake.personal_data import kinds_in, kinds_in_id

QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
TEXT = st.text(max_size=20)
SURROGATES = st.text(st.characters(), max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | SURROGATES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | SURROGATES, inner, max_size=4),
    max_leaves=12,
)


def of(hint: Any, metas: tuple[Meta, ...] = ()) -> st.SearchStrategy[Any]:
    """Return JSON that a type hint admits; `metas` are annotations around the hint."""
    while get_origin(hint) is Annotated:
        metas += tuple(meta for meta in hint.__metadata__ if isinstance(meta, Meta))
        hint = hint.__origin__
    origin: object = get_origin(hint)
    if origin in (Union, UnionType):
        return st.one_of([of(option, metas) for option in get_args(hint) if option is not NoneType])
    if origin is list:
        least = next((meta.min_length for meta in metas if meta.min_length), 0)
        return st.lists(of(get_args(hint)[0]), min_size=least, max_size=3)
    if origin is dict:
        return st.dictionaries(*(of(option) for option in get_args(hint)), max_size=3)
    if origin is Literal:
        return st.sampled_from(get_args(hint))
    if hint is str:
        patterns = [meta.pattern or (meta.extra_json_schema or {}).get("pattern") for meta in metas]
        pattern = next(pattern for pattern in patterns if pattern)
        words = st.from_regex(pattern.removeprefix("^").removesuffix(END), fullmatch=True)
        return words.filter(lambda text: not kinds_in(text) and not kinds_in_id(text))
    return leaf(hint, metas)


def leaf(hint: Any, metas: tuple[Meta, ...]) -> st.SearchStrategy[Any]:
    """Return JSON that a type without parts admits."""
    if hint is Narrative:
        texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map("{}.".format)
        return texts.filter(lambda text: not kinds_in(text))  # Hypothesis also draws examples from this code
    if issubclass(hint, Enum):
        return st.sampled_from([member.value for member in hint])
    if issubclass(hint, Struct):
        return data_of(hint)
    if hint is int:
        [(low, high)] = [(meta.ge, meta.le) for meta in metas if meta.ge is not None and meta.le is not None]
        return st.integers(int(low), int(high))
    days = st.dates(date(1900, 1, 1), date(2199, 12, 31))
    instants = st.builds(datetime.combine, days, st.times(), st.just(UTC)).map(datetime.isoformat)
    return {
        float: st.floats(-1e12, 1e12),
        bool: st.booleans(),
        datetime: instants,
        date: days.map(str),
    }[hint]


def data_of(struct: type[Struct]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for the data of a fact, or of a part of one."""
    hints = get_type_hints(struct, include_extras=True)
    infos = msgspec.structs.fields(struct)
    needed = {info.encode_name: of(hints[info.name]) for info in infos if info.required}
    free = {info.encode_name: of(hints[info.name]) for info in infos if not info.required}
    return st.fixed_dictionaries(needed, optional=free)


def event_of(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for CloudEvents with such a fact."""
    data = data_of(kind.struct) if kind.struct is not EntryCorrected else corrections()
    return st.builds(
        lambda data: {"specversion": "1.0", "id": "k", "source": "s", "type": kind.type, "data": data}, data
    )


def corrections() -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for corrections by another fact of a kind."""
    kinds = st.sampled_from([kind for kind in KINDS.values() if kind.struct is not EntryCorrected])
    replacement = kinds.flatmap(
        lambda kind: data_of(kind.struct).map(lambda data: {"type": kind.type, "data": data})
    )
    return st.fixed_dictionaries(
        {"position": st.integers(1, 2**31 - 1), "reason": leaf(Narrative, ())},
        optional={"replacement": replacement},
    )


EVENTS = st.sampled_from(list(KINDS.values())).flatmap(event_of)


def tried(value: Any) -> SubmittedFact | Refused:
    """Return the outcome of a function: its value, or the refusal that it may raise."""
    try:
        return accept(value)
    except Refused as refused:
        caught = refused
    assert 0 < len(caught.refusals) <= MAXIMUM_REASONS
    for refusal in caught.refusals:
        assert refusal.code
        assert refusal.message
        msgspec.json.encode(refusal)
    return caught


@QUICK
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        decoded = read_json(body)
    except Refused as refused:
        msgspec.json.encode(refused.refusals)
    else:
        tried(decoded)


@QUICK
@given(JSON)
def test_any_json_is_refused(value: Any) -> None:
    assert isinstance(tried(value), Refused)


@QUICK
@given(st.data())
def test_a_fact_with_anything_in_one_place_is_submitted_or_refused(data: st.DataObject) -> None:
    event = data.draw(EVENTS)
    place = data.draw(st.sampled_from([*event, *(f"data.{name}" for name in event["data"]), "data.x", "x"]))
    holder, _, name = place.rpartition(".")
    (event["data"] if holder else event)[name] = data.draw(JSON)
    tried(event)


@QUICK
@given(EVENTS)
def test_what_is_submitted_says_what_was_sent(event: dict[str, Any]) -> None:
    item = tried(read_json(json.dumps(event).encode()))
    assert isinstance(item, SubmittedFact), str(item)
    kind = KINDS[item.type]
    assert msgspec.json.decode(item.data, type=kind.struct) == item.fact
    assert encoder.encode(item.fact) == item.data
    data = msgspec.json.decode(item.data)
    sent = [where for path in kind.narratives for where, _ in values_at(event["data"], path)]
    replaced = event["data"].get("replacement") if kind.struct is EntryCorrected else None
    if replaced is not None:
        paths = KINDS[replaced["type"]].narratives
        sent += [f"replacement.data.{at}" for path in paths for at, _ in values_at(replaced["data"], path)]
    assert [text.path for text in item.narratives] == sent
    for text in item.narratives:
        assert value_at(event["data"], text.path) == text.body
        assert value_at(data, text.path) == {"sha256": digest(text.salt, text.body)}
