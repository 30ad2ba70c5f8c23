"""Entries, as trees of answers. Imports graphql-core."""

from collections.abc import Mapping

from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.registry import find_kind
from projections.query.tree import Cell, Constant, Listing, NarrativeMember, Node, ObjectNode, form_of
from projections.views import entries
from schema.compiled.connection import Make, page_of
from schema.compiled.fallback import NotCompiled
from schema.compiled.selection import Selection, after_of, constant, first_of, object_of, python_name
from schema.context import may
from schema.types.entries import EntryFilter

_MEMBERS = {"withheld", "narratives", *entries.ENTRY.hints}
"""What the database tells of an entry."""
_ENTRY_FILTER = {"type": "types"}
"""What a filter of entries is called in the relation, where it is called otherwise there."""
_NARRATIVE: Mapping[NarrativeMember, Node] = {
    "path": Cell("path", "text", optional=False),
    "body": Cell("text", "text", optional=True),
    "erased_by": Cell("erased_by", "int", optional=True),
}
_OF_TEXTS: Mapping[str, NarrativeMember] = {"path": "path", "text": "body", "erased_by": "erased_by"}
_ENTRY_FILTERS: Mapping[str, str] = {
    field.python_name: field.graphql_name or to_camel_case(field.python_name)
    for field in get_object_definition(EntryFilter, strict=True).fields
}
"""The filters of entries, and their names in GraphQL."""


def entries_of(selection: Selection, field: GraphQLField, details: list[FieldDetails], make: Make) -> Listing:
    """A page of a notice's entries; `make` makes its rows."""
    arguments = selection.arguments(field, details)
    conditions = {
        _ENTRY_FILTER.get(name, name): asked
        for name, shown_as in _ENTRY_FILTERS.items()
        if (asked := arguments.asked("filter", shown_as, via=_types if name == "type" else None))
    }
    if conditions.keys() - {"positions"}:
        selection.require("entries")
    after = after_of(arguments, "entries/", int)
    return Listing(
        relation=entries.ENTRY,
        shape="page",
        item=page_of(selection, field, details, make, is_after=bool(after)),
        conditions=conditions,
        first=first_of(arguments),
        after=after,
        cursors="entries/",
    )


def member_of_entry(selection: Selection, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
    """A member of an entry; what the reader may not see is withheld."""
    if name not in _MEMBERS:
        raise NotCompiled("others")
    seen = may(selection.roles, "entries")
    if name == "proof":
        raise NotCompiled("signed")
    if name == "withheld":
        return constant(not seen)
    if not seen and name not in ("position", "leaf_hash"):
        return constant([] if name in ("clauses", "narratives") else None)
    if name != "narratives":
        return Cell(name, form_of(entries.ENTRY.hints[name]), name not in ("position", "leaf_hash", "clauses"))
    below = object_of(field)
    items: list[tuple[str, Node]] = []
    for key, each in selection.below(below, details).items():
        found = of_text(below, each)
        cell = found if isinstance(found, Constant) else _NARRATIVE[found]
        items.append((key, cell))
    return Listing(
        relation=entries.NARRATIVE,
        shape="list",
        item=ObjectNode(tuple(items)),
        by="position",
        key="position",
        counted=False,
    )


def of_text(below: GraphQLObjectType, details: list[FieldDetails]) -> NarrativeMember | Constant:
    """The member of a narrative that is asked for, by its name."""
    found = below.fields.get(details[0].node.name.value)
    return constant(below.name) if found is None else _OF_TEXTS[python_name(found)]


def _types(name: str) -> list[str]:
    """The type that a filter of entries names."""
    kind = find_kind(name)
    if kind is None:
        raise NotCompiled("arguments")
    return [kind.type]
