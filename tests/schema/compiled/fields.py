"""Fields of a notice evaluated in Python, from rows that other SQL reads.

Each list is read as a whole, by one query for all rows that have it.
"""

import asyncio
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from graphql import GraphQLError
from msgspec import Struct
from strawberry.dataloader import DataLoader

from ledger.domain.fields import unwrap
from ledger.domain.registry import KINDS, find_kind, type_names
from ledger.domain.roles import Role
from ledger.intake.envelope import decode_data, decode_envelope, from_envelope
from projections.engine.narrative import NarrativeRef
from projections.query.reader import AsOf, Reader
from projections.query.relation import Sort
from projections.query.snapshot import Snapshot
from projections.views import entries
from schema.context import may, suppressed
from schema.derive.declaration import SECTIONS, TYPES, EntryAt, Facet, Many, Value
from schema.derive.filters import COMBINED
from schema.derive.groups import keys_of
from schema.derive.node import kind_of, standpoint_id
from schema.derive.order import order_name, sorts_of
from schema.limits import ROWS
from tests.projections.rows import ComputedRow, RowQuery, find
from tests.schema.compiled import groups_by_fields
from tests.schema.compiled.pages import Ordered, Page, in_order


class At(Struct, frozen=True, eq=False):
    """A snapshot, and what its reader may see."""

    snapshot: Snapshot
    roles: Sequence[Role]
    global_id: str
    answer: "Answer"

    def require(self, view: str) -> None:
        if not may(self.roles, view):
            raise GraphQLError("forbidden")


class Item(Struct, frozen=True, eq=False):
    """A row as an object of a type; a section or an entry has none."""

    at: At
    name: str
    row: Any = None


class Answer:
    """One evaluation: its reader, and the rows and notices that it reads.

    Lists of several rows are read together, and each list once.
    """

    def __init__(self, reader: Reader, roles: Sequence[Role], notices: Sequence[str]) -> None:
        self.reader = reader
        self.roles = roles
        self.notices = notices
        self.rows = 0
        self.open: list[Any] = []
        self.read: set[tuple[str, int, str]] = set()
        self._running: list[asyncio.Future[Any]] = []
        self._once: dict[Hashable, asyncio.Future[Any]] = {}
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    def shielded(self, value: Awaitable[Any]) -> Awaitable[Any]:
        """Return what waits for the value without cancelling it."""
        running = asyncio.ensure_future(value)
        self._running.append(running)
        return asyncio.shield(running)

    async def settle(self) -> None:
        """Wait for the end of all reads."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def check(self) -> None:
        """Raise GraphQLError if the lists hold more rows than an answer may: the rest is not evaluated."""
        if self.rows > ROWS:
            raise GraphQLError("too many rows")

    async def once(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Return the result of a coroutine, which is run for the first call with this key."""
        if key not in self._once:
            self._once[key] = asyncio.ensure_future(make())
        return await self._once[key]

    def loader(self, key: Hashable, load: Callable[[list[Any]], Any], most: int | None = None) -> Any:
        """Return the loader of this name, which calls `load` with the keys of all sibling fields."""
        if key not in self._loaders:
            self._loaders[key] = DataLoader(load_fn=load, max_batch_size=most)
        return self._loaders[key]

    def groups(
        self, name: str, rows: Sequence[Any], by: Any, value: groups_by_fields.Value | None = None
    ) -> list[Any]:
        """Return the groups of a type's rows."""
        keys_of(name, ((each["field"], each.get("period")) for each in by))
        grouped = groups_by_fields.grouped(rows, by, value or groups_by_fields.value_of(name))
        self.rows += len(grouped)
        return grouped

    async def at(
        self, notice: str, as_of: AsOf | None = None, on: datetime | None = None, at_least: int | None = None
    ) -> At:
        manager = self.reader.at(notice, as_of=as_of, on=on, at_least=at_least, wait=0.0)
        snapshot = await manager.__aenter__()
        self.open.append(manager)
        self.read.add((notice, snapshot.position, b64encode(snapshot.root_hash).decode()))
        position = snapshot.position if as_of is not None else None
        return At(snapshot, self.roles, standpoint_id(notice, position, on), self)


