"""How what `schema.derive.declaration` declares is read: the rows of a list, and the objects made of them.

Rows that neighbours ask for one by one are read together. Imports strawberry's loader, and the relations of
`projections`.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, get_origin

from strawberry.dataloader import DataLoader

from ledger.domain.fact import WordList
from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.query.relation import ComputedRow, RowQuery
from schema.context import Standpoint
from schema.derive.declaration import SECTIONS, TYPES, Many, ObjectDeclaration, Value
from schema.derive.node import Node
from schema.types.entries import Narrative


def enter(at: Standpoint, of: str) -> Any:  # noqa: ANN401 - an object of that section
    """A section; raises GraphQLError (FORBIDDEN) where the viewer may not read its view."""
    cls, view, _ = SECTIONS[of]
    at.require(view)
    return cls(at=at)


def made(name: str, at: Standpoint, found: ComputedRow[Any]) -> Any:  # noqa: ANN401 - an object of that type
    """The object of a row."""
    shown_as = TYPES[name]
    values = {key: given for get in _getters(name) for key, given in get(found)}
    if issubclass(shown_as.cls, Node):
        key = found.value(shown_as.node) if shown_as.node is not None else None
        values["id"] = at.notice if key is None else node_id(at.notice, name, key)
    return shown_as.cls(at=at, found=found, **values)


def node_id(notice: str, name: str, key: object) -> str:
    """The id by which `node` finds an object again: its notice, its type and its own id there."""
    return f"{notice}/{name[:1].lower()}{name[1:]}/{key}"


async def node_of(at: Standpoint, name: str, key: str) -> Any:  # noqa: ANN401 - an object of that type, or None
    """The object of a type with that id of its own; None where there is none."""
    shown_as = TYPES.get(f"{name[:1].upper()}{name[1:]}")
    if shown_as is None or shown_as.node is None:
        return None
    found = await rows(at, shown_as, RowQuery({shown_as.node: key}, first=1))
    return made(shown_as.cls.__name__, at, found[0][0]) if found[0] else None


Getter = Callable[[ComputedRow[Any]], Sequence[tuple[str, Any]]]


@cache
def _getters(name: str) -> tuple[Getter, ...]:
    shown_as = TYPES[name]
    hints = shown_as.relation.hints
    return tuple(
        _getter(field, spec.name or field, unwrap(hints[spec.name or field]).column_type, spec.type)
        for field, spec in shown_as.fields.items()
        if isinstance(spec, Value)
    )


def _getter(shown_name: str, name: str, bare: object, given: object) -> Getter:
    if bare is NarrativeRef:

        def text(found: ComputedRow[Any]) -> Sequence[tuple[str, Any]]:
            told: NarrativeRef | None = found.value(name)
            body, erased = (told.body, told.erased_by) if told is not None else (None, None)
            return ((shown_name, body), (f"{shown_name}_erased_by", erased))

        return text
    take = _taker(bare, given)
    return lambda found: ((shown_name, take(found.value(name))),)


def _taker(bare: object, given: object) -> Callable[[Any], Any]:
    """What makes a row's value the field's."""
    if bare == list[NarrativeRef]:
        return lambda texts: [
            Narrative(path=each.path, text=each.body, erased_by=each.erased_by) for each in texts
        ]
    if isinstance(given, type) and issubclass(given, WordList):
        words = given
        if get_origin(bare) is list:
            return lambda items: [words(each) for each in items]
        return lambda item: None if item is None else words(item)
    return lambda item: item


async def rows(at: Standpoint, shown_as: ObjectDeclaration, wanted: RowQuery) -> list[list[ComputedRow[Any]]]:
    """The rows that are wanted of a type; raises GraphQLError (FORBIDDEN) where the viewer may not read them."""
    view = shown_as.relation.view
    at.require(view)
    return await at.ask(lambda reading: reading.find(shown_as.relation, wanted, redacted=at.redacted(view)))


async def _near(
    at: Standpoint, place: tuple[str, str], shown_as: ObjectDeclaration, wanted: RowQuery, key: object
) -> list[Any]:
    """The rows tied to a key, read together with those that neighbours ask for at the same place."""
    asked = (place, repr(sorted(wanted.conditions.items())), wanted.first, repr(wanted.after))
    if asked not in at.loaders:

        async def load(keys: list[object]) -> list[list[ComputedRow[Any]]]:
            return await rows(
                at, shown_as, RowQuery(wanted.conditions, wanted.by, keys, wanted.first, wanted.after)
            )

        at.loaders[asked] = DataLoader(load)
    found: list[Any] = await at.loaders[asked].load(key)
    return found


async def listed(
    at: Standpoint, place: tuple[str, str], spec: Many, key: object, wanted: RowQuery
) -> Sequence[ComputedRow[Any]]:
    """The rows of a field: those tied to `key`, or the notice's."""
    shown_as = TYPES[spec.of]
    if spec.by is None:
        return (await rows(at, shown_as, wanted))[0]
    if not isinstance(key, list):
        return [] if key is None else await _near(at, place, shown_as, wanted, key)
    found = await asyncio.gather(*(_near(at, place, shown_as, wanted, each) for each in key))
    return [row for rows_of_key in found for row in rows_of_key]
