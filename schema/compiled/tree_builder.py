"""Build the answer tree of an operation from the declarations in `schema.derive.declaration`.

Selections that the reader may not see, or that would be an error, are not compiled. Imports graphql-core.
"""

from collections.abc import Mapping
from functools import partial

from graphql import GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.query.tree import (
    Cell,
    ErasedBy,
    Form,
    Listing,
    NarrativeBody,
    NarrativeList,
    Node,
    NullableObject,
    ObjectNode,
    Path,
    SnapshotValue,
    form_of,
)
from projections.views import entries
from schema.compiled.arguments import Arguments, ArgumentValue, plain
from schema.compiled.connection import page_of
from schema.compiled.entries import entries_of, entry_member, narrative_member
from schema.compiled.fallback import NotCompiled
from schema.compiled.selection import Selection, constant, cursor_parts, first_of, object_of, python_name
from schema.derive.connection import LARGEST
from schema.derive.declaration import SECTIONS, TYPES, EntryAt, Facet, Many, ObjectDeclaration, Value
from schema.derive.node import kind_of
from schema.derive.order import order_name, sorts_of
from schema.types.scalars import Count

_STANDPOINT: Mapping[str, Mapping[str, SnapshotValue]] = {
    "Ledger": {"size": SnapshotValue("position", "int"), "root_hash": SnapshotValue("root_hash", "text")},
    "AsOf": {
        "position": SnapshotValue("position", "int"),
        "recorded_at": SnapshotValue("recorded_at", "instant"),
        "on": SnapshotValue("on", "instant"),
    },
}
"""Fields answered from the standpoint itself."""


NESTED = 4
"""Most lists below one another. Rows multiply with each, and are counted only after the database has read them."""


