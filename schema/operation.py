"""Selection of the operation that a request executes. Imports strawberry and graphql-core."""

from collections.abc import Iterator

from graphql import OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError


class SeveralOperations(CannotGetOperationTypeError):
    """The document has several operations, and the request names none of them."""

    def as_http_error_reason(self) -> str:
        """Return the error's sentence."""
        return "the document has several operations; name one of them in operationName"


class SubscriptionNotStreamed(InvalidOperationTypeError):
    """A subscription was sent over a transport that carries one answer."""

    def as_http_error_reason(self, method: str) -> str:  # noqa: ARG002 - strawberry's signature
        """Return the error's sentence."""
        return "a subscription needs a stream: send it with Accept: text/event-stream, or over WebSocket"


class OneOperation(SchemaExtension):
    """Extension that refuses a document of several operations without `operationName`, by the specification."""

    def on_parse(self) -> Iterator[None]:
        """Count the operations of the parsed document."""
        yield
        context = self.execution_context
        # the public `operation_name` falls back to the first operation
        if context.graphql_document is None or context._provided_operation_name is not None:  # noqa: SLF001
            return
        definitions = context.graphql_document.definitions
        if sum(isinstance(each, OperationDefinitionNode) for each in definitions) > 1:
            raise SeveralOperations(None)
