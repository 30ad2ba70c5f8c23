"""The schema, put together. Imports strawberry and the modules beside it."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError

from schema.context import Context
from schema.entries import base64
from schema.errors import settle
from schema.limits import Limits, parser_cache, validation_cache
from schema.mutation import mutations
from schema.plan import Objective
from schema.query import Query
from schema.scalars import SCALARS


class Provenance(SchemaExtension):
    """Names in `extensions.ledger` each notice read, with the position and the root hash of the reading."""

    def get_results(self) -> dict[str, Any]:
        """In order of notice and position."""
        context = self.execution_context.context
        read = sorted(context.read) if isinstance(context, Context) else ()
        return {
            "ledger": [
                {"notice": notice, "position": position, "rootHash": base64(root)}
                for notice, position, root in read
            ]
        }


class LedgerSchema(strawberry.Schema):
    """A schema whose errors all have a code, and show nothing that nobody expected."""

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:  # noqa: ANN401 - as they come
        """Answers one operation."""
        result = await super().execute(*args, **kwargs)
        if result.errors:
            result.errors = settle(result.errors, executed=not isinstance(result, PreExecutionError))
        return result

    def process_errors(
        self, errors: Iterable[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: `execute` logs what is worth it."""


@cache
def build() -> strawberry.Schema:
    """The schema; its context is a `schema.context.Context`."""
    return LedgerSchema(
        query=Query,
        mutation=mutations(),
        types=[Objective],
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[Limits, parser_cache, validation_cache, Provenance],
    )
