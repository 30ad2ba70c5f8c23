"""How large a document may be: tokens, depth, aliases and fields; and how many rows an answer may hold.

The rule is one object, so that the validation cache hits. Fragments are measured once each: a document that
spreads them in one another grows exponentially in fields, not in the time that measuring takes.
Imports strawberry and graphql-core.
"""

import time
from collections.abc import Iterable, Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    Node,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    ValidationRule,
    specified_rules,
)
from graphql.validation import ASTValidationRule
from graphql.validation.validate import ValidationAbortedError
from msgspec import Struct
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache

from schema.errors import LIMIT_EXCEEDED, problem

CHARACTERS = 100_000
"""Of a document, with its comments: some are kept, so that they are read and checked once."""
TOKENS = 4_000
DEPTH = 12
ALIASES = 50
FIELDS = 2_000
ROWS = 10_000
"""Rows of all lists of an answer together; each list has at most `schema.derive.connection.LARGEST` of them."""
ROOT_FIELDS = 20
REPEATED = 20
"""How often a field is asked for in one place, all of which become one."""
DIGITS = 100
"""Of a whole number in a document."""
SECONDS = 30
"""How long an operation may go on reading."""
CACHED_DOCUMENTS = 256


class _Size(Struct, frozen=True):
    depth: int = 0
    aliases: int = 0
    fields: int = 0


class DocumentSize(ValidationRule):
    """Refuses a document that is too deep, has too many aliases, or asks for too many fields.

    The first of the rules: what it refuses is looked at no further, as some of the others take time that grows
    with the square of what they are given.
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
        """The fragments that are being measured."""

    def enter_document(self, node: DocumentNode, *_: object) -> None:
        """Measures every operation and fragment."""
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
                self._check(definition)

    def enter_int_value(self, node: IntValueNode, *_: object) -> None:
        """Refuses a number that Python does not read."""
        if len(node.value) > DIGITS:
            raise _refusal(
                f"a number has {len(node.value)} digits, of at most {DIGITS}; write a shorter one", node
            )

    def _check(self, definition: OperationDefinitionNode | FragmentDefinitionNode) -> None:
        size = self._measure(definition.selection_set)
        limits = [("fields", size.fields, FIELDS)]
        called = "fragment"
        if isinstance(definition, OperationDefinitionNode):
            called = "operation"
            limits += [
                ("levels of fields", size.depth, DEPTH),
                ("aliases", size.aliases, ALIASES),
                ("fields at its root", len(definition.selection_set.selections), ROOT_FIELDS),
            ]
        for what, found, limit in limits:
            if found > limit:
                shown = str(found) if found < 10**9 else "far too many"
                raise _refusal(f"the {called} has {shown} {what}, of at most {limit}; split it", definition)
        self._merge([definition.selection_set])

    def _merge(self, sets: Iterable[SelectionSetNode]) -> None:
        """Refuses what stands too often in one place: each is compared with each of the others there."""
        found: dict[str, list[FieldNode]] = {}
        waiting, spread = list(sets), set[str]()
        while waiting:
            for selection in waiting.pop().selections:
                if isinstance(selection, FieldNode):
                    found.setdefault((selection.alias or selection.name).value, []).append(selection)
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append(selection.selection_set)
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                    spread.add(selection.name.value)
                    if selection.name.value in self._fragments:
                        waiting.append(self._fragments[selection.name.value].selection_set)
        for key, fields in found.items():
            if len(fields) > REPEATED:
                raise _refusal(
                    f"{key} is asked for {len(fields)} times in one place, of at most {REPEATED}; ask for it once",
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
            # The depth of introspection is bounded by a rule of graphql-core's own.
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


def _refusal(message: str, node: Node) -> ValidationAbortedError:
    """The error that ends the validation of a document."""
    return ValidationAbortedError(message, node, extensions={"code": LIMIT_EXCEEDED})


RULES: tuple[type[ASTValidationRule], ...] = (DocumentSize, *specified_rules)
CLOSED_RULES = (*RULES, NoSchemaIntrospectionCustomRule)


class Limits(SchemaExtension):
    """Sets the limits on tokens and on the document's size."""

    rules = RULES

    def on_operation(self) -> Iterator[None]:
        """Before the document is parsed."""
        self.execution_context.parse_options["max_tokens"] = TOKENS
        self.execution_context.validation_rules = self.rules
        yield


class ClosedLimits(Limits):
    """The same, and the schema does not tell of itself."""

    rules = CLOSED_RULES


def too_long(document: object) -> GraphQLError | None:
    """The refusal of a document of more than CHARACTERS."""
    if not isinstance(document, str) or len(document) <= CHARACTERS:
        return None
    return problem(
        LIMIT_EXCEEDED, f"the document has {len(document)} characters, of at most {CHARACTERS}; split it"
    )


def parser_cache() -> SchemaExtension:
    """Parsed documents, kept across requests."""
    return ParserCache(maxsize=CACHED_DOCUMENTS)


def validation_cache() -> SchemaExtension:
    """What was found wrong with a document, kept across requests."""
    return ValidationCache(maxsize=CACHED_DOCUMENTS)


class Budget:
    """The rows that one answer may still hold, and the time that it may still take."""

    def __init__(self) -> None:
        self._spent = 0
        self._ends = time.monotonic() + SECONDS

    def in_time(self) -> None:
        """Raises GraphQLError (LIMIT_EXCEEDED) once the operation took longer than SECONDS."""
        if time.monotonic() > self._ends:
            raise problem(
                LIMIT_EXCEEDED, f"the operation took more than {SECONDS} seconds; ask for less at a time"
            )

    @property
    def spent(self) -> int:
        """The rows counted so far."""
        return self._spent

    def spend(self, rows: int) -> None:
        """Counts rows of a list; raises GraphQLError (LIMIT_EXCEEDED) once there are more than ROWS."""
        self._spent += rows
        if self._spent > ROWS:
            raise problem(
                LIMIT_EXCEEDED,
                f"the answer's lists would hold more than {ROWS} rows together; ask for fewer with `first`",
            )
