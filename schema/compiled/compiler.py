"""Answers an operation by one statement for each notice that it reads. Imports graphql-core."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
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
from schema.compiled.arguments import After, Arguments, ArgumentValue, Variables, shape
from schema.compiled.fallback import NotCompiled, Reason
from schema.compiled.selection import Operation, Selection
from schema.compiled.tree_builder import TreeBuilder
from schema.context import Context, may, provenance, suppressed
from schema.limits import CACHED_DOCUMENTS, ROWS, TOKENS, Budget, too_long

SHAPES = 64
"""How many shapes of variables, and how many sets of roles, are kept for one operation."""


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
    """By the roles of their reader."""

    def reading(self, variables: Variables) -> tuple[str, AsOf, int | None]:
        """What is to be read: of which notice, as of when, and the position that it must have seen."""
        position, at_least = _of(self.position, variables), _of(self.at_least, variables)
        if any(each is not None and each < 1 for each in (position, at_least)):
            raise NotCompiled("arguments")
        return self.notice.of(variables), AsOf(position, _of(self.known_at, variables)), at_least


class _Prepared(Struct, frozen=True, eq=False):
    """An operation, ready to be compiled for variables of any shape."""

    operation: Operation
    firsts: frozenset[str]
    """The variables that say how long a list may be: that is written into the statement, to be planned for."""
    plans: LRUCache[object, dict[str, bytes | _Root]]

    def plan(self, variables: VariableValues) -> dict[str, bytes | _Root]:
        """What stands at the root, by key; raises NotCompiled."""
        seen = tuple(
            (name, value if name in self.firsts else shape(value)) for name, value in variables.coerced.items()
        )
        plan = self.plans.get(seen)
        if plan is None:
            plan = self.plans[seen] = self._planned(variables)
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
        notice = arguments.asked("id")
        if notice is None:
            raise NotCompiled("arguments")
        return _Root(
            field,
            details,
            notice,
            arguments.asked("on"),
            arguments.asked("asOf", "position"),
            arguments.asked("asOf", "knownAt"),
            arguments.asked("atLeast"),
            LRUCache(SHAPES),
        )


class Compiler:
    """Answers the queries of a schema."""

    def __init__(self, schema: GraphQLSchema, rules: Collection[type[ASTValidationRule]]) -> None:
        self._schema = schema
        self._rules = rules
        self._operations: LRUCache[tuple[str, str | None], _Prepared | Reason] = LRUCache(CACHED_DOCUMENTS)

    async def answer(
        self, context: Context, document: str, variables: Mapping[str, Any] | None, operation_name: str | None
    ) -> bytes:
        """The answer's JSON; raises NotCompiled."""
        if too_long(document) is not None:
            raise NotCompiled("limit")
        prepared = self._prepared(document, operation_name)
        given = get_variable_values(
            self._schema, prepared.operation.definition.variable_definitions or (), dict(variables or {})
        )
        if not isinstance(given, VariableValues):
            raise NotCompiled("invalid")
        try:
            return await _Answering(context, prepared.operation, given).answer(prepared.plan(given))
        except GraphQLError:
            raise NotCompiled("arguments") from None

    def _prepared(self, document: str, operation_name: str | None) -> _Prepared:
        key = (document, operation_name)
        found = self._operations.get(key)
        if found is None:
            try:
                found = self._prepare(document, operation_name)
            except NotCompiled as why:
                found = why.reason
            self._operations[key] = found
        if isinstance(found, str):
            raise NotCompiled(found)
        return found

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
        firsts = _Firsts()
        visit(parsed, firsts)
        return _Prepared(
            Operation.of(self._schema, definition, fragments), frozenset(firsts.found), LRUCache(SHAPES)
        )


class _Firsts(Visitor):
    """Finds the variables that are given as `first`."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Looks at a field's arguments."""
        for argument in node.arguments or ():
            if argument.name.value == "first" and isinstance(argument.value, VariableNode):
                self.found.add(argument.value.name.value)


class _Answering:
    """The answer to one request."""

    def __init__(self, context: Context, operation: Operation, variables: VariableValues) -> None:
        self._context = context
        self._operation = operation
        self._variables = variables
        self._read: set[tuple[str, int, bytes]] = set()

    async def answer(self, plan: Mapping[str, bytes | _Root]) -> bytes:
        """The JSON; notices that are read alike are read at once."""
        self._context.budget = Budget()
        self._context.budget.in_time()
        found = {key: part for key, part in plan.items() if isinstance(part, bytes)}
        readings: dict[tuple[str, AsOf, int | None], dict[str, _Root]] = {}
        for key, part in plan.items():
            if isinstance(part, _Root):
                readings.setdefault(part.reading(self._variables.coerced), {})[key] = part
        for asked, roots in readings.items():
            found |= await self._answered(asked, roots)
        data = b",".join(b'"%b":%b' % (key.encode(), found[key]) for key in plan)
        return b'{"data":{%b},"extensions":%b}' % (data, msgspec.json.encode(provenance(self._read)))

    async def _answered(self, asked: tuple[str, AsOf, int | None], roots: Mapping[str, _Root]) -> dict[str, bytes]:
        notice, as_of, at_least = asked
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
            context.wait = 0.0  # it was waited for already
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
        return {key: json for key, (json, _) in zip(roots, answers, strict=True)}

    def _statement(self, root: _Root, roles: Sequence[Role]) -> Statement:
        """The statement of a notice for readers in these roles."""
        kept = frozenset(roles)
        found = root.statements.get(kept)
        if found is None:
            tree = TreeBuilder(Selection(self._operation, self._variables, roles)).notice(root.field, root.details)
            found = root.statements[kept] = compose(tree, suppressed(roles))
        return found

    def _bound(
        self, root: _Root, statement: Statement, notice: str
    ) -> tuple[Statement, dict[object, object], datetime | None]:
        """The statement with the values of its own parameters, and the instant at which rules are judged."""
        values = self._variables.coerced
        own: dict[object, object] = {
            each: each.of(values, notice)
            for each in statement.parameters
            if isinstance(each, ArgumentValue | After)
        }
        return statement, own, _of(root.on, values)


def _of(asked: ArgumentValue | None, variables: Variables) -> Any:  # noqa: ANN401 - of any type
    return None if asked is None else asked.of(variables)


def _named(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation of that name, or the only one."""
    found = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode) and (name is None or (each.name and each.name.value == name))
    ]
    if len(found) != 1:
        raise NotCompiled("invalid")
    return found[0]
