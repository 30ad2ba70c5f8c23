"""Fields of facts: type hints without their annotations, and every leaf of a declaration with its path. Pure."""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

from ledger.domain.fact import Narrative

Json = Any
"""Decoded JSON, or a piece of it."""
EACH = "[]"
"""The step to each item of a list."""


class FieldType(Struct, frozen=True):
    """A field's type without its annotations, and without None."""

    type: Any
    """The type; a union where several types remain."""
    metas: tuple[Meta, ...] = ()
    """The annotations, the innermost first: where two disagree, the last one holds."""
    optional: bool = False
    """True if the field may be None."""

    @property
    def origin(self) -> object:
        """`list` of `list[str]`, `dict` of `dict[str, int]`; None for a plain class."""
        return get_origin(self.type)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The types in the brackets of `list[…]` or `dict[…]`."""
        return get_args(self.type)

    @property
    def options(self) -> tuple[Any, ...]:
        """The alternatives of a union, or the one type."""
        return self.arguments if self.origin in (Union, UnionType) else (self.type,)

    @property
    def column_type(self) -> Any:  # noqa: ANN401 - a type
        """The type that a column of a view has: any dictionary is a `dict`."""
        return dict if self.origin is dict else self.type


def unwrap(hint: object) -> FieldType:
    """Return the type of a hint, apart from its annotations and from None."""
    metas: tuple[Meta, ...] = ()
    optional = False
    while (origin := get_origin(hint)) in (Annotated, Union, UnionType):
        if origin is Annotated:
            hint, *found = get_args(hint)
            metas = (*(meta for meta in found if isinstance(meta, Meta)), *metas)
            continue
        options = [option for option in get_args(hint) if option is not NoneType]
        optional = optional or len(options) < len(get_args(hint))
        if len(options) > 1:
            return FieldType(Union[tuple(options)], metas, optional)  # noqa: UP007 - the options are a value
        (hint,) = options
    return FieldType(hint, metas, optional)


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
    """Yield each leaf below a type, in order."""
    field = unwrap(hint)
    hint = field.type
    if len(field.options) > 1:
        for option in field.options:
            yield from leaves(option, attributes, keys)
    elif field.origin is list:
        yield from leaves(field.arguments[0], (*attributes, EACH), (*keys, EACH))
    elif isinstance(hint, type) and issubclass(hint, Struct) and hint is not Narrative:
        hints = get_type_hints(hint, include_extras=True)
        for name, encoded in zip(hint.__struct_fields__, hint.__struct_encode_fields__, strict=True):
            yield from leaves(hints[name], (*attributes, name), (*keys, encoded))
    else:
        extra: dict[str, str] = next((meta.extra for meta in reversed(field.metas) if meta.extra), {})
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
