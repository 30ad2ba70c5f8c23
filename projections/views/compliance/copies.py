"""Copies of a clause's state, made from the types of its fields.

A copy has lists, dicts, sets and unfrozen structs of its own; values that cannot change are shared. A state is a
tree: no two of its fields hold the same list, dict, set or unfrozen struct.
"""

from collections.abc import Callable
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

Copier = Callable[[Any], Any]
"""Function from a value to its copy."""
T = TypeVar("T", bound=Struct)


def copy_of(state: T) -> T:
    """Return a copy of an unfrozen struct that shares no changeable value with the original."""
    copied: T = _copier_of_struct(type(state))(state)
    return copied


@cache
def copier_of(hint: Any) -> Copier | None:  # noqa: ANN401 - types of fields
    """Return the function that copies a field's values, or None if the values cannot change.

    Raises:
        TypeError: Values of this type cannot be copied.
    """
    origin, arguments = get_origin(hint) or hint, get_args(hint)
    if origin is list:
        return _copier_of_list(copier_of(arguments[0]))
    if origin is dict:
        return _copier_of_dict(copier_of(arguments[1]))
    if origin is set:
        return set.copy
    if origin in (tuple, Union, UnionType):
        return _copier_of_parts(hint, [copier_of(argument) for argument in arguments if argument is not ...])
    if isinstance(origin, type) and issubclass(origin, Struct) and not origin.__struct_config__.frozen:
        return _copier_of_struct(origin)
    return None


def _copier_of_list(copy_item: Copier | None) -> Copier:
    if copy_item is None:
        return list.copy
    return lambda items: [copy_item(item) for item in items]


def _copier_of_dict(copy_value: Copier | None) -> Copier:
    if copy_value is None:
        return dict.copy
    return lambda values: {key: copy_value(value) for key, value in values.items()}


def _copier_of_parts(hint: object, copiers: list[Copier | None]) -> Copier | None:
    """Return the function that copies an optional value, or None if the value cannot change.

    Raises:
        TypeError: A tuple or another union has parts that can change.
    """
    mutable = [each for each in copiers if each is not None]
    if not mutable:
        return None
    if type(None) not in get_args(hint) or len(copiers) > 2:
        raise TypeError(f"{hint} holds values that can change; use a struct")
    (copy_value,) = mutable
    return lambda value: None if value is None else copy_value(value)


@cache
def _copier_of_struct(struct: type[Struct]) -> Copier:
    hints = get_type_hints(struct)
    copiers = [(name, copier_of(hints[name])) for name in struct.__struct_fields__]
    mutable = [(name, copier) for name, copier in copiers if copier is not None]

    def copied(value: Any) -> Any:  # noqa: ANN401 - a struct of that type
        new = value.__copy__()
        for name, copier in mutable:
            setattr(new, name, copier(getattr(value, name)))
        return new

    return copied
