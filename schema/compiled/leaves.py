"""Parts of an answer that are filled in or checked after the database has written the rest, such as proofs.

A leaf names its place by a path of response keys below the field that is read. If the path leads through a list,
the leaf has a place in each item. Imports graphql-core.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from graphql import GraphQLError
from msgspec import Struct

from ledger.domain.errors import LedgerError
from projections.query.snapshot import Snapshot
from schema.context import Context
from schema.derive.connection import LARGEST, Bound, foreign_cursor
from schema.errors import LIMIT_EXCEEDED, problem
from schema.types import proofs

Path: TypeAlias = tuple[str, ...]


class RefusedField(Struct, frozen=True):
    """A field that is refused wherever it occurs."""

    path: Path
    error: Exception


class Proof(Struct, frozen=True):
    """The proof of an entry; the database writes the entry's position."""

    path: Path


class Checkpoint(Struct, frozen=True):
    """The signed checkpoint at the position read."""

    path: Path


class CursorOfRow(Struct, frozen=True):
    """A list below a row, with cursors; the database writes null below rows that the cursors do not name."""

    path: Path
    bounds: tuple[Bound, ...]
    """Names of the arguments that contain a cursor."""


class ShortList(Struct, frozen=True):
    """A list that is returned as a whole, if it is not too long."""

    path: Path
    name: str


Leaf: TypeAlias = RefusedField | Proof | Checkpoint | CursorOfRow | ShortList


async def place(
    leaves: Iterable[Leaf],
    source: Any,  # noqa: ANN401 - JSON
    context: Context,
    snapshot: Snapshot,
    *,
    exact: bool,
) -> None:
    """Put the leaves into a decoded answer. An error is raised if `exact`; else it becomes its field's value."""
    positions: list[tuple[dict[str, Any], str]] = []

    def put(parent: dict[str, Any], key: str, value: Any) -> None:  # noqa: ANN401 - JSON or an error
        if exact and isinstance(value, Exception):
            raise value
        parent[key] = value

    for leaf in leaves:
        for parent, key in places(source, leaf.path):
            if isinstance(leaf, Proof):
                positions.append((parent, key))
            else:
                put(parent, key, await _value(leaf, parent[key], context, snapshot))
    if positions:
        texts = await _proofs(context, snapshot, {parent[key] for parent, key in positions})
        for parent, key in positions:
            put(parent, key, texts if isinstance(texts, Exception) else texts[parent[key]])


def places(source: Any, path: Path) -> Iterator[tuple[dict[str, Any], str]]:  # noqa: ANN401 - JSON
    """Yield the object and the key at each place of a path in an answer."""
    if isinstance(source, list):
        for item in source:
            yield from places(item, path)
    elif isinstance(source, dict):
        key, *below = path
        if below:
            yield from places(source[key], tuple(below))
        else:
            yield source, key


async def _value(
    leaf: RefusedField | Checkpoint | CursorOfRow | ShortList,
    written: Any,  # noqa: ANN401 - JSON
    context: Context,
    snapshot: Snapshot,
) -> Any:  # noqa: ANN401 - JSON or an error
    """Return the value that replaces the database's value at a leaf's place."""
    match leaf:
        case RefusedField():
            return leaf.error
        case Checkpoint():
            return await _checkpoint(context, snapshot)
        case CursorOfRow():
            return foreign_cursor(*leaf.bounds) if written is None else written
    if isinstance(written, list) and len(written) > LARGEST:
        return problem(LIMIT_EXCEEDED, f"{leaf.name} has more than {LARGEST} items; narrow its filter")
    return written


async def _checkpoint(context: Context, snapshot: Snapshot) -> str | Exception:
    try:
        return (await proofs.checkpoint(context, snapshot)).note
    except (GraphQLError, LedgerError) as error:
        return error


async def _proofs(context: Context, snapshot: Snapshot, positions: set[int]) -> Any:  # noqa: ANN401 - texts or an error
    try:
        return await proofs.proofs(context, snapshot, positions)
    except (GraphQLError, LedgerError) as error:
        return error
