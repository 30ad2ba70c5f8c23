"""Groups of a list, as answer trees. Imports graphql-core."""

from collections.abc import Mapping
from functools import partial

from graphql import GraphQLField
from graphql.execution.collect_fields import FieldDetails

from projections.query.groups import Figure, FigureOf, Quantity
from projections.query.tree import Form, GroupFigure, GroupKeys, Groups, GroupSize, Node
from schema.compiled.arguments import plain
from schema.compiled.connection import Walk
from schema.compiled.selection import Selection, object_of, python_name
from schema.derive.groups import keys_of, quantity_of

_FIGURES: Mapping[str, tuple[Figure, Form]] = {
    "count": ("count", "count"),
    "min": ("min", "float"),
    "max": ("max", "float"),
    "sum": ("sum", "float"),
    "mean": ("mean", "float"),
    "first": ("min", "date"),
    "last": ("max", "date"),
}
"""Figures and their forms, by member of GroupNumbers or GroupDays."""


def groups_of(
    selection: Selection, walk: Walk, name: str, field: GraphQLField, details: list[FieldDetails]
) -> Groups:
    """Return the tree of the groups of a type's rows.

    Raises:
        GraphQLError: The keys are too many, or wrong.
    """
    by = selection.arguments(field, details).value("by") or ()
    keys = keys_of(name, ((plain(each["field"]), plain(each["period"])) for each in by))
    return Groups(keys, walk(object_of(field), details, partial(_member, selection, walk, name)))


def _member(selection: Selection, walk: Walk, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
    """Return the tree of a member of a group."""
    member = python_name(field)
    if member == "keys":
        return GroupKeys()
    if member == "count":
        return GroupSize()
    values = selection.arguments(field, details).values
    quantity = quantity_of(name, member, {argument: plain(word) for argument, word in values.items()})
    return walk(object_of(field), details, partial(_figure, quantity))


def _figure(quantity: Quantity, field: GraphQLField, _details: list[FieldDetails]) -> GroupFigure:
    figure, form = _FIGURES[python_name(field)]
    return GroupFigure(FigureOf(figure, quantity), form)
