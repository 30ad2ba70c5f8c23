"""The list of notices: a row for each notice, read at its own position, then one statement over these rows.

The list therefore has the filters, orders, pages and groups of every other list. Imports graphql-core.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import msgspec
from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues
from msgspec import Struct

from ledger.domain.fields import unwrap
from ledger.domain.roles import Role
from projections.engine.narrative import NarrativeRef
from projections.query.relation import Relation
from projections.query.sent_rows import PARAMETER, fields_read, over_sent_rows
from projections.query.tree import Cell, Listing, Node, ObjectNode, form_of
from projections.views.notice import NOTICE
from schema.compiled.arguments import Arguments, ArgumentValue, value_of
from schema.compiled.execution import Execution, NoticePart, Request, decoded
from schema.compiled.leaves import Path, places
from schema.compiled.selection import Operation, Selection, object_of, python_name
from schema.compiled.tree_builder import TreeBuilder, notice_tree
from schema.context import Standpoint, may
from schema.derive.columns import columns
from schema.derive.declaration import Many
from schema.errors import LIMIT_EXCEEDED, problem

MOST_NOTICES = 5_000
"""Maximum number of notices that the viewer of a list may read."""
_KEY = "id"
"""Name of the field that contains the notice's id."""
_PAGE = "page"


class _Whole(Struct):
    """The single row of the statement that returns the list of notices."""

    position: int


_WHOLE = Relation("notice", _Whole, "(SELECT :notice AS notice, 1 AS position)")


@cache
def _sent_notices(name: str) -> Relation[Any]:
    """Return the relation of the rows that a statement receives, one for each notice."""
    values = {column for column, _ in columns(name).values()}
    narratives = {column for column in values if unwrap(NOTICE.hints[column]).type is NarrativeRef}
    return over_sent_rows(NOTICE, sorted(values - narratives), _KEY)


class _Builder(TreeBuilder):
    """Builder of the tree of the list of notices; each item contains the notice's id only."""

    def page(self, details: list[FieldDetails]) -> Listing:
        """Return the tree of the list of notices."""
        field = self.selection.field("Query", "notices")
        self._keys.append(_PAGE)
        return self._listing(("Query", "notices"), Many("Notice", ""), field, details, None)

    def _relation(self, name: str) -> Relation[Any]:
        return _sent_notices(name)

    def _object(self, _field: GraphQLField, _details: list[FieldDetails]) -> ObjectNode:
        return ObjectNode(((_KEY, Cell(_KEY, "text", optional=False)),))


class NoticeList(Struct, frozen=True, eq=False):
    """Root field with the notices that the viewer may read."""

    on: ArgumentValue | None
    row: NoticePart | None
    """Part that reads the values by which notices are filtered, ordered or grouped; None if only the id counts."""
    page: NoticePart
    notices: Sequence[tuple[Path, NoticePart]]
    """Places of notices in the page, with the parts selected there."""

    @classmethod
    def of(
        cls, operation: Operation, details: list[FieldDetails], arguments: Arguments, variables: VariableValues
    ) -> "NoticeList":
        """Return the list of notices that a field selects.

        Raises:
            GraphQLError: An argument is wrong, or a limit is exceeded.
        """
        # The viewer reads each notice in a role of their own; the list itself has no roles.
        own = _Builder(Selection(operation, variables, "", tuple(Role), {}), is_as_of=False, is_on=False)
        listing = own.page(details)
        whole = Listing(relation=_WHOLE, shape="one", first=1, item=ObjectNode(((_PAGE, listing),)))
        names = sorted(fields_read(listing))
        members: list[tuple[str, Node]] = [
            (name, Cell(name, form_of(NOTICE.hints[name]), optional=True)) for name in names
        ]
        row = Listing(relation=NOTICE, shape="one", first=1, item=ObjectNode(tuple(members)))

        def build_page(builder: TreeBuilder, _details: list[FieldDetails]) -> Listing:
            builder.leaves += own.leaves
            return whole

        return cls(
            arguments.argument("on"),
            NoticePart(operation, details, lambda _builder, _details: row) if names else None,
            NoticePart(operation, details, build_page),
            [
                (path, NoticePart(operation, below, notice_tree))
                for path, below in _notices(own.selection, details)
            ],
        )

    async def read(self, execution: Execution) -> dict[str, Any]:
        """Return the page of the viewer's notices.

        Raises:
            GraphQLError: The viewer may read too many notices, an argument is wrong, or a limit is exceeded.
            LedgerError: A notice cannot be read.
            Unconfirmed: The viewer cannot be judged from memory.
        """
        context = execution.context
        on = value_of(self.on, execution.variables.coerced)
        readable = [notice for notice, roles in (await context.parts()).items() if may(roles, "notice")]
        if len(readable) > MOST_NOTICES:
            message = f"you may read {len(readable)} notices, of at most {MOST_NOTICES} in a list; read them by id"
            raise problem(LIMIT_EXCEEDED, message)
        rows = [
            {_KEY: notice} | await _values(execution, Standpoint(notice, on=on), self.row) for notice in readable
        ]
        sent: dict[object, object] = {PARAMETER: msgspec.json.encode(rows).decode()}
        async with context.turn, context.reader.without_notice() as snapshot:
            (whole,) = await execution.answer(snapshot, [Request(Standpoint(""), self.page)], tuple(Role), sent)
        page: dict[str, Any] = decoded(whole)[_PAGE]
        for path, part in self.notices:
            for parent, key in places(page, path):
                below = parent[key]
                standpoints = [
                    Standpoint(row[_KEY], on=on) for row in (below if isinstance(below, list) else [below])
                ]
                read = [(await execution.read([Request(each, part)]))[0][0] for each in standpoints]
                parent[key] = read if isinstance(below, list) else read[0]
        return page


async def _values(execution: Execution, standpoint: Standpoint, row: NoticePart | None) -> dict[str, Any]:
    """Return the values by which a notice is filtered, ordered or grouped; empty if only its id counts."""
    if row is None:
        return {}
    (json,), _ = await execution.read([Request(standpoint, row)])
    values: dict[str, Any] = decoded(json)
    return values


def _notices(selection: Selection, details: list[FieldDetails]) -> Iterator[tuple[Path, list[FieldDetails]]]:
    """Yield the places of notices in the page, with the fields that select the notices."""
    for key, each, field in _selected(selection, selection.type("NoticeConnection"), details):
        if python_name(field) == "nodes":
            yield (key,), each
        elif python_name(field) == "edges":
            for edge_key, below, edge_field in _selected(selection, object_of(field), each):
                if python_name(edge_field) == "node":
                    yield (key, edge_key), below


def _selected(
    selection: Selection, parent: GraphQLObjectType, details: list[FieldDetails]
) -> list[tuple[str, list[FieldDetails], GraphQLField]]:
    """Return the response key, nodes and definition of each selected field of an object, except `__typename`."""
    below = selection.below(parent, details)
    fields = [(key, each, parent.fields.get(each[0].node.name.value)) for key, each in below.items()]
    return [(key, each, field) for key, each, field in fields if field is not None]