# --- rows


def declared_field(kind: str, name: str) -> Callable[..., Any]:
    declaration = TYPES[kind]
    match declaration.fields.get(name):
        case Value() as spec:
            column = spec.name or name
            return lambda item, _: _value(item.row.value(column), declaration.relation, column)
        case Many() as spec:
            return list_field(kind, name, spec)
        case Facet() as spec:
            return partial(_facet, spec)
        case EntryAt() as spec:
            return lambda item, _: entry_at(item.at, item.row.value(spec.position))
    return _undeclared(kind, name)


def _facet(spec: Facet, item: Item, _info: Any) -> Item | None:
    return None if item.row.value(spec.unless) is None else Item(item.at, spec.of, item.row)


def _undeclared(kind: str, name: str) -> Callable[..., Any]:
    declaration = TYPES[kind]
    if name == "id":
        node = declaration.node
        return lambda item, _: item.at.global_id + (f"/{kind_of(kind)}/{item.row.value(node)}" if node else "")
    if name.endswith("_erased_by"):
        narrative = name.removesuffix("_erased_by")
        spec = declaration.fields[narrative]
        column = (isinstance(spec, Value) and spec.name) or narrative
        return lambda item, _: getattr(item.row.value(column), "erased_by", None)
    return _NOTICE.get(name) or (lambda item, _: _section(item.at, name))


def _value(value: Any, relation: Any, name: str) -> Any:
    bare = unwrap(relation.hints[name]).column_type
    if bare is NarrativeRef:
        return None if value is None else value.body
    if bare == list[NarrativeRef]:
        return [{"path": each.path, "text": each.body, "erased_by": each.erased_by} for each in value]
    return value


def _section(at: At, name: str) -> Item:
    kind = f"{name[:1].upper()}{name[1:]}"
    at.require(SECTIONS[kind].view)
    return Item(at, kind)


def list_field(owner: str, name: str, spec: Many) -> Callable[..., Any]:
    async def resolve(item: Item, _info: Any, **arguments: Any) -> Any:
        at, relation = item.at, TYPES[spec.of].relation
        at.require(relation.view)
        at.answer.check()
        key = item.row.value(spec.key) if spec.key is not None else None
        sorts = sorts_of(spec.of, ((each["field"], each["direction"]) for each in arguments.get("order_by") or ()))
        conditions = _conditions(spec, arguments) | (seen(at, spec.of) if spec.key is None else {})
        rows = await _tied(at, spec, conditions, sorts, key)
        rows = await _matching(at, spec, arguments.get("filter") or {}, rows)
        if not spec.paged:
            rows = rows[: 1 if spec.one else 1_001]
            at.answer.rows += len(rows)
            objects = [Item(at, spec.of, row) for row in rows]
            return objects if not spec.one else objects[0] if objects else None
        of = f"{owner}.{name}{order_name(sorts)}/{at.snapshot.notice}" + ("" if key is None else f"/{key}")
        place = (*(sort.name for sort in sorts), *relation.order)
        items, places = [Item(at, spec.of, row) for row in rows], [row.place(place) for row in rows]
        ordered = Ordered(of, items, places, relation.place_hints(sorts), sorts)
        page = ordered.page(arguments, lambda by: at.answer.groups(spec.of, rows, by))
        at.answer.rows += len(page.nodes)
        return page

    return resolve


def seen(at: At, name: str) -> dict[str, Any]:
    """Return the conditions of the rows of a type that the reader sees in lists."""
    return {} if name != "Actor" or may(at.roles, "entries") else {"enrolled": True}


ALL = 100_000
"""More rows than a list has."""


async def _matching(
    at: At, spec: Many, filters: Mapping[str, Any], rows: list[ComputedRow[Any]]
) -> list[ComputedRow[Any]]:
    """Return the rows that meet the filters combined by and, or and not."""
    if all(filters.get(name) is None for name in COMBINED.values()):
        return rows
    order = TYPES[spec.of].relation.order
    accepted = await accepted_places(at, spec.of, filters)
    return [row for row in rows if tuple(row.place(order)) in accepted]


