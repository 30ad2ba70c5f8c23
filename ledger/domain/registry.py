"""All facts by their stable type names, and what is worked out once from each declaration."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from ledger.domain.fact import Fact, Narrative, Upcast
from ledger.domain.fields import Json, leaves
from ledger.domain.state import AREAS

FactStruct = type[Fact]


class Kind(Struct, frozen=True):
    """A fact's declaration as programs need it."""

    name: str
    """The fact's name in the field, such as ObjectiveAdded."""
    type: str
    """The CloudEvents type, such as improvement-ledger.plan.ObjectiveAdded.v1."""
    area: str
    struct: FactStruct
    narratives: tuple[tuple[str, ...], ...]
    """Where its free text stands: paths of JSON keys, `[]` for each item of a list."""
    references: tuple[tuple[str, tuple[str, ...]], ...]
    """What it refers to: (kind of entity, path)."""

    @property
    def meaning(self) -> str:
        """The first sentence of its docstring."""
        return (self.struct.__doc__ or "").strip().split("\n\n")[0]


def _kind(struct: FactStruct) -> Kind:
    area = struct.__module__.rpartition(".")[2]
    found = list(leaves(struct))
    return Kind(
        name=struct.__name__,
        type=f"improvement-ledger.{area}.{struct.__name__}.v{struct.version}",
        area=area,
        struct=struct,
        narratives=tuple(dict.fromkeys(leaf.keys for leaf in found if leaf.hint is Narrative)),
        references=tuple(dict.fromkeys((leaf.kind, leaf.keys) for leaf in found if leaf.kind)),
    )


KINDS: Mapping[str, Kind] = {kind.type: kind for area in AREAS for kind in map(_kind, area.FACTS)}
"""Every fact by its type name."""
KIND_OF: Mapping[FactStruct, Kind] = {kind.struct: kind for kind in KINDS.values()}
"""Every fact by its struct."""


class StoredType(Struct, frozen=True):
    """How the data of an entry of some type is read."""

    kind: Kind
    steps: tuple[Upcast, ...] = ()
    """What makes it into the data of the fact's version now."""

    def fact(self, data: Json) -> Fact:
        """Return the fact of an entry's decoded data, translated to its present version."""
        for step in self.steps:
            data = step(data)
        fact: Fact = msgspec.convert(data, self.kind.struct)
        return fact


def stored_types(kinds: Iterable[Kind]) -> dict[str, StoredType]:
    """Each type name that may stand in an entry, also of earlier versions; raises ValueError for a gap."""
    found: dict[str, StoredType] = {}
    for kind in kinds:
        earlier = kind.struct.earlier
        if len(earlier) != kind.struct.version - 1:
            raise ValueError(f"{kind.type} lacks what makes an earlier version into the next one")
        base = kind.type.rpartition(".v")[0]
        for index in range(len(earlier) + 1):
            found[f"{base}.v{index + 1}"] = StoredType(kind, earlier[index:])
    return found


STORED_TYPES: Mapping[str, StoredType] = stored_types(KINDS.values())
"""Every type name that an entry may have."""


@cache
def named(name: str) -> Kind | None:
    """The fact of that name (`ObjectiveAdded`) or type name; None when there is none."""
    return KINDS.get(name) or next((k for k in KINDS.values() if k.name == name), None)


def values_at(data: Json, path: tuple[str, ...], where: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of decoded JSON at a path of keys (`[]`: each item), with where it stands."""
    if not path:
        yield where, data
        return
    step, rest = path[0], path[1:]
    if step == "[]":
        if isinstance(data, list):
            for index, item in enumerate(data):
                yield from values_at(item, rest, f"{where}[{index}]")
    elif isinstance(data, dict) and step in data:
        yield from values_at(data[step], rest, f"{where}.{step}" if where else step)


_STEP = re.compile(r"[^.\[\]]+")


def _steps(where: str) -> list[int | str]:
    return [int(step) if step.isdigit() else step for step in _STEP.findall(where)]


def value_at(data: Json, where: str) -> Json:
    """The value of decoded JSON at a place that `values_at` named; None when there is none."""
    for step in _steps(where):
        try:
            data = data[step]
        except (LookupError, TypeError):
            return None
    return data


def put_at(data: Json, where: str, value: Json) -> None:
    """Replaces the value of decoded JSON at a place that `values_at` named."""
    *steps, last = _steps(where)
    for step in steps:
        data = data[step]
    data[last] = value
