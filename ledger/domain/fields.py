"""Fields of facts: type hints without their annotations, and the paths of a declaration's fields. Pure."""

from collections.abc import Iterator
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct

from ledger.domain.fact import CODE_PATTERN, END, Narrative

Json = Any
"""Decoded JSON, or a part of it."""
ITEM = "[]"
"""Step of a path that leads to each item of a list."""


_CODE = f"^{CODE_PATTERN}{END}"


class FieldType(Struct, frozen=True):
    """A field's type without its annotations, and without None."""

    type: Any
    """The type; a union where several types remain."""
    metas: tuple[Meta, ...] = ()
    """The annotations, the innermost first; where two annotations disagree, the later annotation holds."""
    optional: bool = False
    """True if the field may be None."""

    @property
    def origin(self) -> object:
        """The type before the brackets, such as `list` in `list[str]`; None for a plain class."""
        return get_origin(self.type)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The types in the brackets of `list[…]` or `dict[…]`; empty for a plain class."""
        return get_args(self.type)

    @property
    def options(self) -> tuple[Any, ...]:
        """The alternatives of a union; for any other type, that type alone."""
        return self.arguments if self.origin in (Union, UnionType) else (self.type,)

    @property
    def column_type(self) -> Any:  # noqa: ANN401 - a type
        """The type that a view's column for the field has: `dict` for any dictionary, else the field's type."""
        return dict if self.origin is dict else self.type


def unwrap(hint: object) -> FieldType:
    """Return a type hint's type, separated from its annotations and from None."""
    metas: tuple[Meta, ...] = ()
    optional = False
    while (origin := get_origin(hint)) in (Annotated, Union, UnionType):
        if origin is Annotated:
            hint, *annotations = get_args(hint)
            metas = (*(meta for meta in annotations if isinstance(meta, Meta)), *metas)
            continue
        options = [option for option in get_args(hint) if option is not NoneType]
        optional = optional or len(options) < len(get_args(hint))
        if len(options) > 1:
            return FieldType(Union[tuple(options)], metas, optional)  # noqa: UP007 - the options are a value
        (hint,) = options
    return FieldType(hint, metas, optional)


class FieldPath(Struct, frozen=True):
    """The path in a struct to a value without fields of its own, or to such values in a list."""

    hint: Any
    attributes: tuple[str, ...]
    """Path to the value by Python names; ITEM for the items of a list."""
    keys: tuple[str, ...]
    """Path to the value by JSON names; ITEM for the items of a list."""
    kind: str | None = None
    """Kind of the thing that the field refers to; None if the field refers to no thing."""
    known: bool = True
    """False if the thing that the field refers to may be recorded later; else True."""
    is_code: bool = False
    """True if the field is a code, or an object with codes: words that a person may choose freely."""


@cache
def hints_of(struct: type[Struct]) -> dict[str, Any]:
    """Return the type hint of each field of a struct, with its annotations, by field name.

    The result is cached, because resolving the names in type hints is slow.
    """
    return get_type_hints(struct, include_extras=True)


@cache
def field_paths(struct: type[Struct]) -> tuple[FieldPath, ...]:
    """Return the paths to all values without fields of their own, in a struct and the structs within it."""
    return tuple(_paths_below(struct, (), ()))


def _paths_below(hint: Json, attributes: tuple[str, ...], keys: tuple[str, ...]) -> Iterator[FieldPath]:
    field = unwrap(hint)
    hint = field.type
    if len(field.options) > 1:
        for option in field.options:
            yield from _paths_below(option, attributes, keys)
    elif field.origin is list:
        yield from _paths_below(field.arguments[0], (*attributes, ITEM), (*keys, ITEM))
    elif isinstance(hint, type) and issubclass(hint, Struct) and hint is not Narrative:
        hints = hints_of(hint)
        for name, encoded in zip(hint.__struct_fields__, hint.__struct_encode_fields__, strict=True):
            yield from _paths_below(hints[name], (*attributes, name), (*keys, encoded))
    else:
        extra: dict[str, str] = next((meta.extra for meta in reversed(field.metas) if meta.extra), {})
        is_code = field.origin is dict or any(meta.pattern == _CODE for meta in field.metas)
        yield FieldPath(hint, attributes, keys, extra.get("ref"), "later" not in extra, is_code)


def _as_string(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def only_value(value: object, path: FieldPath) -> str:
    """Return the value of a top-level field of a fact, as a string; `path` must have one value only."""
    return _as_string(getattr(value, path.attributes[0]))


def values_in(value: object, path: FieldPath, depth: int = 0, where: str = "data") -> Iterator[tuple[str, str]]:
    """Yield each value of a fact at a path, as a string, with its place; skip absent values."""
    if value is None:
        return
    if depth == len(path.keys):
        yield _as_string(value), where
    elif path.keys[depth] == ITEM:
        for index, item in enumerate(cast("list[object]", value)):
            yield from values_in(item, path, depth + 1, f"{where}[{index}]")
    else:
        attribute = getattr(value, path.attributes[depth])
        yield from values_in(attribute, path, depth + 1, f"{where}.{path.keys[depth]}")