async def accepted_places(at: At, name: str, filters: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    """Return the places of all rows of a type that meet a filter."""
    relation = TYPES[name].relation
    conditions = {condition: filters.get(each) for each, condition in TYPES[name].conditions.items()}

    async def places() -> set[tuple[Any, ...]]:
        query = RowQuery(conditions, first=ALL)
        (rows,) = await find(at.snapshot, relation, query, redacted=relation.view in suppressed(at.roles))
        accepted = {tuple(row.place(relation.order)) for row in rows}
        return await combine(accepted, filters, lambda inner: accepted_places(at, name, inner))

    result: set[tuple[Any, ...]] = await at.answer.once((at, name, _frozen(filters)), places)
    return set(result)


async def combine(accepted: set[Any], filters: Mapping[str, Any], accept: Callable[[Any], Any]) -> set[Any]:
    """Return the accepted rows that also meet the members `and`, `or` and `not` of a filter."""
    for inner in filters.get("and") or ():
        accepted &= await accept(inner)
    if filters.get("or") is not None:
        accepted &= set[Any]().union(*[await accept(inner) for inner in filters["or"]])
    if filters.get("not") is not None:
        accepted -= await accept(filters["not"])
    return accepted


async def _tied(
    at: At, spec: Many, conditions: Mapping[str, Any], sorts: tuple[Sort, ...], key: Any
) -> list[ComputedRow[Any]]:
    """Return the rows that are tied to a key, or to each of several keys."""
    relation = TYPES[spec.of].relation
    redacted = relation.view in suppressed(at.roles)
    query = RowQuery(conditions, spec.by, first=ALL, sorts=sorts)

    async def load(keys: list[Any]) -> list[list[ComputedRow[Any]]]:
        return await find(at.snapshot, relation, msgspec.structs.replace(query, keys=keys), redacted=redacted)

    loader = at.answer.loader((at, spec.of, spec.by, _frozen(conditions), sorts), load)
    keys = key if isinstance(key, list) else [] if key is None and spec.by is not None else [key]
    return [row for rows in await loader.load_many(keys) for row in rows]


def _frozen(conditions: Mapping[str, Any]) -> str:
    """Return conditions as a text to compare them by."""
    return json.dumps(conditions, sort_keys=True, default=str)


def _conditions(spec: Many, arguments: Mapping[str, Any]) -> dict[str, Any]:
    declaration = TYPES[spec.of]
    filters = arguments.get("filter") or {}
    conditions = {condition: filters.get(name) for name, condition in declaration.conditions.items()}
    conditions |= {name: arguments.get(name) for name in declaration.arguments}
    if any(conditions.get(name) not in (None, fixed) for name, fixed in spec.where.items()):
        raise GraphQLError("the filter contradicts the list")
    return conditions | dict(spec.where)


# --- entries


async def entry_at(at: At, position: int | None) -> dict[str, Any] | None:
    if position is None:
        return None

    async def load(positions: list[int]) -> list[dict[str, Any]]:
        loaded = await _entries(at, entries.EntryFilter(positions=tuple(positions)), first=len(positions))
        by_position = {entry["position"]: entry for entry in loaded}
        return [by_position[each] for each in positions]

    loader: DataLoader[int, dict[str, Any]] = at.answer.loader((at, "entry"), load, most=1_000)
    return await loader.load(position)


async def _entries(at: At, conditions: entries.EntryFilter, **page: Any) -> list[dict[str, Any]]:
    visible = may(at.roles, "entries")
    rows = await entries.page(at.snapshot, filter=conditions, content=visible, **page)
    return [_entry(at, row, visible=visible) for row in rows]


def _entry(at: At, row: entries.EntryRow, *, visible: bool) -> dict[str, Any]:
    known = {
        "id": f"{at.global_id}/entry/{row.position}",
        "at": at,
        "position": row.position,
        "leaf_hash": b64encode(row.leaf_hash).decode(),
        "withheld": not visible,
    }
    if not visible:
        names = ("event_id", "type", "source", "occurred_at", "recorded_at", "actor", "actor_role", "subject")
        nothing = dict.fromkeys((*names, "data", "corrected_by"))
        return known | nothing | {"clauses": [], "narratives": []}
    envelope = decode_envelope(row.body)
    return known | {
        "event_id": row.id,
        "type": row.type,
        "source": row.source,
        "occurred_at": from_envelope(envelope, decode_data(envelope)).occurred_at,
        "recorded_at": row.recorded_at,
        "actor": envelope.actor,
        "actor_role": envelope.actorrole,
        "clauses": row.clauses,
        "subject": envelope.subject,
        "data": msgspec.json.decode(envelope.data),
        "narratives": [
            {"path": path, "text": text.body, "erased_by": text.erased_by} for path, text in row.narratives.items()
        ],
        "corrected_by": row.corrected_by,
    }


async def _entry_page(item: Item, _info: Any, **arguments: Any) -> Page:
    at = item.at
    visible = may(at.roles, "entries")
    sorts = sorts_of("Entry", ((each["field"], each["direction"]) for each in arguments.get("order_by") or ()))
    newest = bool(arguments.get("newest_first"))
    of = f"{'newest-' if newest else ''}entries{order_name(sorts)}/{at.snapshot.notice}"
    filters = {name: value for name, value in (arguments.get("filter") or {}).items() if value is not None}
    if (filters.keys() - {"positions"} or {s.name for s in sorts} - {"position"}) and not visible:
        raise GraphQLError("forbidden")
    every = await _ordered_entries(at, filters, sorts, newest=newest)
    places = [[*(row[_named(sort.name)] for sort in sorts), row["position"]] for row in every]

    def groups(by: Any) -> list[Any]:
        at.require("entries")
        return at.answer.groups("Entry", every, by, lambda row, word: row[word.lower()])

    hints = entries.ENTRY.place_hints(sorts)
    page = Ordered(of, every, places, hints, sorts, newest).page(arguments, groups)
    at.answer.rows += len(page.nodes)
    return page


def _named(column: str) -> str:
    """Return the name of an entry's field for a field of its relation."""
    return "event_id" if column == "id" else column


async def _ordered_entries(at: At, filters: Any, sorts: Sequence[Sort], *, newest: bool) -> list[dict[str, Any]]:
    """Return all entries that meet a filter, in order; null comes last."""
    accepted = await _accepted_entries(at, filters)
    rows = await _entries(at, entries.EntryFilter(), newest_first=newest)
    rows = [row for row in rows if row["position"] in accepted]
    return in_order(rows, sorts, lambda row, sort: row[_named(sort.name)])


async def _accepted_entries(at: At, combined: Mapping[str, Any]) -> set[int]:
    """Return the positions of the entries that meet a filter."""
    filters = {n: v for n, v in combined.items() if v is not None and n not in COMBINED.values()}
    since = filters.pop("since_position", 0)
    if "type" in filters:
        kind = find_kind(filters.pop("type"))
        if kind is None:
            raise GraphQLError(f"the facts are {', '.join(KINDS)}")
        filters["types"] = type_names(kind)
    if "positions" in filters:
        filters["positions"] = tuple(filters["positions"])
    lists = {name: filters.pop(f"{name}_in", None) for name in ("actor", "actor_role", "subject", "source")}
    conditions = entries.EntryFilter(**filters)
    rows = await _entries(at, conditions, after=since)
    accepted = {row["position"] for row in rows if all(v is None or row[name] in v for name, v in lists.items())}
    return await combine(accepted, combined, lambda inner: _accepted_entries(at, inner))


_NOTICE: Mapping[str, Callable[..., Any]] = {
    "notice": lambda item, _: item.at.snapshot.notice,
    "entries": _entry_page,
    "ledger": lambda item, _: {
        "size": item.at.snapshot.position,
        "root_hash": b64encode(item.at.snapshot.root_hash).decode(),
    },
    "as_of": lambda item, _: item.at.snapshot,
}
