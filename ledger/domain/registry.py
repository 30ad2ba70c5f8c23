"""All facts by their stable type names, with the values derived from each declaration."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from ledger.domain.fact import Fact, Narrative, Upcast
from ledger.domain.fields import Json, field_paths
from ledger.domain.state import FACTS

FactStruct = type[Fact]


class Kind(Struct, frozen=True):
    """A kind of fact: its names, its struct, and the paths of its narratives and references."""

    name: str
    """Name of the fact, such as ObjectiveAdded."""
    type: str
    """CloudEvents type, such as improvement-ledger.plan.ObjectiveAdded.v1."""
    area: str
    struct: FactStruct
    narratives: tuple[tuple[str, ...], ...]
    """Paths of the fact's narratives: JSON keys, and `[]` for each item of a list."""
    references: tuple[tuple[str, tuple[str, ...]], ...]
    """Kind of the thing and path of the field, for each reference to a thing."""

    @property
    def meaning(self) -> str:
        """First paragraph of the struct's docstring."""
        return (self.struct.__doc__ or "").strip().split("\n\n")[0]


def _kind(struct: FactStruct) -> Kind:
    area = struct.__module__.rpartition(".")[2]
    paths = field_paths(struct)
    return Kind(
        name=struct.__name__,
        type=f"improvement-ledger.{area}.{struct.__name__}.v{struct.version}",
        area=area,
        struct=struct,
        narratives=tuple(dict.fromkeys(path.keys for path in paths if path.hint is Narrative)),
        references=tuple(dict.fromkeys((path.kind, path.keys) for path in paths if path.kind)),
    )


KINDS: Mapping[str, Kind] = {kind.type: kind for kind in map(_kind, FACTS)}
"""Kinds of all facts, by type name."""
KIND_OF: Mapping[FactStruct, Kind] = {kind.struct: kind for kind in KINDS.values()}
"""Kinds of all facts, by struct."""


class StoredType(Struct, frozen=True):
    """The kind of fact, and the upcasts, with which entries of one type name are read."""

    kind: Kind
    steps: tuple[Upcast, ...] = ()
    """Functions that turn the stored data into data of the fact's present version, in order."""

    def fact(self, data: Json) -> Fact:
        """Return the fact of an entry's decoded data, translated to its present version."""
        for step in self.steps:
            data = step(data)
        fact: Fact = msgspec.convert(data, self.kind.struct)
        return fact


def stored_types(kinds: Iterable[Kind]) -> dict[str, StoredType]:
    """Return a stored type for each type name that an entry may have, including earlier versions.

    Raises:
        ValueError: A fact does not have exactly one upcast for each earlier version.
    """
    types: dict[str, StoredType] = {}
    for kind in kinds:
        earlier = kind.struct.earlier
        if len(earlier) != kind.struct.version - 1:
            raise ValueError(f"{kind.type} lacks the upcast of an earlier version; add it to `earlier`")
        base = kind.type.rpartition(".v")[0]
        for index in range(len(earlier) + 1):
            types[f"{base}.v{index + 1}"] = StoredType(kind, earlier[index:])
    return types


STORED_TYPES: Mapping[str, StoredType] = stored_types(KINDS.values())
"""Stored types by each type name that an entry may have, including earlier versions."""


@cache
def find_kind(name: str) -> Kind | None:
    """Return the kind of the fact with a name (`ObjectiveAdded`) or type name; None if there is no such fact."""
    stored = STORED_TYPES.get(name)
    return stored.kind if stored is not None else next((k for k in KINDS.values() if k.name == name), None)


@cache
def type_names(kind: Kind) -> tuple[str, ...]:
    """Return the type names of all versions of a fact."""
    return tuple(name for name, stored in STORED_TYPES.items() if stored.kind is kind)


def values_at(data: Json, path: tuple[str, ...], where: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of decoded JSON at a path of keys (`[]` for each item), with its place."""
    for number, step in enumerate(path, 1):
        if step == "[]":
            if isinstance(data, list):
                for index, item in enumerate(data):
                    yield from values_at(item, path[number:], f"{where}[{index}]")
            return
        if not isinstance(data, dict) or step not in data:
            return
        data = data[step]
        where = f"{where}.{step}" if where else step
    yield where, data


_STEP = re.compile(r"[^.\[\]]+")


@lru_cache(1_024)
def _steps(where: str) -> tuple[int | str, ...]:
    return tuple(int(step) if step.isdigit() else step for step in _STEP.findall(where))


def value_at(data: Json, where: str) -> Json:
    """Return the value of decoded JSON at a place that `values_at` named; None if there is no value."""
    for step in _steps(where):
        try:
            data = data[step]
        except (LookupError, TypeError):
            return None
    return data


def in_order(kind: Kind, places: Iterable[str]) -> list[str]:
    """Return places of a fact's narratives in the order of its fields, the items of a list by their numbers.

    Places in no field of the fact, such as those of a correction's new data, come last as they are.
    """
    paths, fields = kind.narratives, [path[0] for path in kind.narratives]

    def rank(place: str) -> tuple[int, list[int], int]:
        steps = _steps(place)
        path = tuple("[]" if isinstance(step, int) else step for step in steps)
        return (
            fields.index(path[0]) if path[0] in fields else len(fields),
            [step for step in steps if isinstance(step, int)],
            paths.index(path) if path in paths else len(paths),
        )

    return sorted(places, key=rank)


def put_at(data: Json, where: str, value: Json) -> None:
    """Replace the value of decoded JSON at a place that `values_at` named."""
    *steps, last = _steps(where)
    for step in steps:
        data = data[step]
    data[last] = value
