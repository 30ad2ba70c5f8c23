"""Resolvers of the declared types: the rows of a list, and the objects made from them.

Reads by neighbouring rows are batched. Imports strawberry's loader, and the relations of `projections`.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, get_origin

from msgspec import structs
from strawberry.dataloader import DataLoader

from ledger.domain.fact import WordList
from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.query.relation import ComputedRow, RowQuery
from schema.context import Standpoint
from schema.derive.declaration import SECTIONS, TYPES, Many, ObjectDeclaration, Value
from schema.derive.node import Node, node_id
from schema.types.entries import Narrative, entry_at


def open_section(at: Standpoint, of: str) -> Any:  # noqa: ANN401 - an object of that section
    """Return a section of the notice.

    Raises:
        GraphQLError: FORBIDDEN, if the viewer may not read its view.
    """
    cls, view, _ = SECTIONS[of]
    at.require(view)
    return cls(at=at)


def object_of(name: str, at: Standpoint, row: ComputedRow[Any]) -> Any:  # noqa: ANN401 - an object of that type
    """Return the object of a row."""
    declaration = TYPES[name]
    values = {key: value for get in _getters(name) for key, value in get(row)}
    if issubclass(declaration.cls, Node):
        key = row.value(declaration.node) if declaration.node is not None else None
        values["id"] = at.global_id if key is None else node_id(at.global_id, name, key)
    return declaration.cls(at=at, row=row, **values)


async def node_of(at: Standpoint, name: str, key: str) -> Any:  # noqa: ANN401 - an object of that type, or None
    """Return the object of that type and id; None if none exists."""
    if name == "entry":
        return await entry_at(at, key)
    declaration = TYPES.get(f"{name[:1].upper()}{name[1:]}")
    if declaration is None or declaration.node is None:
        return None
    rows = await find_rows(at, declaration, RowQuery({declaration.node: key}, first=1))
    return object_of(declaration.cls.__name__, at, rows[0][0]) if rows[0] else None


Getter = Callable[[ComputedRow[Any]], Sequence[tuple[str, Any]]]


@cache
def _getters(name: str) -> tuple[Getter, ...]:
    declaration = TYPES[name]
    hints = declaration.relation.hints
    return tuple(
        _getter(field, spec.name or field, unwrap(hints[spec.name or field]).column_type, spec.type)
        for field, spec in declaration.fields.items()
        if isinstance(spec, Value)
    )


def _getter(field: str, name: str, bare: object, declared: object) -> Getter:
    if bare is NarrativeRef:

        def narrative(row: ComputedRow[Any]) -> Sequence[tuple[str, Any]]:
            narrative_ref: NarrativeRef | None = row.value(name)
            body, erased = (
                (narrative_ref.body, narrative_ref.erased_by) if narrative_ref is not None else (None, None)
            )
            return ((field, body), (f"{field}_erased_by", erased))

        return narrative
    take = _taker(bare, declared)
    return lambda row: ((field, take(row.value(name))),)


def _taker(bare: object, declared: object) -> Callable[[Any], Any]:
    """Return the conversion of a row's value to the field's value."""
    if bare == list[NarrativeRef]:
        return lambda texts: [
            Narrative(path=each.path, text=each.body, erased_by=each.erased_by) for each in texts
        ]
    if isinstance(declared, type) and issubclass(declared, WordList):
        words = declared
        if get_origin(bare) is list:
            return lambda items: [words(each) for each in items]
        return lambda item: None if item is None else words(item)
    return lambda item: item


async def find_rows(
    at: Standpoint, declaration: ObjectDeclaration, query: RowQuery
) -> list[list[ComputedRow[Any]]]:
    """Return the rows of a type, a list for each key.

    Raises:
        GraphQLError: FORBIDDEN, if the viewer may not read them.
    """
    view = declaration.relation.view
    at.require(view)
    return await at.ask(lambda reading: reading.find(declaration.relation, query, redacted=at.redacted(view)))


async def _rows_near(
    at: Standpoint, place: tuple[str, str], declaration: ObjectDeclaration, query: RowQuery, key: object
) -> list[Any]:
    """Return the rows tied to a key, in one read for all keys at the same place."""
    batch = (place, repr(sorted(query.conditions.items())), query.first, repr(query.after), query.sorts)
    if batch not in at.loaders:

        async def load(keys: list[object]) -> list[list[ComputedRow[Any]]]:
            return await find_rows(at, declaration, structs.replace(query, keys=keys))

        at.loaders[batch] = DataLoader(load)
    rows: list[Any] = await at.loaders[batch].load(key)
    return rows


async def count_rows(at: Standpoint, spec: Many, key: object, query: RowQuery) -> int:
    """Return the number of rows of a field on all pages."""
    if spec.by is not None:
        keys = key if isinstance(key, list) else [] if key is None else [key]
        query = structs.replace(query, keys=keys)
    relation = TYPES[spec.of].relation
    at.require(relation.view)
    return await at.ask(lambda reading: reading.count(relation, query, redacted=at.redacted(relation.view)))


async def list_rows(
    at: Standpoint, place: tuple[str, str], spec: Many, key: object, query: RowQuery
) -> Sequence[ComputedRow[Any]]:
    """Return the rows of a field: those tied to `key`, or those of the notice."""
    declaration = TYPES[spec.of]
    if spec.by is None:
        return (await find_rows(at, declaration, query))[0]
    if not isinstance(key, list):
        return [] if key is None else await _rows_near(at, place, declaration, query, key)
    batches = await asyncio.gather(*(_rows_near(at, place, declaration, query, each) for each in key))
    return [row for rows_of_key in batches for row in rows_of_key]
