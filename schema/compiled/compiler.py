"""Compile a query to one statement for each notice that it reads. Imports graphql-core."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cachetools import LRUCache
from graphql import (
    ArgumentNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues, get_variable_values
from graphql.validation import ASTValidationRule
from msgspec import Struct

from ledger.domain.errors import LedgerError
from ledger.domain.roles import Role
from projections.errors import Inexact, NotCaughtUp, TooSlow
from projections.query.reader import AsOf
from projections.query.sql import compose
from projections.query.tree import Statement
from schema.compiled.arguments import Arguments, ArgumentValue, CursorPart, Variables, shape
from schema.compiled.fallback import NotCompiled, Reason
from schema.compiled.selection import Operation, Selection
from schema.compiled.tree_builder import TreeBuilder
from schema.context import Context, may, provenance, suppressed
from schema.limits import CACHED_DOCUMENTS, ROWS, TOKENS, Budget, too_long

SHAPES = 64
"""Number of variable shapes, and of role sets, kept for one operation."""


class _Root(Struct, frozen=True, eq=False):
    """A notice at the root of an operation."""

    field: GraphQLField
    details: list[FieldDetails]
    notice: ArgumentValue
    on: ArgumentValue | None
    position: ArgumentValue | None
    known_at: ArgumentValue | None
    at_least: ArgumentValue | None
    statements: LRUCache[frozenset[Role], Statement]
    """Statements by the roles of their reader."""

    def reading(self, variables: Variables) -> tuple[str, AsOf, int | None]:
        """Return the notice, the as-of point, and the position that the views must have reached."""
        position, at_least = _of(self.position, variables), _of(self.at_least, variables)
        if any(each is not None and each < 1 for each in (position, at_least)):
            raise NotCompiled("arguments")
        return self.notice.of(variables), AsOf(position, _of(self.known_at, variables)), at_least


class _Prepared(Struct, frozen=True, eq=False):
    """An operation, ready to be compiled for variables of any shape."""

    operation: Operation
    written: frozenset[str]
    """Variables used in `first` and `orderBy`. Their values are written into the statement."""
    plans: LRUCache[object, dict[str, bytes | _Root]]

    def plan(self, variables: VariableValues) -> dict[str, bytes | _Root]:
        """Return the fields at the root by response key: JSON if constant, else a notice to query.

        Raises:
            NotCompiled: A part has to be resolved field by field.
        """
        shapes = tuple(
            (name, repr(value) if name in self.written else shape(value))
            for name, value in variables.coerced.items()
        )
        plan = self.plans.get(shapes)
        if plan is None:
            plan = self.plans[shapes] = self._planned(variables)
        return plan

    def _planned(self, variables: VariableValues) -> dict[str, bytes | _Root]:
        root = self.operation.root
        return {
            key: self._part(root, root.fields.get(details[0].node.name.value), details, variables)
            for key, details in self.operation.fields(variables).items()
        }

    def _part(
        self,
        root: GraphQLObjectType,
        field: GraphQLField | None,
        details: list[FieldDetails],
        variables: VariableValues,
    ) -> bytes | _Root:
        name = details[0].node.name.value
        if name == "__typename":
            return msgspec.json.encode(root.name)
        if field is None:
            raise NotCompiled("introspection")
        if name != "notice":
            raise NotCompiled("interface" if name == "node" else "others")
        arguments = Arguments(field, details[0], variables)
        notice = arguments.argument("id")
        if notice is None:
            raise NotCompiled("arguments")
        return _Root(
            field,
            details,
            notice,
            arguments.argument("on"),
            arguments.argument("asOf", "position"),
            arguments.argument("asOf", "knownAt"),
            arguments.argument("atLeast"),
            LRUCache(SHAPES),
        )


class Compiler:
    """Compiles and answers the queries of one schema."""

    def __init__(self, schema: GraphQLSchema, rules: Collection[type[ASTValidationRule]]) -> None:
        self._schema = schema
        self._rules = rules
        self._operations: LRUCache[tuple[str, str | None], _Prepared | Reason] = LRUCache(CACHED_DOCUMENTS)

    async def answer(
        self, context: Context, document: str, variables: Mapping[str, Any] | None, operation_name: str | None
    ) -> bytes:
        """Return the answer's JSON.

        Raises:
            NotCompiled: The operation has to be resolved field by field.
        """
        if too_long(document) is not None:
            raise NotCompiled("limit")
        prepared = self._prepared(document, operation_name)
        coerced = get_variable_values(
            self._schema, prepared.operation.definition.variable_definitions or (), dict(variables or {})
        )
        if not isinstance(coerced, VariableValues):
            raise NotCompiled("invalid")
        try:
            return await _Answering(context, prepared.operation, coerced).answer(prepared.plan(coerced))
        except GraphQLError:
            raise NotCompiled("arguments") from None

    def _prepared(self, document: str, operation_name: str | None) -> _Prepared:
        key = (document, operation_name)
        prepared = self._operations.get(key)
        if prepared is None:
            try:
                prepared = self._prepare(document, operation_name)
            except NotCompiled as fallback:
                prepared = fallback.reason
            self._operations[key] = prepared
        if isinstance(prepared, str):
            raise NotCompiled(prepared)
        return prepared

    def _prepare(self, document: str, operation_name: str | None) -> _Prepared:
        try:
            parsed = parse(document, max_tokens=TOKENS)
            if validate(self._schema, parsed, self._rules):
                raise NotCompiled("invalid")
        except (GraphQLError, RecursionError):
            raise NotCompiled("invalid") from None
        definition = _named(parsed, operation_name)
        if definition.operation is not OperationType.QUERY:
            raise NotCompiled("operation")
        fragments = [each for each in parsed.definitions if isinstance(each, FragmentDefinitionNode)]
        written = _WrittenVariables()
        visit(parsed, written)
        return _Prepared(
            Operation.of(self._schema, definition, fragments), frozenset(written.names), LRUCache(SHAPES)
        )


class _WrittenVariables(Visitor):
    """Collects the variables within `first` and `orderBy`, whose values a statement depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._is_written = False

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """Note whether the variables below are written into the statement."""
        self._is_written = node.name.value in ("first", "orderBy")

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        """Note a variable within such an argument."""
        if self._is_written:
            self.names.add(node.name.value)

    def leave_argument(self, *_: object) -> None:
        """End the argument."""
        self._is_written = False


