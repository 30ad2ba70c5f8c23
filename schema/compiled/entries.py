"""Entries, as answer trees. Imports graphql-core."""

from collections.abc import Mapping

from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.registry import find_kind, type_names
from projections.query.tree import Cell, Constant, Listing, NarrativeMember, Node, ObjectNode, form_of
from projections.views import entries
from schema.compiled.connection import Make, page_of
from schema.compiled.fallback import NotCompiled
from schema.compiled.selection import Selection, constant, cursor_parts, first_of, object_of, python_name
from schema.context import may
from schema.types.entries import EntryFilter

_MEMBERS = {"withheld", "narratives", "event_id", *entries.ENTRY.hints}
"""Members of an entry that the database can answer."""
_ENTRY_FILTER = {"type": "types"}
"""Filters of entries that have another name in the relation."""
_NARRATIVE: Mapping[NarrativeMember, Node] = {
    "path": Cell("path", "text", optional=False),
    "body": Cell("text", "text", optional=True),
    "erased_by": Cell("erased_by", "int", optional=True),
}
_NARRATIVE_MEMBERS: Mapping[str, NarrativeMember] = {"path": "path", "text": "body", "erased_by": "erased_by"}
_ENTRY_FILTERS: Mapping[str, str] = {
    field.python_name: field.graphql_name or to_camel_case(field.python_name)
    for field in get_object_definition(EntryFilter, strict=True).fields
}
"""Filters of entries by Python name, with their GraphQL names."""


def entries_of(selection: Selection, field: GraphQLField, details: list[FieldDetails], make: Make) -> Listing:
    """Return the tree of a page of entries; `make` builds its rows."""
    arguments = selection.arguments(field, details)
    if arguments.node_of(("newestFirst",))[0] is not None:
        raise NotCompiled("arguments")
    conditions = {
        _ENTRY_FILTER.get(name, name): argument
        for name, graphql_name in _ENTRY_FILTERS.items()
        if (argument := arguments.argument("filter", graphql_name, via=_types if name == "type" else None))
    }
    if conditions.keys() - {"positions"}:
        selection.require("entries")
    after = cursor_parts(arguments, "entries/", int)
    return Listing(
        relation=entries.ENTRY,
        shape="page",
        item=page_of(selection, field, details, make, is_after=bool(after)),
        conditions=conditions,
        first=first_of(arguments),
        after=after,
        cursors="entries/",
    )


def entry_member(selection: Selection, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
    """Return the tree of an entry's member. A member that the reader may not see is withheld."""
    if name not in _MEMBERS:
        raise NotCompiled("others")
    visible = may(selection.roles, "entries")
    if name == "proof":
        raise NotCompiled("signed")
    if name == "withheld":
        return constant(not visible)
    if not visible and name not in ("position", "leaf_hash"):
        return constant([] if name in ("clauses", "narratives") else None)
    if name == "event_id":
        name = "id"
    if name != "narratives":
        return Cell(name, form_of(entries.ENTRY.hints[name]), name not in ("position", "leaf_hash", "clauses"))
    below = object_of(field)
    items: list[tuple[str, Node]] = []
    for key, each in selection.below(below, details).items():
        member = narrative_member(below, each)
        cell = member if isinstance(member, Constant) else _NARRATIVE[member]
        items.append((key, cell))
    return Listing(
        relation=entries.NARRATIVE,
        shape="list",
        item=ObjectNode(tuple(items)),
        by="position",
        key="position",
        counted=False,
    )


def narrative_member(below: GraphQLObjectType, details: list[FieldDetails]) -> NarrativeMember | Constant:
    """Return the selected member of a narrative."""
    narrative_field = below.fields.get(details[0].node.name.value)
    return constant(below.name) if narrative_field is None else _NARRATIVE_MEMBERS[python_name(narrative_field)]


def _types(name: str) -> list[str]:
    """Return the fact types that a filter of entries names."""
    kind = find_kind(name)
    if kind is None:
        raise NotCompiled("arguments")
    return [*type_names(kind)]
