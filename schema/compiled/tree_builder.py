"""Build the answer tree of an operation from the declarations in `schema.derive.declaration`.

A selection that the reader may not see, or that is wrong, becomes a leaf of the answer. Imports graphql-core
and strawberry.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from graphql import GraphQLError, GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from strawberry.utils.str_converters import to_camel_case

from ledger.domain.fields import unwrap
from projections.engine.narrative import NarrativeRef
from projections.errors import ReadingError
from projections.query.condition import names_in
from projections.query.relation import Relation
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
from schema.compiled.connection import Member, PageBounds, page_of
from schema.compiled.entries import entries_of, entry_member, narrative_member
from schema.compiled.filters import Names, combined_test, conditions_in
from schema.compiled.groups import groups_of
from schema.compiled.leaves import Checkpoint, CursorOfRow, Leaf, Proof, RefusedField, ShortList
from schema.compiled.selection import Selection, constant, object_of, python_name
from schema.context import may
from schema.derive.columns import relation_of
from schema.derive.connection import LARGEST
from schema.derive.declaration import SECTIONS, TYPES, EntryAt, Facet, Many, ObjectDeclaration, Value, node
from schema.derive.node import kind_of
from schema.derive.order import order_name, sorts_of
from schema.errors import BAD_USER_INPUT, problem
from schema.types.scalars import Count

_STANDPOINT: Mapping[str, Mapping[str, SnapshotValue]] = {
    "Ledger": {
        "size": SnapshotValue("position", "int"),
        "root_hash": SnapshotValue("root_hash", "text"),
        "checkpoint": SnapshotValue("position", "int"),
    },
    "AsOf": {
        "position": SnapshotValue("position", "int"),
        "recorded_at": SnapshotValue("recorded_at", "instant"),
        "on": SnapshotValue("on", "instant"),
    },
}
"""Values of the snapshot, by the type and field that return them; the checkpoint is signed afterwards."""


ROWS = "#rows"
"""Key of the rows that a subscription reads; no response key contains `#`."""


class TreeBuilder:
    """Builder of the tree of one object of a notice, for readers in certain roles.

    The methods raise GraphQLError for a view that the reader may not read, a wrong argument or an exceeded limit.
    They raise ViewStopped for a view that has stopped.
    """

    def __init__(self, selection: Selection, *, is_as_of: bool, is_on: bool) -> None:
        self.selection = selection
        self._is_as_of = is_as_of
        self._is_on = is_on
        self._keys: list[str] = []
        """Response keys down to the present field."""
        self.leaves: list[Leaf] = []
        """Parts of the answer that are filled in or checked after the database has written it."""

    def object(
        self, name: str, details: list[FieldDetails], conditions: Mapping[str, object] | None = None
    ) -> Listing:
        """Return the tree of a section, or of the first row or entry that meets the conditions.

        Raises:
            GraphQLError: FORBIDDEN, if the reader may not read the object's view. BAD_USER_INPUT, if a condition's
                value is wrong.
            ViewStopped: The object's view has stopped before the position read.
        """
        if name == "Entry":
            relation: Relation[Any] = entries.ENTRY
        else:
            relation = TYPES["Notice" if name in SECTIONS else name].relation
            self.selection.require(SECTIONS[name].view if name in SECTIONS else relation.view)
        conditions = {**self._seen(relation), **(conditions or {})}
        self.selection.check(conditions.values())
        return Listing(
            relation=relation, shape="one", first=1, item=self.members(name, details), conditions=conditions
        )

    def rows(
        self, name: str, details: list[FieldDetails], extra: Mapping[str, Node], listing: Mapping[str, Any]
    ) -> Listing:
        """Return the tree of an object with the single member ROWS: rows of a type.

        Args:
            name: Name of the type.
            details: The fields that select the members of a row.
            extra: Further members of each row.
            listing: Relation, conditions and place of the rows.
        """
        self._keys.append(ROWS)
        item = self.members(name, details)
        self._keys.pop()
        rows = Listing(shape="list", item=ObjectNode((*extra.items(), *item.items)), **listing)
        notice = TYPES["Notice"].relation
        return Listing(relation=notice, shape="one", first=1, item=ObjectNode(((ROWS, rows),)))

    def members(self, name: str, details: list[FieldDetails]) -> ObjectNode:
        """Return the tree of an object of a type, with the members selected within these fields."""
        return self._members(self.selection.type(name), details)

    def walk(self, parent: GraphQLObjectType, details: list[FieldDetails], member: Member) -> ObjectNode:
        """Return the tree of an object, with the trees that `member` builds of its selected members."""
        items: list[tuple[str, Node]] = []
        for key, each in self.selection.below(parent, details).items():
            field = parent.fields.get(each[0].node.name.value)
            self._keys.append(key)
            try:
                # validation has refused every unknown field but __typename
                node = constant(parent.name) if field is None else member(field, each)
            except (GraphQLError, ReadingError) as error:
                self.leaves.append(RefusedField(self._here, error))
                node = constant(None)
            self._keys.pop()
            items.append((key, node))
        return ObjectNode(tuple(items))

    @property
    def _here(self) -> tuple[str, ...]:
        return tuple(self._keys)

    # --- objects

    def _object(self, field: GraphQLField, details: list[FieldDetails]) -> ObjectNode:
        """Return the tree of a field's object, or of each item of its list."""
        return self._members(object_of(field), details)

    def _members(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> ObjectNode:
        return self.walk(parent, details, partial(self._member, parent))

    def _member(self, parent: GraphQLObjectType, field: GraphQLField, details: list[FieldDetails]) -> Node:
        name = python_name(field)
        if parent.name in TYPES:
            return self._declared(TYPES[parent.name], name, field, details)
        if name == "id":
            return self._path(parent.name, "position" if parent.name == "Entry" else None)
        if parent.name == "Entry":
            return self._of_entry(name, field, details)
        if parent.name in SECTIONS and name in SECTIONS[parent.name].lists:
            return self._listing((parent.name, name), SECTIONS[parent.name].lists[name], field, details, None)
        if name == "checkpoint":
            self.leaves.append(Checkpoint(self._here))
        return _STANDPOINT[parent.name][name]

    def _declared(
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
        """Return the tree of a member that is not declared, such as the id or the eraser of a narrative."""
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
        """Return the tree of an object's global id, with the standpoint that the query set."""
        return Path("" if name == "Notice" else kind_of(name), key, position=self._is_as_of, on=self._is_on)

    def _of_notice(self, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
        """Return the tree of a member of a notice that is not a list of rows."""
        below = object_of(field)
        if name == "entries":
            groups = partial(self._groups, "Entry")
            return entries_of(self.selection, self.walk, field, details, self._object, groups)
        if below.name in SECTIONS:
            self.selection.require(SECTIONS[below.name].view)
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
            grouped = self.selection.below(below, details)
            return NarrativeList(
                name, tuple((key, narrative_member(below, each)) for key, each in grouped.items())
            )
        form: Form = "count" if spec.type is Count else form_of(hint)
        return Cell(name, form, field_type.optional)

    def _of_entry(self, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
        """Return the tree of a member of an entry."""
        if name == "proof":
            self.leaves.append(Proof(self._here))
            return Cell("position", "int", optional=False)
        if name == "actor_node" and may(self.selection.roles, "entries"):
            return self._listing(("Entry", name), node("Actor", "actor"), field, details, None)
        return entry_member(self.selection, self.walk, name, field, details)

    # --- lists

    def _seen(self, relation: Relation[Any]) -> dict[str, ArgumentValue]:
        """Return the conditions that leave out rows which need a view that the reader may not read."""
        lacking = (name for view, name in relation.unseen.items() if not may(self.selection.roles, view))
        return {name: ArgumentValue(name, None, constant=True) for name in lacking}

    def _relation(self, name: str) -> Relation[Any]:
        """Return the relation of a type's rows."""
        return TYPES[name].relation

    def _groups(self, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
        """Return the tree of the groups of a type's rows."""
        self.selection.require(relation_of(name).view)
        self.leaves.append(ShortList(self._here, "groups"))
        return groups_of(self.selection, self.walk, name, field, details)

    def _listing(
        self,
        place: tuple[str, str],
        spec: Many,
        field: GraphQLField,
        details: list[FieldDetails],
        parent: ObjectDeclaration | None,
    ) -> Listing:
        """Return the tree of a list."""
        declaration = TYPES[spec.of]
        relation = self._relation(spec.of)
        self.selection.require(relation.view)
        spread = (
            parent is not None and spec.key is not None and unwrap(parent.relation.hints[spec.key]).origin is list
        )
        arguments = self.selection.arguments(field, details)
        conditions = _conditions(declaration, spec, arguments)
        if spec.key is None:
            conditions |= self._seen(relation)
        test = combined_test(_names(declaration), arguments)
        self.selection.charge(relation, (*conditions, *names_in(test)))
        self.selection.check((*conditions.values(), *conditions_in(test)))
        if not spec.paged:
            if not spec.one:
                self.leaves.append(ShortList(self._here, place[1]))
            return Listing(
                relation=relation,
                shape="one" if spec.one else "list",
                item=self._object(field, details),
                conditions=conditions,
                test=test,
                by=spec.by,
                key=spec.key,
                spread=spread,
                first=1 if spec.one else LARGEST + 1,
            )
        orders = arguments.values.get("orderBy") or ()
        sorts = sorts_of(spec.of, ((plain(each["field"]), plain(each["direction"])) for each in orders))
        of_list = f"{'.'.join(place)}{order_name(sorts)}/"
        is_below = spec.key is not None
        bounds = PageBounds.of(self.selection, arguments, of_list, relation.place_hints(sorts), is_below=is_below)
        if bounds.cursors and is_below:
            self.leaves.append(CursorOfRow(self._here, tuple(bounds.cursors)))
        return Listing(
            relation=relation,
            shape="page",
            item=page_of(self.walk, field, details, self._object, partial(self._groups, spec.of), bounds),
            conditions=conditions,
            test=test,
            by=spec.by,
            key=spec.key,
            spread=spread,
            sorts=sorts,
            **bounds.listing,
        )


def notice_tree(builder: TreeBuilder, details: list[FieldDetails]) -> Listing:
    """Return the tree of a notice."""
    return builder.object("Notice", details)


def _names(declaration: ObjectDeclaration) -> Names:
    """Return the conditions of the members of a type's filter."""
    return Names({to_camel_case(name): condition for name, condition in declaration.conditions.items()})


def _conditions(declaration: ObjectDeclaration, spec: Many, arguments: Arguments) -> dict[str, object]:
    """Return the conditions on a list's rows, by name."""
    conditions: dict[str, object] = {
        name: ArgumentValue(name, None, constant=fixed) for name, fixed in spec.where.items()
    }
    paths: dict[str, tuple[str, ...]] = {
        condition: ("filter", to_camel_case(name)) for name, condition in declaration.conditions.items()
    }
    for name, path in (paths | {name: (to_camel_case(name),) for name in declaration.arguments}).items():
        argument = arguments.argument(
            *path, via=partial(_same, name, spec.where[name]) if name in spec.where else None
        )
        if argument is not None:
            conditions[name] = argument
    return conditions


def _same(name: str, fixed: object, value: object) -> object:
    """Return the fixed value of a condition on a list's rows.

    Raises:
        GraphQLError: BAD_USER_INPUT, if a filter contradicts the fixed value.
    """
    if plain(value) != fixed:
        raise problem(BAD_USER_INPUT, f"every row of this list has {name} = {fixed}; leave it out of the filter")
    return fixed
