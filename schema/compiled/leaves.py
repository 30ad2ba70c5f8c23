"""Parts of an answer that the database does not write: refusals, proofs and the checkpoint.

A leaf names its place by the response keys below the field that is read. A list on the way means each of its
items. Imports graphql-core.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from graphql import GraphQLError
from msgspec import Struct

from ledger.domain.errors import LedgerError
from projections.query.snapshot import Snapshot
from schema.compiled.fallback import Reason
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
    """A list below a row, with cursors; the database writes null for every row but the cursors'."""

    path: Path
    bounds: tuple[Bound, ...]
    """Arguments with a cursor."""


class ShortList(Struct, frozen=True):
    """A list that is returned as a whole, if it is not too long."""

    path: Path
    name: str


Leaf: TypeAlias = RefusedField | Proof | Checkpoint | CursorOfRow | ShortList

_REASONS: dict[type[Leaf], Reason] = {
    RefusedField: "refused",
    Proof: "signed",
    Checkpoint: "signed",
    CursorOfRow: "cursor",
}


def reason(leaves: Iterable[Leaf]) -> Reason | None:
    """Return why the bytes of an exact statement are not the answer; None if they are."""
    return next((_REASONS[type(leaf)] for leaf in leaves if not isinstance(leaf, ShortList)), None)


async def place(leaves: Iterable[Leaf], source: Any, context: Context, snapshot: Snapshot) -> None:  # noqa: ANN401 - JSON
    """Put the leaves into a decoded answer; an error becomes the value of its field."""
    positions: list[tuple[dict[str, Any], str]] = []
    for leaf in leaves:
        for parent, key in _places(source, leaf.path):
            match leaf:
                case RefusedField():
                    parent[key] = leaf.error
                case Proof():
                    positions.append((parent, key))
                case Checkpoint():
                    parent[key] = await _checkpoint(context, snapshot)
                case CursorOfRow():
                    parent[key] = foreign_cursor(*leaf.bounds) if parent[key] is None else parent[key]
                case ShortList():
                    parent[key] = _checked(leaf, parent[key])
    if positions:
        texts = await _proofs(context, snapshot, {parent[key] for parent, key in positions})
        for parent, key in positions:
            parent[key] = texts if isinstance(texts, Exception) else texts[parent[key]]


def _places(source: Any, path: Path) -> Iterator[tuple[dict[str, Any], str]]:  # noqa: ANN401 - JSON
    """Yield the object and the key of each place."""
    if isinstance(source, list):
        for item in source:
            yield from _places(item, path)
    elif isinstance(source, dict):
        key, *below = path
        if below:
            yield from _places(source[key], tuple(below))
        else:
            yield source, key


def _checked(leaf: ShortList, rows: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(rows, list) and len(rows) > LARGEST:
        return problem(LIMIT_EXCEEDED, f"{leaf.name} has more than {LARGEST} items; narrow its filter")
    return rows


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
