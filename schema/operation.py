"""Preparation of the operation that a request executes. Imports strawberry and graphql-core."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, OperationDefinitionNode, parse
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import validate_document

from schema.context import Context, provenance
from schema.limits import CACHED_DOCUMENTS, CLOSED_RULES, RULES, TOKENS


class SeveralOperations(CannotGetOperationTypeError):
    """Error because the document has several operations, and the request names no operation."""

    def as_http_error_reason(self) -> str:
        """Return the error's sentence."""
        return "the document has several operations; name one of them in operationName"


class SubscriptionNotStreamed(InvalidOperationTypeError):
    """Error because a subscription was sent over a transport that carries only one answer."""

    def as_http_error_reason(self, method: str) -> str:  # noqa: ARG002 - strawberry's signature
        """Return the error's sentence."""
        return "a subscription needs a stream: send it with Accept: text/event-stream, or over WebSocket"


class Preparation(SchemaExtension):
    """Extension that parses and validates within the limits, and adds `extensions.ledger` to the answer.

    strawberry makes the hooks of each extension again for each operation, so several extensions would cost more.
    """

    rules = RULES

    def on_parse(self) -> Iterator[None]:
        """Parse the document.

        Raises:
            SeveralOperations: The document has several operations, and the request has no `operationName`.
        """
        context = self.execution_context
        context.graphql_document = document = _parsed(context.query)
        yield
        # the public `operation_name` falls back to the first operation
        if context._provided_operation_name is None and _operations(document) > 1:  # noqa: SLF001
            raise SeveralOperations(None)

    def on_validate(self) -> Iterator[None]:
        """Validate the document."""
        context = self.execution_context
        graphql = context.schema._schema  # noqa: SLF001 - it has no public name
        context.pre_execution_errors = _validated(graphql, context.graphql_document, self.rules)
        yield

    def get_results(self) -> dict[str, Any]:
        """Return the extensions of the answer: each notice read, its position and its root hash."""
        context = self.execution_context.context
        return provenance(context.read if isinstance(context, Context) else ())


class ClosedPreparation(Preparation):
    """Preparation that refuses introspection."""

    rules = CLOSED_RULES


@lru_cache(CACHED_DOCUMENTS)
def _parsed(document: str) -> DocumentNode:
    return parse(document, max_tokens=TOKENS)


_validated = lru_cache(CACHED_DOCUMENTS)(validate_document)


def _operations(document: DocumentNode) -> int:
    return sum(isinstance(each, OperationDefinitionNode) for each in document.definitions)
