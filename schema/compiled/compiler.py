"""Compile a query, and execute it exactly: a statement for each selection below a notice. Imports graphql-core."""

import sys
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
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
from projections.errors import Inexact
from schema.compiled.arguments import shape, written_variables
from schema.compiled.execution import SHAPES, Execution
from schema.compiled.fallback import NotCompiled, Reason
from schema.compiled.roots import Root, root_of, values
from schema.compiled.selection import Operation
from schema.context import Context, provenance
from schema.errors import LIMIT_EXCEEDED
from schema.limits import CHARACTERS, TOKENS, Budget, over_limit

MEMORY = 100_000_000
"""Bytes of memory, by estimate, of all operations of a process; the least recently used are forgotten."""
MEMORY_OF_ONE = 20_000_000
"""Bytes of memory, by estimate, beyond which one operation is forgotten."""
_BYTES_PER_OPERATION = 20_000
"""Estimate of the bytes of memory of an operation, apart from the rest."""
_BYTES_PER_CHARACTER = 80
"""Estimate of the bytes of memory for each character of a document, whose tokens are kept."""
_BYTES_PER_ROOT = 3_000
"""Estimate of the bytes of memory for each root field of a plan."""


class _Prepared(Struct, frozen=True, eq=False):
    """An operation, ready to be executed with variables of any shape."""

    operation: Operation
    written: frozenset[str]
    """Names of the variables whose values are written into the statement."""
    plans: LRUCache[str, Mapping[str, Root | str]]

    def plan(self, variables: VariableValues) -> Mapping[str, Root | str]:
        """Return the root fields by response key; for `__typename`, the name of the root type.

        Raises:
            NotCompiled: A field belongs to introspection.
            GraphQLError: An argument is wrong, or a limit is exceeded.
        """
        shapes = repr(
            [(name, value if name in self.written else shape(value)) for name, value in variables.coerced.items()]
        )
        plan = self.plans.get(shapes)
        if plan is None:
            fields = self.operation.fields(variables).items()
            plan = self.plans[shapes] = {key: self._root(details, variables) for key, details in fields}
            # twice, because the plan has the written values as constants too
            self.operation.memory.bytes += len(plan) * _BYTES_PER_ROOT + 2 * sys.getsizeof(shapes)
        return plan

    def _root(self, details: list[FieldDetails], variables: VariableValues) -> Root | str:
        root, name = self.operation.root, details[0].node.name.value
        if name == "__typename":
            return root.name
        if name not in root.fields:
            raise NotCompiled("introspection")
        return root_of(self.operation, root.fields[name], details, variables)


class Compiler:
    """Compiler of the queries of one schema, which also answers the queries."""

    def __init__(self, schema: GraphQLSchema, rules: Collection[type[ASTValidationRule]]) -> None:
        self._schema = schema
        self._rules = rules
        self._operations: LRUCache[tuple[str, str | None], _Prepared | Reason] = LRUCache(MEMORY, _bytes_of)

    async def answer(
        self, context: Context, document: str, variables: Mapping[str, Any] | None, operation_name: str | None
    ) -> bytes:
        """Return the answer to a query, as JSON.

        Raises:
            NotCompiled: graphql-core has to execute the operation.
            Unconfirmed: The viewer cannot be judged from memory.
        """
        if over_limit(document, operation_name, variables) is not None:
            raise NotCompiled("limit")
        prepared = self._prepared(document, operation_name)
        before = _bytes_of(prepared)
        try:
            return await self._answer(context, prepared, variables)
        finally:
            if _bytes_of(prepared) > before:
                self._keep((document, operation_name), prepared)

    async def _answer(self, context: Context, prepared: _Prepared, variables: Mapping[str, Any] | None) -> bytes:
        coerced = get_variable_values(
            self._schema, prepared.operation.definition.variable_definitions or (), dict(variables or {})
        )
        if not isinstance(coerced, VariableValues):
            raise NotCompiled("invalid")
        context.budget, context.read = Budget(), set()
        try:
            plan = prepared.plan(coerced)
            roots = {key: root for key, root in plan.items() if not isinstance(root, str)}
            read = await values(Execution(context, coerced, exact=True), roots)
        except (GraphQLError, LedgerError) as error:
            raise NotCompiled(_reason(error)) from error
        data = {key: read.get(key, root) for key, root in plan.items()}
        return msgspec.json.encode({"data": data, "extensions": provenance(context.read)})

    def _keep(self, key: tuple[str, str | None], prepared: _Prepared) -> None:
        """Keep an operation that has grown, unless it is too large, and forget others beyond MEMORY."""
        if _bytes_of(prepared) > MEMORY_OF_ONE:
            self._operations.pop(key, None)
        else:
            self._operations[key] = prepared

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
        operation.memory.bytes = _BYTES_PER_OPERATION + len(document) * _BYTES_PER_CHARACTER
        return _Prepared(operation, written_variables(parsed), LRUCache(SHAPES))


def _bytes_of(prepared: _Prepared | Reason) -> int:
    """Return the bytes of memory, by estimate; of a refused document, those of the longest text."""
    return 4 * CHARACTERS if isinstance(prepared, str) else prepared.operation.memory.bytes


def _reason(error: Exception) -> Reason:
    """Return the reason why graphql-core has to complete an operation that raised this error."""
    if isinstance(error, Inexact):
        return "inexact"
    code = (error.extensions or {}).get("code") if isinstance(error, GraphQLError) else getattr(error, "code", "")
    return "limit" if code == LIMIT_EXCEEDED else "refused"


def _named(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation with this name; without a name, the document's only operation.

    Raises:
        NotCompiled: The document has no such operation, or several.
    """
    operations = [
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode) and (name is None or (each.name and each.name.value == name))
    ]
    if len(operations) != 1:
        raise NotCompiled("invalid")
    return operations[0]
