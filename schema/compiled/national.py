"""The list of notices: one row for each, read at its own position, then one statement over these rows.

So the list has the filters, orders, pages and groups of every other list. Imports strawberry and graphql-core.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from msgspec import Struct
from strawberry.types import Info

from ledger.domain.fields import unwrap
from ledger.domain.roles import Role
from projections.engine.narrative import NarrativeRef
from projections.query.relation import Relation
from projections.query.sent_rows import PARAMETER, fields_read, over_sent_rows
from projections.query.sql import compose
from projections.query.tree import Cell, Listing, Node, ObjectNode, form_of
from projections.views.notice import NOTICE
from schema.compiled.arguments import values_of
from schema.compiled.leaves import place
from schema.compiled.selection import Operation, Selection, object_of, python_name
from schema.compiled.sources import read, variables_of
from schema.compiled.tree_builder import TreeBuilder
from schema.context import Context, Standpoint
from schema.derive.columns import columns
from schema.derive.declaration import Many
from schema.errors import LIMIT_EXCEEDED, problem
from schema.limits import ROWS

MOST_NOTICES = 5_000
"""Most notices of a list on all pages."""
_KEY = "id"
"""Field of a row with the notice's id."""
_PAGE = "page"


class _Whole(Struct):
    """The single row that has the list."""

    position: int


_WHOLE = Relation("notice", _Whole, "(SELECT :notice AS notice, 1 AS position)")


@cache
def _sent_notices(name: str) -> Relation[Any]:
    """Return the relation of the rows of the list."""
    values = {column for column, _ in columns(name).values()}
    narratives = {column for column in values if unwrap(NOTICE.hints[column]).type is NarrativeRef}
    return over_sent_rows(NOTICE, sorted(values - narratives), _KEY)


class _Builder(TreeBuilder):
    """Builder of the tree of the list; each item contains the notice's id only."""

    def notices(self, details: list[FieldDetails]) -> Listing:
        """Return the tree of the list."""
        field = self.selection.field("Query", "notices")
        return self._listing(("Query", "notices"), Many("Notice", ""), field, details, None)

    def _relation(self, name: str) -> Relation[Any]:
        return _sent_notices(name)

    def _object(self, _field: GraphQLField, _details: list[FieldDetails]) -> ObjectNode:
        return ObjectNode(((_KEY, Cell(_KEY, "text", optional=False)),))


async def read_notices(info: Info[Context, Any], readable: Sequence[Standpoint]) -> Any:  # noqa: ANN401 - JSON
    """Return the page of notices that a field selects.

    Args:
        info: The field.
        readable: All notices that the viewer may read.

    Raises:
        GraphQLError: An argument is wrong, or a notice cannot be read.
    """
    if len(readable) > MOST_NOTICES:
        message = f"you may read {len(readable)} notices, of at most {MOST_NOTICES} in a list; read them by id"
        raise problem(LIMIT_EXCEEDED, message)
    field = info._raw_info  # noqa: SLF001 - strawberry has no public name for it
    # The viewer reads each notice in a role of their own; the list itself has no roles.
    selection = Selection(Operation.of_field(field), variables_of(field), "", tuple(Role), {})
    builder = _Builder(selection, is_as_of=False, is_on=False)
    details = [FieldDetails(node, None) for node in field.field_nodes]
    listing = builder.notices(details)
    names = sorted(fields_read(listing))
    rows = [{_KEY: each.notice} | (await _row(info, each, names)) for each in readable]
    page, count = await _page(info, builder, listing, rows)
    info.context.budget.spend(count)
    await _fill(info, selection, page, details, {each.notice: each for each in readable})
    return page


async def _row(info: Info[Context, Any], at: Standpoint, names: Sequence[str]) -> dict[str, Any]:
    """Return the values of a notice's fields."""
    if not names:
        return {}
    members: list[tuple[str, Node]] = [
        (name, Cell(name, form_of(NOTICE.hints[name]), optional=True)) for name in names
    ]
    listing = Listing(relation=NOTICE, shape="one", first=1, item=ObjectNode(tuple(members)))
    values: dict[str, Any] = (await read(info, at, lambda _builder, _details: listing)).value
    return values


async def _page(
    info: Info[Context, Any], builder: TreeBuilder, listing: Listing, rows: Sequence[dict[str, Any]]
) -> tuple[dict[str, Any], int]:
    """Return the page by response key, and the number of its rows and groups."""
    context, selection = info.context, builder.selection
    tree = Listing(relation=_WHOLE, shape="one", first=1, item=ObjectNode(((_PAGE, listing),)))
    statement = compose(tree, (), exact=False, most_rows=ROWS)
    values = values_of(statement.parameters, selection.variables.coerced, "")
    sent: dict[object, object] = {PARAMETER: msgspec.json.encode(rows).decode()}
    async with context.turn, context.reader.without_notice() as snapshot:
        (answer,) = await snapshot.answer([(statement, values | sent, None)], is_last=not builder.leaves)
        json, count = answer or (b"{}", 0)
        page: dict[str, Any] = msgspec.json.decode(json)[_PAGE]
        await place(builder.leaves, page, context, snapshot)
    return page, count


async def _fill(
    info: Info[Context, Any],
    selection: Selection,
    page: dict[str, Any],
    details: list[FieldDetails],
    by_id: dict[str, Standpoint],
) -> None:
    """Read the notices of a page, for the fields selected of them."""

    async def notice(row: dict[str, Any], below: list[FieldDetails]) -> Any:  # noqa: ANN401 - JSON
        return (await read(info, by_id[row[_KEY]], lambda builder, _: builder.object("Notice", below))).value

    connection = selection.type("NoticeConnection")
    for key, each, field in _selected(selection, connection, details):
        if python_name(field) == "nodes":
            page[key] = [await notice(row, each) for row in page[key]]
        elif python_name(field) == "edges":
            for edge_key, below, edge_field in _selected(selection, object_of(field), each):
                if python_name(edge_field) == "node":
                    for edge in page[key]:
                        edge[edge_key] = await notice(edge[edge_key], below)


def _selected(
    selection: Selection, parent: GraphQLObjectType, details: list[FieldDetails]
) -> list[tuple[str, list[FieldDetails], GraphQLField]]:
    """Return the fields of an object that are selected, except `__typename`, with their keys."""
    below = selection.below(parent, details)
    fields = [(key, each, parent.fields.get(each[0].node.name.value)) for key, each in below.items()]
    return [(key, each, field) for key, each, field in fields if field is not None]
