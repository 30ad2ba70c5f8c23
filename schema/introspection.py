"""Limit the queries of the schema itself, whose answers no budget of rows counts.

The answer to such a query is computed at once, while other requests of the process wait. The queries of known
tools pass: they name each field once, and read the members of each type once. Imports graphql-core.
"""

from graphql import FieldNode, FragmentSpreadNode, GraphQLError, InlineFragmentNode, SelectionSetNode
from graphql.validation import ASTValidationRule, ValidationContext
from msgspec import Struct

from schema.errors import LIMIT_EXCEEDED

_ROOTS = ("__schema", "__type")
_MEMBERS = ("fields", "inputFields", "interfaces", "possibleTypes")
"""Names of a type's lists that lead to further types."""


class _Content(Struct, frozen=True):
    """Properties of a selection in a query of the schema."""

    is_aliased: bool = False
    levels: int = 0
    """Depth to which lists of members are nested."""


class IntrospectionCost(ASTValidationRule):
    """Validation rule that refuses a query of the schema with aliases, or with members of a member's type."""

    context: ValidationContext

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Check a field that begins a query of the schema."""
        name = node.name.value
        if name not in _ROOTS:
            return
        content = self._content(node.selection_set)
        if content.is_aliased or (name == "__schema" and node.alias is not None):
            self._refuse(f"the query of {name} has aliases; name each field once", node)
        if content.levels > 1:
            message = f"the query of {name} reads the members of a member's type; query that type with __type"
            self._refuse(message, node)

    def _refuse(self, message: str, node: FieldNode) -> None:
        self.report_error(GraphQLError(message, node, extensions={"code": LIMIT_EXCEEDED}))

    def _content(self, selections: SelectionSetNode | None) -> _Content:
        """Return the properties of a selection; DocumentSize has bounded its fields and refused cycles."""
        whole = _Content()
        for selection in selections.selections if selections else ():
            if isinstance(selection, FragmentSpreadNode):
                fragment = self.context.get_fragment(selection.name.value)
                part = self._content(fragment.selection_set if fragment is not None else None)
            elif isinstance(selection, FieldNode):
                below = self._content(selection.selection_set)
                levels = below.levels + (selection.name.value in _MEMBERS)
                part = _Content(below.is_aliased or selection.alias is not None, levels)
            elif isinstance(selection, InlineFragmentNode):
                part = self._content(selection.selection_set)
            else:
                continue
            whole = _Content(whole.is_aliased or part.is_aliased, max(whole.levels, part.levels))
        return whole
