"""Entries, as answer trees. Imports graphql-core and strawberry.

A reader without access to a notice's entries can filter by `positions` only. Other filters could reveal the
content of entries.
"""

from collections.abc import Mapping

from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.registry import KINDS, find_kind, type_names
from projections.query.condition import Test, names_in
from projections.query.relation import Sort
from projections.query.tree import Cell, Constant, Listing, NarrativeMember, Node, form_of
from projections.views import entries
from schema.compiled.arguments import Arguments, plain
from schema.compiled.connection import Make, Member, PageBounds, Walk, page_of
from schema.compiled.filters import Names, combined_test, conditions_in
from schema.compiled.selection import Selection, constant, object_of, python_name
from schema.context import may
from schema.derive.filters import COMBINED
from schema.derive.order import order_name, sorts_of
from schema.errors import BAD_USER_INPUT, FORBIDDEN, problem
from schema.types.entries import EntryFilter

_ENTRY_FILTER = {"type": "types"}
"""Names of conditions in the relation, by filter of entries, where the two names differ."""
_NARRATIVE: Mapping[NarrativeMember, Node] = {
    "path": Cell("path", "text", optional=False),
    "body": Cell("text", "text", optional=True),
    "erased_by": Cell("erased_by", "int", optional=True),
}
_NARRATIVE_MEMBERS: Mapping[str, NarrativeMember] = {"path": "path", "text": "body", "erased_by": "erased_by"}
_ENTRY_FILTERS: Mapping[str, str] = {
    field.python_name: to_camel_case(field.python_name)
    for field in get_object_definition(EntryFilter, strict=True).fields
    if field.python_name not in COMBINED
}
"""GraphQL names of the filters of entries, by Python name."""


def entries_of(
    selection: Selection,
    walk: Walk,
    field: GraphQLField,
    details: list[FieldDetails],
    make: Make,
    groups: Member,
) -> Listing:
    """Return the tree of a page of entries; `make` builds the trees of entries, and `groups` those of groups.

    Raises:
        GraphQLError: The reader may not filter or order so, an argument is wrong, or a limit is exceeded.
    """
    arguments = selection.arguments(field, details)
    conditions, test = entry_conditions(selection, arguments)
    is_reversed = bool(arguments.values.get("newestFirst"))
    sorts = _sorts(selection, arguments)
    of_list = f"{'newest-' if is_reversed else ''}entries{order_name(sorts)}/"
    bounds = PageBounds.of(selection, arguments, of_list, entries.ENTRY.place_hints(sorts))
    return Listing(
        relation=entries.ENTRY,
        shape="page",
        conditions=conditions,
        test=test,
        item=page_of(walk, field, details, make, groups, bounds),
        sorts=sorts,
        is_reversed=is_reversed,
        **bounds.listing,
    )


def _sorts(selection: Selection, arguments: Arguments) -> tuple[Sort, ...]:
    """Return the sorts of the argument `orderBy`.

    Raises:
        GraphQLError: FORBIDDEN, if the reader may not read entries and orders by other fields than position.
            LIMIT_EXCEEDED for too many fields. BAD_USER_INPUT for a field named twice.
    """
    orders = arguments.value("orderBy") or ()
    sorts = sorts_of("Entry", ((plain(each["field"]), plain(each["direction"])) for each in orders))
    if any(sort.name != "position" for sort in sorts) and not may(selection.roles, "entries"):
        message = f"your roles in {selection.notice} do not read its entries; order them by POSITION only"
        raise problem(FORBIDDEN, message)
    return sorts


def entry_conditions(selection: Selection, arguments: Arguments) -> tuple[dict[str, object], Test | None]:
    """Return the conditions of the argument `filter`, and the test of its filters within and, or and not.

    Without such filters, return None in place of the test.

    Raises:
        GraphQLError: FORBIDDEN, if the reader may not read entries and filters by more than `positions`.
            BAD_USER_INPUT for an unknown type or a wrong text. LIMIT_EXCEEDED for too many conditions.
    """
    conditions: dict[str, object] = {
        _ENTRY_FILTER.get(name, name): argument
        for name, graphql_name in _ENTRY_FILTERS.items()
        if (argument := arguments.argument("filter", graphql_name, via=_types if name == "type" else None))
    }
    names = {written: _ENTRY_FILTER.get(name, name) for name, written in _ENTRY_FILTERS.items()}
    test = combined_test(Names(names, {"type": _types}), arguments)
    if (test is not None or conditions.keys() - {"positions"}) and not may(selection.roles, "entries"):
        message = f"your roles in {selection.notice} do not read its entries, so they can't be searched"
        raise problem(FORBIDDEN, message)
    selection.charge(entries.ENTRY, (*conditions, *names_in(test)))
    selection.check((*conditions.values(), *conditions_in(test)))
    return conditions, test


def entry_member(
    selection: Selection, walk: Walk, name: str, field: GraphQLField, details: list[FieldDetails]
) -> Node:
    """Return the tree of an entry's member; a constant for a member that the reader may not see."""
    visible = may(selection.roles, "entries")
    if name == "withheld":
        return constant(not visible)
    if not visible and name not in ("position", "leaf_hash"):
        return constant([] if name in ("clauses", "narratives") else None)
    if name == "event_id":
        name = "id"
    if name != "narratives":
        return Cell(name, form_of(entries.ENTRY.hints[name]), name not in ("position", "leaf_hash", "clauses"))
    below = object_of(field)
    return Listing(
        relation=entries.NARRATIVE,
        shape="list",
        item=walk(below, details, lambda member, _: _NARRATIVE[_NARRATIVE_MEMBERS[python_name(member)]]),
        by="position",
        key="position",
        counted=False,
    )


def narrative_member(below: GraphQLObjectType, details: list[FieldDetails]) -> NarrativeMember | Constant:
    """Return the selected member of a narrative, or the type's name as a constant for `__typename`."""
    narrative_field = below.fields.get(details[0].node.name.value)
    return constant(below.name) if narrative_field is None else _NARRATIVE_MEMBERS[python_name(narrative_field)]


def _types(name: str) -> list[str]:
    """Return the type names of all versions of the fact that a filter of entries names.

    Raises:
        GraphQLError: BAD_USER_INPUT, if no fact has the name.
    """
    kind = find_kind(name)
    if kind is None:
        names = ", ".join(kind.name for kind in KINDS.values())
        raise problem(BAD_USER_INPUT, f"type is {name[:160]!r}, and no fact has it; the facts are {names}")
    return [*type_names(kind)]
