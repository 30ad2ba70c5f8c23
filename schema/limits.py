"""Limits on a document's size, and on the rows and the time of its answer.

Each schema always has the same tuple of rules, so that validations can be cached. Each fragment is measured once:
nested spreads multiply the fields, not the time to measure them. Imports graphql-core.
"""

import time
from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    SKIP,
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInputType,
    InlineFragmentNode,
    IntValueNode,
    Node,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VisitorAction,
    specified_rules,
    validate_input_literal,
)
from graphql.language.ast import QUERY_DOCUMENT_KEYS
from graphql.validation import ASTValidationRule
from graphql.validation.validate import ValidationAbortedError
from msgspec import Struct

from schema.errors import LIMIT_EXCEEDED, problem
from schema.introspection import IntrospectionCost

CHARACTERS = 100_000
"""Maximum number of characters of a document, comments included; documents are cached."""
TOKENS = 4_000
DEPTH = 12
ALIASES = 50
FIELDS = 2_000
ROWS = 10_000
"""Maximum number of rows of all lists of an answer; one list has at most `schema.derive.connection.LARGEST`."""
ROOT_FIELDS = 20
REPEATED = 20
"""Maximum number of occurrences of one field in one selection; all of them are merged."""
DIGITS = 100
"""Maximum number of digits of a whole number in a document."""
SECONDS = 30
"""Maximum number of seconds for which an operation may read."""
NAME_CHARACTERS = 1_000
"""Maximum number of characters of an operation's name in a request."""
VALUES = 10_000
"""Maximum number of values in the variables of a request, and in the conditions of a statement."""
OBJECTS = 1_000
"""Maximum number of objects in the variables of a request. Each costs as much as all members of its type."""
CACHED_DOCUMENTS = 256


class _Size(Struct, frozen=True):
    depth: int = 0
    aliases: int = 0
    fields: int = 0


class DocumentSize(ValidationRule):
    """Validation rule that refuses a document whose depth, aliases, fields or numbers exceed a limit.

    This rule comes first, and a breach of the rule ends the validation.
    Some other rules take time that grows with the square of the document's size.
    """

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._fragments = {
            definition.name.value: definition
            for definition in context.document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._measured: dict[str, _Size] = {}
        self._open: set[str] = set()
        """Names of the fragments whose measurement has not ended."""

    def enter_document(self, node: DocumentNode, *_: object) -> None:
        """Raise GraphQLError if a number, an operation or a fragment of the document exceeds a limit."""
        _check_numbers(node)
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
                self._check(definition)

    def _check(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> None:
        size = self._measure(definition.selection_set)
        limits = [("fields", size.fields, FIELDS)]
        kind = "fragment"
        if isinstance(definition, OperationDefinitionNode):
            kind = "operation"
            limits += [
                ("levels of fields", size.depth, DEPTH),
                ("aliases", size.aliases, ALIASES),
                ("fields at its root", len(definition.selection_set.selections), ROOT_FIELDS),
            ]
        for unit, count, limit in limits:
            if count > limit:
                number = str(count) if count < 10**9 else "far too many"
                raise _refusal(f"the {kind} has {number} {unit}, of at most {limit}; split it", definition)
        self._merge([definition.selection_set])

    def _merge(self, sets: Iterable[SelectionSetNode]) -> None:
        """Raise GraphQLError for a field that occurs too often, since validation compares all its occurrences."""
        fields_by_key: dict[str, list[FieldNode]] = {}
        waiting, spread = list(sets), set[str]()
        while waiting:
            for selection in waiting.pop().selections:
                if isinstance(selection, FieldNode):
                    fields_by_key.setdefault((selection.alias or selection.name).value, []).append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                    spread.add(selection.name.value)
                    if selection.name.value in self._fragments:
                        waiting.append(self._fragments[selection.name.value].selection_set)
        for key, fields in fields_by_key.items():
            if len(fields) > REPEATED:
                raise _refusal(
                    f"{key} occurs {len(fields)} times in one selection, of at most {REPEATED}; select it once",
                    fields[REPEATED],
                )
            self._merge(field.selection_set for field in fields if field.selection_set)

    def _measure(self, selections: SelectionSetNode | None) -> _Size:
        depth = aliases = fields = 0
        for size in self._parts(selections):
            depth = max(depth, size.depth)
            aliases += size.aliases
            fields += size.fields
        return _Size(depth, aliases, fields)

    def _parts(self, selections: SelectionSetNode | None) -> Iterator[_Size]:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FragmentSpreadNode):
                yield self._fragment(selection.name.value)
                continue
            if not isinstance(selection, FieldNode | InlineFragmentNode):
                continue
            below = self._measure(selection.selection_set)
            if isinstance(selection, InlineFragmentNode):
                yield below
                continue
            # graphql-core has its own limit on the depth of introspection
            depth = 1 if selection.name.value.startswith("__") else below.depth + 1
            yield _Size(depth, below.aliases + bool(selection.alias), below.fields + 1)

    def _fragment(self, name: str) -> _Size:
        if name in self._open:
            raise ValidationAbortedError(f"Cannot spread fragment '{name}' within itself.", self._fragments[name])
        if name not in self._measured:
            self._measured[name] = _Size()
            if name in self._fragments:
                self._open.add(name)
                self._measured[name] = self._measure(self._fragments[name].selection_set)
                self._open.remove(name)
        return self._measured[name]


def _check_numbers(document: DocumentNode) -> None:
    """Raise GraphQLError for a whole number of more than DIGITS, in objects and lists too.

    Other rules read objects and lists as a whole.
    """
    waiting: list[Node] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, IntValueNode) and len(node.value) > DIGITS:
            raise _refusal(
                f"a number has {len(node.value)} digits, of at most {DIGITS}; write a shorter one", node
            )
        for key in QUERY_DOCUMENT_KEYS.get(node.kind, ()):
            child = getattr(node, key, None)
            waiting += [child] if isinstance(child, Node) else child or ()