class TreeBuilder:
    """Builder of one notice's tree, for readers in certain roles."""

    def __init__(self, selection: Selection, *, is_as_of: bool, is_on: bool) -> None:
        self._selection = selection
        self._is_as_of = is_as_of
        self._is_on = is_on
        self._nested = 0

    def notice(self, field: GraphQLField, details: list[FieldDetails]) -> Listing:
        """Return the tree of a notice."""
        declaration = TYPES["Notice"]
        return Listing(relation=declaration.relation, shape="one", first=1, item=self._object(field, details))

    # --- objects

    def _object(self, field: GraphQLField, details: list[FieldDetails]) -> ObjectNode:
        """Return the tree of a field's object, or of each item of its list."""
        return self._members(object_of(field), details)

    def _members(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> ObjectNode:
        return ObjectNode(
            tuple(
                (key, self._member(parent, parent.fields.get(each[0].node.name.value), each))
                for key, each in self._selection.below(parent, details).items()
            )
        )

    def _member(self, parent: GraphQLObjectType, field: GraphQLField | None, details: list[FieldDetails]) -> Node:
        if field is None:
            return constant(parent.name)  # __typename: validation has refused every other unknown field
        name = python_name(field)
        if parent.name in TYPES:
            return self._shown(TYPES[parent.name], name, field, details)
        if parent.name == "Entry" and name == "id":
            return self._path("Entry", "position")
        if parent.name == "Entry":
            return entry_member(self._selection, name, field, details)
        if parent.name in SECTIONS and name in SECTIONS[parent.name][2]:
            return self._listing((parent.name, name), SECTIONS[parent.name][2][name], field, details, None)
        if parent.name not in _STANDPOINT:
            raise NotCompiled("others")
        if name not in _STANDPOINT[parent.name]:
            raise NotCompiled("signed")
        return _STANDPOINT[parent.name][name]

    def _shown(
        self, declaration: ObjectDeclaration, name: str, field: GraphQLField, details: list[FieldDetails]
    ) -> Node:
        match declaration.fields.get(name):
            case Value() as spec:
                return self._value(declaration, spec, spec.name or name, field, details)
            case Many() as spec:
                return self._listing((declaration.cls.__name__, name), spec, field, details, declaration)
            case Facet() as spec:
                return NullableObject(spec.unless, self._object(field, details))
            case EntryAt() as spec:
                item = self._members(object_of(field), details)
                return Listing(
                    relation=entries.ENTRY, shape="one", item=item, by="position", key=spec.position, counted=False
                )
        return self._unlisted(declaration, name, field, details)

    def _unlisted(
        self, declaration: ObjectDeclaration, name: str, field: GraphQLField, details: list[FieldDetails]
    ) -> Node:
        """Return the tree of a member that is not declared: the id, or the eraser of a narrative."""
        if name == "id":
            name = declaration.cls.__name__
            return self._path(name, declaration.node)
        if name.endswith("_erased_by"):
            narrative = name.removesuffix("_erased_by")
            of = declaration.fields[narrative]
            return ErasedBy((of.name if isinstance(of, Value) else None) or narrative)
        if name == "notice":
            return SnapshotValue("notice", "text")
        return self._of_notice(name, field, details)

    def _path(self, name: str, key: str | None) -> Path:
        """Return the global id of an object, with the standpoint that the query set."""
        return Path(kind_of(name), key, position=self._is_as_of, on=self._is_on)

    def _of_notice(self, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
        """Return the tree of a member of a notice that is not a list of rows."""
        below = object_of(field)
        if name == "entries":
            return entries_of(self._selection, field, details, self._object)
        if below.name in SECTIONS:
            self._selection.require(SECTIONS[below.name][1])
        return self._members(below, details)

    def _value(
        self,
        declaration: ObjectDeclaration,
        spec: Value,
        name: str,
        field: GraphQLField,
        details: list[FieldDetails],
    ) -> Node:
        hint = declaration.relation.hints[name]
        field_type = unwrap(hint)
        if field_type.type is NarrativeRef:
            return NarrativeBody(name)
        if field_type.type == list[NarrativeRef]:
            below = object_of(field)
            grouped = self._selection.below(below, details)
            return NarrativeList(
                name, tuple((key, narrative_member(below, each)) for key, each in grouped.items())
            )
        form: Form = "count" if spec.type is Count else form_of(hint)
        return Cell(name, form, field_type.optional)

    # --- lists

    def _listing(
        self,
        place: tuple[str, str],
        spec: Many,
        field: GraphQLField,
        details: list[FieldDetails],
        parent: ObjectDeclaration | None,
    ) -> Listing:
        """Return the tree of a list, unless too many lists contain it."""
        if self._nested == NESTED:
            raise NotCompiled("limit")
        self._nested += 1
        listing = self._list(place, spec, field, details, parent)
        self._nested -= 1
        return listing

    def _list(
        self,
        place: tuple[str, str],
        spec: Many,
        field: GraphQLField,
        details: list[FieldDetails],
        parent: ObjectDeclaration | None,
    ) -> Listing:
        declaration = TYPES[spec.of]
        relation = declaration.relation
        self._selection.require(relation.view)
        spread = (
            parent is not None and spec.key is not None and unwrap(parent.relation.hints[spec.key]).origin is list
        )
        arguments = self._selection.arguments(field, details)
        conditions = _conditions(declaration, spec, arguments)
        if not spec.paged:
            return Listing(
                relation=relation,
                shape="one" if spec.one else "list",
                item=self._object(field, details),
                conditions=conditions,
                by=spec.by,
                key=spec.key,
                spread=spread,
                first=1 if spec.one else LARGEST + 1,
            )
        orders = arguments.values.get("orderBy") or ()
        sorts = sorts_of(spec.of, ((plain(each["field"]), plain(each["direction"])) for each in orders))
        of_list = f"{'.'.join(place)}{order_name(sorts)}/"
        after = cursor_parts(arguments, of_list, *relation.place_hints(sorts))
        if after and spec.key is not None:
            raise NotCompiled("cursor")
        return Listing(
            relation=relation,
            shape="page",
            item=page_of(self._selection, field, details, self._object, is_after=bool(after)),
            conditions=conditions,
            by=spec.by,
            key=spec.key,
            spread=spread,
            first=first_of(arguments),
            sorts=sorts,
            after=after,
            cursors=of_list,
        )


def _conditions(declaration: ObjectDeclaration, spec: Many, arguments: Arguments) -> dict[str, object]:
    """Return the conditions on a list's rows."""
    conditions: dict[str, object] = {
        name: ArgumentValue(None, constant=fixed) for name, fixed in spec.where.items()
    }
    paths = {name: ("filter", to_camel_case(name)) for name in declaration.filters}
    for name, path in (paths | {name: (to_camel_case(name),) for name in declaration.arguments}).items():
        argument = arguments.argument(*path, via=partial(_same, spec.where[name]) if name in spec.where else None)
        if argument is not None:
            conditions[name] = argument
    return conditions


def _same(fixed: object, value: object) -> object:
    """Return the list's fixed value; refuse a filter that contradicts it."""
    if plain(value) != fixed:
        raise NotCompiled("arguments")
    return fixed
