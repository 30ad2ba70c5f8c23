"""Where things stand in a fact: every leaf of a declaration, with its path. Pure."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from ledger.domain.fact import Narrative

Json = Any
"""Decoded JSON, or a piece of it."""
EACH = "[]"
"""The step to each item of a list."""


class Leaf(Struct, frozen=True):
    """A field, or an item of a list, that holds no further parts."""

    hint: Any
    attributes: tuple[str, ...]
    """Its path by Python's names; EACH for the items of a list."""
    keys: tuple[str, ...]
    """The same by JSON's names."""
    kind: str | None = None
    """The kind of thing that it refers to."""
    known: bool = True
    """Whether that thing must have been recorded before."""


def leaves(hint: Json, attributes: tuple[str, ...] = (), keys: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Each leaf below a type, in order."""
    extra: dict[str, str] = {}
    origin: object = get_origin(hint)
    while origin is Annotated:
        for meta in hint.__metadata__:
            if isinstance(meta, msgspec.Meta) and meta.extra:
                extra = meta.extra
        hint = hint.__origin__
        origin = get_origin(hint)
    if origin in (Union, UnionType):
        for option in get_args(hint):
            yield from leaves(option, attributes, keys)
    elif origin is list:
        yield from leaves(get_args(hint)[0], (*attributes, EACH), (*keys, EACH))
    elif isinstance(hint, type) and issubclass(hint, Struct) and hint is not Narrative:
        hints = get_type_hints(hint, include_extras=True)
        for name, encoded in zip(hint.__struct_fields__, hint.__struct_encode_fields__, strict=True):
            yield from leaves(hints[name], (*attributes, name), (*keys, encoded))
    else:
        yield Leaf(hint, attributes, keys, extra.get("ref"), "later" not in extra)


def found_at(thing: object, leaf: Leaf, depth: int = 0, where: str = "data") -> Iterator[tuple[str, str]]:
    """Each value of a fact at a leaf that holds text, with its place in the event; what is absent is passed by."""
    if thing is None:
        return
    if depth == len(leaf.keys):
        yield str(thing), where
    elif leaf.keys[depth] == EACH:
        for index, item in enumerate(cast("list[object]", thing)):
            yield from found_at(item, leaf, depth + 1, f"{where}[{index}]")
    else:
        value = getattr(thing, leaf.attributes[depth])
        yield from found_at(value, leaf, depth + 1, f"{where}.{leaf.keys[depth]}")
