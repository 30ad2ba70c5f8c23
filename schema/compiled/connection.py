"""Pages of lists, as answer trees. Imports graphql-core."""

from collections.abc import Callable, Mapping
from functools import partial

from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails

from projections.query.tree import Cursor, EndCursor, HasMore, Node, ObjectNode, PageRows, TotalCount
from schema.compiled.selection import constant, object_of, python_name

Member = Callable[[GraphQLField, list[FieldDetails]], Node]
"""Builder of the tree of one selected field."""
Walk = Callable[[GraphQLObjectType, list[FieldDetails], Member], ObjectNode]
"""Builder of an object's tree from those of the fields selected below these."""
Make = Callable[[GraphQLField, list[FieldDetails]], ObjectNode]
"""Builder of the tree of a field's object, or of each item of its list."""


def page_of(
    walk: Walk, field: GraphQLField, details: list[FieldDetails], make: Make, groups: Member, *, is_after: bool
) -> ObjectNode:
    """Return the tree of a page; `make` builds its rows, and `groups` their groups."""

    def member(below: GraphQLField, each: list[FieldDetails]) -> Node:
        match python_name(below):
            case "nodes":
                return PageRows(make(below, each))
            case "edges":
                return PageRows(walk(object_of(below), each, partial(_of_edge, make)))
            case "total_count":
                return TotalCount()
            case "groups":
                return groups(below, each)
        return walk(object_of(below), each, lambda info, _: _of_page(info, is_after=is_after))

    return walk(object_of(field), details, member)


def _of_edge(make: Make, field: GraphQLField, details: list[FieldDetails]) -> Node:
    return Cursor() if python_name(field) == "cursor" else make(field, details)


def _of_page(field: GraphQLField, *, is_after: bool) -> Node:
    members: Mapping[str, Node] = {
        "has_next_page": HasMore(),
        "has_previous_page": constant(is_after),
        "start_cursor": EndCursor(last=False),
        "end_cursor": EndCursor(last=True),
    }
    return members[python_name(field)]
