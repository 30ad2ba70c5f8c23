"""Every field of every fact at its bounds and beyond: accepted, or refused with its path."""

from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from msgspec import Meta, Struct

from ledger.domain.errors import Refused
from ledger.domain.fact import CODE_PATTERN, ID_PATTERN, Narrative
from ledger.domain.registry import KINDS, Kind
from ledger.intake.parse import accept
from tests.ledger.domain.test_any_histories import data_of

Case = tuple[Any, bool]
"""A value, and True when it is valid."""
TEXTS: dict[str, list[Case]] = {
    ID_PATTERN: [("x", True), ("x" * 128, True), ("x" * 129, False), ("", False), ("a b", False), ("a\n", False)],
    CODE_PATTERN: [("x" * 64, True), ("x" * 65, False), (" x", False), ("", False), ("x\n", False)],
}


def cases(hint: Any) -> list[Case]:
    """Return values of a type at its bounds and beyond them."""
    metas: list[Meta] = []
    while get_origin(hint) is Annotated:
        metas += [meta for meta in hint.__metadata__ if isinstance(meta, Meta)]
        hint = hint.__origin__
    if get_origin(hint) is list:
        shortest = max((meta.min_length or 0 for meta in metas), default=0)
        return [([], shortest == 0), ("x", False)]
    if hint is str:
        patterns = [meta.pattern or "" for meta in metas]
        cases = [case for pattern, all_ in TEXTS.items() for case in all_ if f"^{pattern}(" in " ".join(patterns)]
        return [*cases, (7, False), (None, False)]
    if hint in (int, float):
        low = max((meta.ge for meta in metas if meta.ge is not None), default=None)
        high = min((meta.le for meta in metas if meta.le is not None), default=None)
        cases = [(low, True), (high, True)] if low is not None and high is not None else []
        cases += [(low - 1, False), (high + high, False)] if low is not None and high is not None else []
        return [*cases, ("7", False), (True, False)] + ([(1.5, False)] if hint is int else [])
    if isinstance(hint, type) and issubclass(hint, Enum):
        return [(word.value, True) for word in hint] + [("NOTHING", False), ("", False), (3, False)]
    plain: dict[Any, list[Case]] = {
        bool: [(True, True), (False, True), ("true", False), (1, False)],
        date: [("2024-02-29", True), ("2023-02-29", False), ("29/02/2024", False), (20240229, False)],
        datetime: [
            ("2022-07-05T09:00:00+01:00", True),
            ("2022-07-05T09:00:00", False),
            ("2022-07-05", False),
            (1657008000, False),
        ],
        Narrative: [("x", True), ("x" * 1_048_577, False), (" ", False), ("", False), (5, False), ("a\0b", False)],
    }
    return plain.get(hint, [])


def fields(kind: Kind) -> Iterator[tuple[str, Any, bool]]:
    """Yield each field of a fact with its type, and whether it is optional."""
    hints = get_type_hints(kind.struct, include_extras=True)
    for field in msgspec.structs.fields(kind.struct):
        hint = hints[field.name]
        bare = hint
        while get_origin(bare) is Annotated:
            bare = bare.__origin__
        optional = get_origin(bare) in (Union, UnionType)
        options = [option for option in get_args(bare) if option is not type(None)] if optional else [hint]
        if len(options) == 1 and not (isinstance(options[0], type) and issubclass(options[0], Struct)):
            yield field.encode_name, options[0], not field.required
        elif len(options) == 1 and options[0] is Narrative:
            yield field.encode_name, Narrative, not field.required


def submitted(kind: Kind, data: dict[str, Any]) -> list[str]:
    """Return the paths of all refusals."""
    event = {"specversion": "1.0", "id": "k", "source": "s", "type": kind.type, "data": data}
    try:
        accept(event)
    except Refused as refused:
        return [refusal.path for refusal in refused.refusals]
    return []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_each_field_at_and_past_its_bounds(kind: Kind) -> None:
    example = data_of(kind, ("x1",), 0)
    if kind.name == "EntryCorrected":
        del example["replacement"]
    assert submitted(kind, example) == []
    for name, hint, optional in fields(kind):
        if name not in example:
            continue
        for value, fits in cases(hint):
            if value is None and optional:
                continue
            paths = submitted(kind, example | {name: value})
            if fits:
                assert paths == [], (name, value)
            else:
                assert [path for path in paths if path.startswith(f"data.{name}")], (name, str(value)[:40])
        without = {key: value for key, value in example.items() if key != name}
        assert (submitted(kind, without) == []) is optional, name
    assert submitted(kind, example | {"nothing": 1}) == ["data.nothing"]