def _refusal(message: str, node: Node) -> ValidationAbortedError:
    """Return the error that ends the validation of a document."""
    return ValidationAbortedError(message, node, extensions={"code": LIMIT_EXCEEDED})


class NamedValues(ValuesOfCorrectTypeRule):
    """graphql-core's rule for values, with errors that name the argument, or the member within it."""

    _name = ""

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """Note the argument whose value comes next."""
        self._name = node.name.value

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        """Note the variable whose default may come next."""
        self._name = f"${node.variable.name.value}"

    def is_valid_value_node(self, node: ValueNode, input_type: GraphQLInputType | None) -> VisitorAction:
        """Report each error in a value and in the values within it."""

        def report(error: GraphQLError, path: list[str | int]) -> None:
            name = ".".join([self._name, *(step for step in path if isinstance(step, str))])
            nodes = error.nodes if error.locations else [node]  # graphql-core's copies have none
            message = f"{name}: {error.message}"
            self.report_error(GraphQLError(message, nodes, original_error=error.original_error))

        if input_type:
            validate_input_literal(node, input_type, report, hide_suggestions=self.context.hide_suggestions)
        return SKIP


RULES: tuple[type[ASTValidationRule], ...] = (
    DocumentSize,
    IntrospectionCost,
    *(NamedValues if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules),
)
CLOSED_RULES = (*RULES, NoSchemaIntrospectionCustomRule)


def too_long(document: object) -> GraphQLError | None:
    """Return the error for a document of more than CHARACTERS; None for a shorter document."""
    return _over(document, CHARACTERS, "the document has {} characters, of at most {}; split it")


def over_limit(
    document: object, operation_name: object = None, variables: Mapping[str, object] | None = None
) -> GraphQLError | None:
    """Return the error for a document, operation name or variables over a limit; None without such an error."""
    error = too_long(document) or _over(
        operation_name, NAME_CHARACTERS, "the operation's name has {} characters, of at most {}; shorten it"
    )
    return error or _too_many(variables)


def _too_many(variables: Mapping[str, object] | None) -> GraphQLError | None:
    """Return the error for variables with too many values or objects; None for fewer."""
    values = objects = 0
    for value in _values(variables):
        values, objects = values + 1, objects + isinstance(value, Mapping)
        if values > VALUES or objects > OBJECTS:
            many = f"{OBJECTS} objects" if objects > OBJECTS else f"{VALUES} values"
            return problem(LIMIT_EXCEEDED, f"the variables have more than {many}; send fewer at a time")
    return None


def _over(text: object, limit: int, message: str) -> GraphQLError | None:
    if not isinstance(text, str) or len(text) <= limit:
        return None
    return problem(LIMIT_EXCEEDED, message.format(len(text), limit))


def _values(variables: Mapping[str, object] | None) -> Iterator[object]:
    """Yield each value of variables, also within lists and objects."""
    waiting: list[Iterable[object]] = [(variables or {}).values()]
    while waiting:
        for value in waiting.pop():
            yield value
            if isinstance(value, Mapping):
                waiting.append(value.values())
            elif isinstance(value, list):
                waiting.append(value)


class Budget:
    """Rows and time that remain for one answer."""

    def __init__(self) -> None:
        self._spent = 0
        self._ends = time.monotonic() + SECONDS

    def in_time(self) -> None:
        """Check that the operation has taken at most SECONDS.

        Raises:
            GraphQLError: LIMIT_EXCEEDED, if it has taken longer.
        """
        if time.monotonic() > self._ends:
            raise problem(
                LIMIT_EXCEEDED, f"the operation took more than {SECONDS} seconds; ask for less at a time"
            )

    @property
    def seconds(self) -> float:
        """Seconds that remain for the operation; a millisecond if its time is over."""
        return max(self._ends - time.monotonic(), 0.001)

    @property
    def spent(self) -> int:
        """Number of rows counted so far."""
        return self._spent

    def spend(self, rows: int) -> None:
        """Count the rows of a list.

        Raises:
            GraphQLError: LIMIT_EXCEEDED, if the answer has more than ROWS rows in all.
        """
        self._spent += rows
        if self._spent > ROWS:
            raise problem(
                LIMIT_EXCEEDED,
                f"the answer's lists would hold more than {ROWS} rows together; ask for fewer with `first`",
            )
