"""An operation's selections as the tree of an answer, made of the declarations in `schema.derive.declaration`.

Whatever the reader may not see, and whatever would be an error, is not compiled. Imports graphql-core.
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
from schema.compiled.entries import entries_of, member_of_entry, of_text
from schema.compiled.fallback import NotCompiled
from schema.compiled.selection import Selection, after_of, constant, first_of, object_of, python_name
from schema.derive.connection import LARGEST
from schema.derive.declaration import SECTIONS, TYPES, EntryAt, Many, ObjectDeclaration, Same, Value
from schema.types.scalars import Count

_GIVEN: Mapping[str, Mapping[str, SnapshotValue]] = {
    "Ledger": {"size": SnapshotValue("position", "int"), "root_hash": SnapshotValue("root_hash", "text")},
    "AsOf": {
        "position": SnapshotValue("position", "int"),
        "recorded_at": SnapshotValue("recorded_at", "instant"),
        "on": SnapshotValue("on", "instant"),
    },
}
"""What is shown of the reading itself."""


NESTED = 4
"""How many lists may hang on one another: rows multiply, and are counted only once the database has them all."""


class TreeBuilder:
    """Makes the tree of one notice, for readers in these roles."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._nested = 0

    def notice(self, field: GraphQLField, details: list[FieldDetails]) -> Listing:
        """The tree of a notice."""
        shown = TYPES["Notice"]
        return Listing(relation=shown.relation, shape="one", first=1, item=self._object(field, details))

    # --- objects

    def _object(self, field: GraphQLField, details: list[FieldDetails]) -> ObjectNode:
        """The object of a field, or each of its list."""
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
            return constant(parent.name)  # __typename: others were found invalid
        name = python_name(field)
        if parent.name in TYPES:
            return self._shown(TYPES[parent.name], name, field, details)
        if parent.name == "Entry":
            return member_of_entry(self._selection, name, field, details)
        if parent.name in SECTIONS and name in SECTIONS[parent.name][2]:
            return self._listing((parent.name, name), SECTIONS[parent.name][2][name], field, details, None)
        if parent.name not in _GIVEN:
            raise NotCompiled("others")
        if name not in _GIVEN[parent.name]:
            raise NotCompiled("signed")
        return _GIVEN[parent.name][name]

    def _shown(
        self, shown: ObjectDeclaration, name: str, field: GraphQLField, details: list[FieldDetails]
    ) -> Node:
        match shown.fields.get(name):
            case Value() as spec:
                return self._value(shown, spec, spec.name or name, field, details)
            case Many() as spec:
                return self._listing((shown.cls.__name__, name), spec, field, details, shown)
            case Same() as spec:
                return NullableObject(spec.unless, self._object(field, details))
            case EntryAt() as spec:
                item = self._members(object_of(field), details)
                return Listing(
                    relation=entries.ENTRY, shape="one", item=item, by="position", key=spec.position, counted=False
                )
        return self._unlisted(shown, name, field, details)

    def _unlisted(
        self, shown: ObjectDeclaration, name: str, field: GraphQLField, details: list[FieldDetails]
    ) -> Node:
        """What a type shows beside what it declares."""
        if name == "id":
            own = shown.cls.__name__
            return Path(f"{own[:1].lower()}{own[1:]}", shown.node)
        if name.endswith("_erased_by"):
            text = name.removesuffix("_erased_by")
            of = shown.fields[text]
            return ErasedBy((of.name if isinstance(of, Value) else None) or text)
        return self._of_notice(name, field, details)

    def _of_notice(self, name: str, field: GraphQLField, details: list[FieldDetails]) -> Node:
        """What hangs on a notice beside its lists."""
        below = object_of(field)
        if name == "entries":
            return entries_of(self._selection, field, details, self._object)
        if below.name in SECTIONS:
            self._selection.require(SECTIONS[below.name][1])
        return self._members(below, details)

    def _value(
        self, shown: ObjectDeclaration, spec: Value, name: str, field: GraphQLField, details: list[FieldDetails]
    ) -> Node:
        hint = shown.relation.hints[name]
        field_type = unwrap(hint)
        if field_type.type is NarrativeRef:
            return NarrativeBody(name)
        if field_type.type == list[NarrativeRef]:
            below = object_of(field)
            grouped = self._selection.below(below, details)
            return NarrativeList(name, tuple((key, of_text(below, each)) for key, each in grouped.items()))
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
        """A list, unless it hangs on too many others."""
        if self._nested == NESTED:
            raise NotCompiled("limit")
        self._nested += 1
        made = self._list(place, spec, field, details, parent)
        self._nested -= 1
        return made

    def _list(
        self,
        place: tuple[str, str],
        spec: Many,
        field: GraphQLField,
        details: list[FieldDetails],
        parent: ObjectDeclaration | None,
    ) -> Listing:
        shown = TYPES[spec.of]
        relation = shown.relation
        self._selection.require(relation.view)
        spread = (
            parent is not None and spec.key is not None and unwrap(parent.relation.hints[spec.key]).origin is list
        )
        arguments = self._selection.arguments(field, details)
        conditions = _conditions(shown, spec, arguments)
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
        of_list = f"{'.'.join(place)}/"
        after = after_of(arguments, of_list, *(relation.hints[name] for name in relation.order))
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
            after=after,
            cursors=of_list,
        )


def _conditions(shown: ObjectDeclaration, spec: Many, arguments: Arguments) -> dict[str, object]:
    """What a list's rows have to fulfil."""
    found: dict[str, object] = {name: ArgumentValue(None, known=fixed) for name, fixed in spec.where.items()}
    ways = {name: ("filter", to_camel_case(name)) for name in shown.filters}
    for name, way in (ways | {name: (to_camel_case(name),) for name in shown.arguments}).items():
        asked = arguments.asked(*way, via=partial(_same, spec.where[name]) if name in spec.where else None)
        if asked is not None:
            found[name] = asked
    return found


def _same(fixed: object, value: object) -> object:
    """What is asked for where all rows have it."""
    if plain(value) != fixed:
        raise NotCompiled("arguments")
    return fixed
