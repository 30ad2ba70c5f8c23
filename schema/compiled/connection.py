"""Pages of lists, as answer trees. Imports graphql-core."""

from collections.abc import Callable, Mapping

from graphql import GraphQLField
from graphql.execution.collect_fields import FieldDetails

from projections.query.tree import Cursor, EndCursor, HasMore, Node, ObjectNode, PageRows, TotalCount
from schema.compiled.selection import Selection, constant, object_of, python_name

Make = Callable[[GraphQLField, list[FieldDetails]], ObjectNode]
"""Builder of the tree of a field's object, or of each item of its list."""


def page_of(
    selection: Selection, field: GraphQLField, details: list[FieldDetails], make: Make, *, is_after: bool
) -> ObjectNode:
    """Return the tree of a page; `make` builds its rows."""
    page = object_of(field)
    items: list[tuple[str, Node]] = []
    for key, each in selection.below(page, details).items():
        field_below = page.fields.get(each[0].node.name.value)
        if field_below is None:
            items.append((key, constant(page.name)))
        elif python_name(field_below) == "nodes":
            items.append((key, PageRows(make(field_below, each))))
        elif python_name(field_below) == "edges":
            items.append((key, PageRows(_edge(selection, field_below, each, make))))
        elif python_name(field_below) == "total_count":
            items.append((key, TotalCount()))
        else:
            items.append((key, _info(selection, field_below, each, is_after=is_after)))
    return ObjectNode(tuple(items))


def _edge(selection: Selection, field: GraphQLField, details: list[FieldDetails], make: Make) -> ObjectNode:
    edge = object_of(field)
    items: list[tuple[str, Node]] = []
    for key, each in selection.below(edge, details).items():
        field_below = edge.fields.get(each[0].node.name.value)
        if field_below is None:
            items.append((key, constant(edge.name)))
        else:
            items.append((key, Cursor() if python_name(field_below) == "cursor" else make(field_below, each)))
    return ObjectNode(tuple(items))


def _info(selection: Selection, field: GraphQLField, details: list[FieldDetails], *, is_after: bool) -> ObjectNode:
    info = object_of(field)
    members: Mapping[str, Node] = {
        "has_next_page": HasMore(),
        "has_previous_page": constant(is_after),
        "start_cursor": EndCursor(last=False),
        "end_cursor": EndCursor(last=True),
    }
    return ObjectNode(
        tuple(
            (key, constant(info.name) if field_below is None else members[python_name(field_below)])
            for key, each in selection.below(info, details).items()
            for field_below in [info.fields.get(each[0].node.name.value)]
        )
    )
