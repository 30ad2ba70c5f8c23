"""Pages of lists, as trees of answers. Imports graphql-core."""

from collections.abc import Callable, Mapping

from graphql import GraphQLField
from graphql.execution.collect_fields import FieldDetails

from projections.query.tree import Cursor, EndCursor, HasMore, Node, ObjectNode, PageRows
from schema.compiled.selection import Selection, constant, object_of, python_name

Make = Callable[[GraphQLField, list[FieldDetails]], ObjectNode]
"""Makes the tree of a field's object, or of each of its list."""


def page_of(
    selection: Selection, field: GraphQLField, details: list[FieldDetails], make: Make, *, is_after: bool
) -> ObjectNode:
    """A page; `make` makes its rows."""
    page = object_of(field)
    items: list[tuple[str, Node]] = []
    for key, each in selection.below(page, details).items():
        found = page.fields.get(each[0].node.name.value)
        if found is None:
            items.append((key, constant(page.name)))
        elif python_name(found) == "nodes":
            items.append((key, PageRows(make(found, each))))
        elif python_name(found) == "edges":
            items.append((key, PageRows(_edge(selection, found, each, make))))
        else:
            items.append((key, _info(selection, found, each, is_after=is_after)))
    return ObjectNode(tuple(items))


def _edge(selection: Selection, field: GraphQLField, details: list[FieldDetails], make: Make) -> ObjectNode:
    edge = object_of(field)
    items: list[tuple[str, Node]] = []
    for key, each in selection.below(edge, details).items():
        found = edge.fields.get(each[0].node.name.value)
        if found is None:
            items.append((key, constant(edge.name)))
        else:
            items.append((key, Cursor() if python_name(found) == "cursor" else make(found, each)))
    return ObjectNode(tuple(items))


def _info(selection: Selection, field: GraphQLField, details: list[FieldDetails], *, is_after: bool) -> ObjectNode:
    info = object_of(field)
    known: Mapping[str, Node] = {
        "has_next_page": HasMore(),
        "has_previous_page": constant(is_after),
        "start_cursor": EndCursor(last=False),
        "end_cursor": EndCursor(last=True),
    }
    return ObjectNode(
        tuple(
            (key, constant(info.name) if found is None else known[python_name(found)])
            for key, each in selection.below(info, details).items()
            for found in [info.fields.get(each[0].node.name.value)]
        )
    )
