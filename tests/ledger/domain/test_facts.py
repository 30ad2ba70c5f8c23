"""Rules for fact declarations: each has what programs, partners and readers need."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from msgspec import Meta, Struct

from ledger.domain.fact import Fact, Narrative
from ledger.domain.registry import KINDS, STORED_TYPES, Kind, find_kind, in_order
from ledger.domain.roles import Role, matrix
from ledger.domain.state import State
from ledger.intake.envelope import Envelope
from ledger.intake.parse import Event

GOLDEN = Path(__file__).parent / "golden"
EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


def leaves(hint: Any, where: str) -> Iterator[tuple[str, Any, list[Meta]]]:
    """Yield each primitive type of a field, with its constraints."""
    metas: list[Meta] = []
    while get_origin(hint) is Annotated:
        metas += [meta for meta in hint.__metadata__ if isinstance(meta, Meta)]
        hint = hint.__origin__
    origin: object = get_origin(hint)
    if origin in (Union, UnionType, list, dict):
        for option in get_args(hint):
            yield from leaves(option, where)
    elif isinstance(hint, type) and issubclass(hint, Struct) and hint is not Narrative:
        for name, inner in get_type_hints(hint, include_extras=True).items():
            if name in hint.__struct_fields__:
                yield from leaves(inner, f"{where}.{name}")
    else:
        yield where, hint, metas


def test_the_type_names_stand_for_ever() -> None:
    published = golden()
    missing = [name for name in published if name not in STORED_TYPES]
    assert not missing, "a type name that was published is gone: entries of it could not be read"
    assert sorted(STORED_TYPES) == sorted(published), "add an example of the new fact to golden/facts.ndjson"


@EVERY
def test_every_string_is_an_id_a_code_an_enum_or_a_narrative(kind: Kind) -> None:
    for where, hint, metas in leaves(kind.struct, kind.name):
        if where == "EntryCorrected.replacement.data":
            continue  # Another fact's data, checked against that fact's own declaration.
        patterns = [meta.pattern or (meta.extra_json_schema or {}).get("pattern") for meta in metas]
        assert hint is not str or any(patterns), f"{where} is a bare str"
        assert hint is not Any, where
        if isinstance(hint, type) and issubclass(hint, Enum):
            assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", str(member.value)) for member in hint), where


@EVERY
def test_every_fact_has_its_words(kind: Kind) -> None:
    assert kind.struct.__doc__
    assert kind.meaning.endswith(".")
    assert re.fullmatch(r"[a-z]+[A-Za-z]+", kind.struct.act)
    assert kind.type == f"improvement-ledger.{kind.area}.{kind.name}.v{kind.struct.version}"


def test_acts_and_names_are_each_one_facts() -> None:
    assert len({kind.struct.act for kind in KINDS.values()}) == len(KINDS)
    assert len({kind.name for kind in KINDS.values()}) == len(KINDS)


@EVERY
def test_facts_are_frozen_strict_and_terse(kind: Kind) -> None:
    config = kind.struct.__struct_config__
    assert issubclass(kind.struct, Fact)
    assert config.frozen
    assert config.forbid_unknown_fields
    assert config.omit_defaults
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]*", name) for name in kind.struct.__struct_encode_fields__)


def test_the_matrix_has_a_row_for_every_fact_and_no_other() -> None:
    assert set(matrix().records) == {kind.name for kind in KINDS.values()}
    assert all(Role.PUBLIC not in roles for roles in matrix().records.values())
    assert all(roles for roles in matrix().records.values()), "a fact that nobody may record"


def golden() -> dict[str, bytes]:
    """Return the bytes of an example of each type name."""
    lines = (GOLDEN / "facts.ndjson").read_text("utf-8").splitlines()
    return {name: data.encode() for name, _, data in (line.partition(" ") for line in lines)}


@pytest.mark.parametrize("name", STORED_TYPES)
def test_an_example_of_every_version_stays_readable(name: str) -> None:
    stored = STORED_TYPES[name]
    fact = stored.fact(msgspec.json.decode(golden()[name]))
    assert isinstance(fact, stored.kind.struct)


@EVERY
def test_the_bytes_of_an_example_stand_for_ever(kind: Kind) -> None:
    """Compare digests that change when a field is renamed, moved or gets another default."""
    examples = golden()
    assert kind.type in examples, "add an example of the new fact to golden/facts.ndjson"
    fact = msgspec.json.decode(examples[kind.type], type=kind.struct)
    assert msgspec.json.encode(fact) == examples[kind.type]
    absent = [
        name for name in kind.struct.__struct_encode_fields__ if f'"{name}":'.encode() not in examples[kind.type]
    ]
    assert not absent, "the example should have every field"


def unions(hint: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the alternatives of each union below a hint."""
    origin: object = get_origin(hint)
    if origin in (Union, UnionType):
        yield get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Struct):
        for inner in get_type_hints(hint, include_extras=True).values():
            yield from unions(inner)
    for option in get_args(hint):
        yield from unions(option)


@pytest.mark.parametrize("struct", [State, Envelope, Event, *(kind.struct for kind in KINDS.values())])
def test_no_patterned_text_shares_a_union_with_a_list_or_an_object(struct: type[Struct]) -> None:
    """Exclude unions that msgspec 0.22 frees incorrectly, so that the process ends in a crash."""
    for options in unions(struct):
        origins = [get_origin(option) for option in options]
        texts = [o for o in options if get_origin(o) not in (list, dict)]
        patterned = any(meta.pattern for o in texts for _, _, metas in leaves(o, "") for meta in metas)
        assert not (patterned and (list in origins or dict in origins)), options


def test_places_of_narratives_are_in_the_order_of_fields_and_items() -> None:
    decision = find_kind("BoardDecisionRecorded")
    assert decision is not None
    ordered = ["title", "outcome", "rationale", *(f"options[{index}]" for index in range(12)), "replacement.title"]
    assert in_order(decision, sorted(ordered)) == ordered
