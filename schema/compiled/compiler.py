"""Compile a query to one statement for each notice that it reads. Imports graphql-core."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues, get_variable_values
from graphql.validation import ASTValidationRule
from msgspec import Struct

from ledger.domain.errors import LedgerError
from ledger.domain.roles import Role
from projections.errors import Inexact, NotCaughtUp, ReadingError, TooMany, TooSlow
from projections.query.reader import AsOf
from projections.query.sql import compose
from projections.query.tree import Statement
from schema.compiled.arguments import Arguments, ArgumentValue, Variables, shape, values_of, written_variables
from schema.compiled.fallback import NotCompiled, Reason
from schema.compiled.leaves import reason
from schema.compiled.selection import Operation, Selection
from schema.compiled.tree_builder import TreeBuilder
from schema.context import Context, Standpoint, may, provenance, suppressed
from schema.limits import CACHED_DOCUMENTS, ROWS, TOKENS, Budget, too_long

SHAPES = 64
"""Number of variable shapes, and of role sets, kept for one operation."""


class _Root(Struct, frozen=True, eq=False):
    """A notice at the root of an operation."""

    details: list[FieldDetails]
    notice: ArgumentValue
    on: ArgumentValue | None
    position: ArgumentValue | None
    known_at: ArgumentValue | None
    at_least: ArgumentValue | None
    statements: LRUCache[tuple[frozenset[Role], tuple[tuple[str, int], ...]], Statement]
    """Statements by the roles of their reader and by the stopped views."""

    def standpoint(self, variables: Variables) -> Standpoint:
        """Return the standpoint that these variables request."""
        position, at_least = _of(self.position, variables), _of(self.at_least, variables)
        if any(each is not None and each < 1 for each in (position, at_least)):
            raise NotCompiled("arguments")
        as_of = AsOf(position, _of(self.known_at, variables))
        return Standpoint(self.notice.of(variables), as_of, at_least, _of(self.on, variables))


class _Prepared(Struct, frozen=True, eq=False):
    """An operation, ready to be compiled for variables of any shape."""

    operation: Operation
    written: frozenset[str]
    """Variables whose values are written into the statement."""
    plans: LRUCache[object, dict[str, bytes | _Root]]

    def plan(self, variables: VariableValues) -> dict[str, bytes | _Root]:
        """Return the fields at the root by response key: JSON if constant, else a notice to query.

        Raises:
            NotCompiled: graphql-core has to execute a part.
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
            raise NotCompiled("others")
        arguments = Arguments(field, details[0], variables)
        notice = arguments.argument("id")
        if notice is None:
            raise NotCompiled("arguments")
        return _Root(
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
            NotCompiled: graphql-core has to execute the operation.
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
        except GraphQLError:  # of an argument, as its value is read
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
        operation = Operation.of(self._schema, definition, fragments)
        return _Prepared(operation, written_variables(parsed), LRUCache(SHAPES))


class _Answering:
    """One request's run of a compiled operation."""

    def __init__(self, context: Context, operation: Operation, variables: VariableValues) -> None:
        self._context = context
        self._operation = operation
        self._variables = variables
        self._read: set[tuple[str, int, bytes]] = set()

    async def answer(self, plan: Mapping[str, bytes | _Root]) -> bytes:
        """Return the JSON. Notices at the same snapshot share a transaction."""
        self._context.budget = Budget()
        self._context.budget.in_time()
        parts = {key: part for key, part in plan.items() if isinstance(part, bytes)}
        snapshots: dict[tuple[str, AsOf, int | None], list[tuple[str, _Root, Standpoint]]] = {}
        for key, part in plan.items():
            if isinstance(part, _Root):
                standpoint = part.standpoint(self._variables.coerced)
                snapshots.setdefault(standpoint.snapshot, []).append((key, part, standpoint))
        for roots in snapshots.values():
            parts |= await self._answer_at(roots)
        self._context.read = self._read
        data = b",".join(b'"%b":%b' % (key.encode(), parts[key]) for key in plan)
        return b'{"data":{%b},"extensions":%b}' % (data, msgspec.json.encode(provenance(self._read)))

    async def _answer_at(self, roots: Sequence[tuple[str, _Root, Standpoint]]) -> dict[str, bytes]:
        """Return the JSON of notices at the same snapshot, by response key."""
        notice, as_of, at_least = snapshot = roots[0][2].snapshot
        context = self._context
        roles = await context.viewer.roles(notice)
        if not may(roles, "notice"):
            raise NotCompiled("refused")
        requests = [self._request(root, standpoint, roles, {}) for _, root, standpoint in roots]
        try:
            async with context.reader.at(
                notice, as_of=as_of, at_least=at_least, wait=context.wait, composed=True
            ) as reading:
                if reading.stopped:
                    requests = [self._request(root, at, roles, reading.stopped) for _, root, at in roots]
                answers = await reading.answer(requests, seconds=context.budget.seconds)
        except Inexact as error:
            raise NotCompiled("inexact") from error
        except LedgerError as error:
            if isinstance(error, NotCaughtUp | TooSlow):
                context.failures[snapshot] = error
            raise NotCompiled("limit" if isinstance(error, TooSlow | TooMany) else "refused") from error
        parts: dict[str, bytes] = {}
        for (key, _, _), answer in zip(roots, answers, strict=True):
            if answer is None:
                raise NotCompiled("refused")
            parts[key] = answer[0]
        rows = sum(answer[1] for answer in answers if answer is not None)
        if rows + context.budget.spent > ROWS:
            raise NotCompiled("limit")
        context.budget.spend(rows)
        self._read.add((notice, reading.position, reading.root_hash))
        if as_of == AsOf():
            context.latest.add(notice)
        return parts

    def _request(
        self, root: _Root, standpoint: Standpoint, roles: Sequence[Role], stopped: Mapping[str, int]
    ) -> tuple[Statement, dict[object, object], datetime | None]:
        """Return the statement of a notice for this reader, its parameter values, and the effective instant.

        Raises:
            NotCompiled: The statement's bytes are not the whole answer.
        """
        key = (frozenset(roles), tuple(sorted(stopped.items())))
        statement = root.statements.get(key)
        if statement is None:
            selection = Selection(self._operation, self._variables, standpoint.notice, roles, stopped)
            builder = TreeBuilder(selection, is_as_of=standpoint.is_as_of, is_on=standpoint.on is not None)
            try:
                tree = builder.object("Notice", root.details)
            except (GraphQLError, ReadingError):
                raise NotCompiled("refused") from None
            if (why := reason(builder.leaves)) is not None:
                raise NotCompiled(why)
            statement = root.statements[key] = compose(tree, suppressed(roles), most_rows=ROWS)
        values = values_of(statement.parameters, self._variables.coerced, standpoint.notice)
        return statement, values, standpoint.on


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