class _Answering:
    """One request's run of a compiled operation."""

    def __init__(self, context: Context, operation: Operation, variables: VariableValues) -> None:
        self._context = context
        self._operation = operation
        self._variables = variables
        self._read: set[tuple[str, int, bytes]] = set()

    async def answer(self, plan: Mapping[str, bytes | _Root]) -> bytes:
        """Return the JSON. Notices at the same standpoint share a transaction."""
        self._context.budget = Budget()
        self._context.budget.in_time()
        parts = {key: part for key, part in plan.items() if isinstance(part, bytes)}
        readings: dict[tuple[str, AsOf, int | None], dict[str, _Root]] = {}
        for key, part in plan.items():
            if isinstance(part, _Root):
                readings.setdefault(part.reading(self._variables.coerced), {})[key] = part
        for argument, roots in readings.items():
            parts |= await self.answer_at(argument, roots)
        self._context.read = self._read
        data = b",".join(b'"%b":%b' % (key.encode(), parts[key]) for key in plan)
        return b'{"data":{%b},"extensions":%b}' % (data, msgspec.json.encode(provenance(self._read)))

    async def answer_at(
        self, argument: tuple[str, AsOf, int | None], roots: Mapping[str, _Root]
    ) -> dict[str, bytes]:
        notice, as_of, at_least = argument
        context = self._context
        roles = await context.viewer.roles(notice)
        if not may(roles, "notice"):
            raise NotCompiled("refused")
        bound = [self._bound(root, self._statement(root, roles), notice) for root in roots.values()]
        try:
            async with context.reader.at(
                notice, as_of=as_of, at_least=at_least, wait=context.wait, composed=True
            ) as reading:
                if reading.stopped:
                    raise NotCompiled("stopped")
                answers = await reading.answer(bound)
        except (NotCaughtUp, TooSlow) as error:
            context.wait = 0.0  # the wait is spent: the fallback must not wait again
            raise NotCompiled("limit") from error
        except Inexact as error:
            raise NotCompiled("inexact") from error
        except LedgerError as error:
            raise NotCompiled("refused") from error
        if sum(rows for _, rows in answers) + context.budget.spent > ROWS:
            raise NotCompiled("limit")
        for _, rows in answers:
            context.budget.spend(rows)
        self._read.add((notice, reading.position, reading.root_hash))
        if as_of == AsOf():
            context.latest.add(notice)
        return {key: json for key, (json, _) in zip(roots, answers, strict=True)}

    def _statement(self, root: _Root, roles: Sequence[Role]) -> Statement:
        """Return the statement of a notice for readers in these roles."""
        role_set = frozenset(roles)
        statement = root.statements.get(role_set)
        if statement is None:
            selection = Selection(self._operation, self._variables, roles)
            is_as_of = root.position is not None or root.known_at is not None
            builder = TreeBuilder(selection, is_as_of=is_as_of, is_on=root.on is not None)
            tree = builder.notice(root.field, root.details)
            statement = root.statements[role_set] = compose(tree, suppressed(roles))
        return statement

    def _bound(
        self, root: _Root, statement: Statement, notice: str
    ) -> tuple[Statement, dict[object, object], datetime | None]:
        """Return the statement, its parameter values, and the instant at which rules are judged."""
        values = self._variables.coerced
        own: dict[object, object] = {
            each: each.of(values, notice)
            for each in statement.parameters
            if isinstance(each, ArgumentValue | CursorPart)
        }
        return statement, own, _of(root.on, values)


def _of(argument: ArgumentValue | None, variables: Variables) -> Any:  # noqa: ANN401 - of any type
    return None if argument is None else argument.of(variables)


def _named(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation of that name, or the only one."""
    operations = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode) and (name is None or (each.name and each.name.value == name))
    ]
    if len(operations) != 1:
        raise NotCompiled("invalid")
    return operations[0]
