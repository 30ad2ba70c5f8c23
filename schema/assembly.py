"""The complete schema: queries, mutations, subscriptions and limits. Imports strawberry and graphql-core."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from functools import cache, cached_property, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, cast
from weakref import WeakKeyDictionary

import msgspec
import strawberry
from graphql import GraphQLError, GraphQLSchema, get_operation_ast, parse
from graphql import OperationType as SyntaxOperation
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from ledger.domain.errors import LedgerError
from ledger.domain.roles import Role
from projections.query.reader import Reader
from schema import live_pages, types
from schema.compiled import Compiler, NotCompiled
from schema.compiled.sources import take_values
from schema.context import Context, may
from schema.derive.declaration import TYPES
from schema.derive.object_types import finish
from schema.errors import settle
from schema.limits import CACHED_DOCUMENTS, TOKENS, over_limit
from schema.live_pages import LivePages, Page, Rights, request_key, requested_notice
from schema.mutation import mutations
from schema.operation import ClosedPreparation, Preparation, SubscriptionNotStreamed
from schema.query import Query
from schema.subscription import Subscription
from schema.types.enums import list_words
from schema.types.scalars import SCALARS


class LedgerSchema(strawberry.Schema):
    """A schema whose errors all have a code and reveal no internals."""

    @property
    def graphql(self) -> GraphQLSchema:
        """Schema of graphql-core, which strawberry has no public name for."""
        return self._schema

    @cached_property
    def _live_pages(self) -> "WeakKeyDictionary[Reader, LivePages]":
        """Shared pages of subscriptions, by the reader that reads them."""
        return WeakKeyDictionary()

    @cached_property
    def compiler(self) -> Compiler:
        """Compiler of queries to SQL."""
        (preparation,) = self.extensions
        return Compiler(self.graphql, cast(type[Preparation], preparation).rules)

    async def answer(
        self,
        context: Context,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
    ) -> bytes | None:
        """Return the answer to a query as JSON that the database composed; None if `execute` must answer.

        Raises:
            Unconfirmed: The viewer cannot be judged from memory.
        """
        try:
            json = await self.compiler.answer(context, document, variables, operation_name)
        except NotCompiled as fallback:
            context.answered_by = fallback.reason
            return None
        context.answered_by = "compiled"
        return json

    async def ask(
        self,
        context: Context,
        document: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
    ) -> ExecutionResult:
        """Return the result of a query that this process sends itself, for example for a page."""
        json = await self.answer(context, document, variables, operation_name)
        if json is not None:
            answer = msgspec.json.decode(json)
            return ExecutionResult(answer["data"], None, answer["extensions"])
        return await self.execute(document, dict(variables or {}), context, operation_name=operation_name)

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:  # noqa: ANN401 - as they come
        """Execute one operation in a context of its own, and return its result.

        Raises:
            SubscriptionNotStreamed: The operation is a subscription.
            InvalidOperationTypeError: The request's method does not allow the operation.
        """
        options = _apart(_named(args, kwargs))
        refused = _refusal(options)
        if refused is not None:
            return PreExecutionError(None, [refused])
        allowed = frozenset(options.get("allowed_operation_types") or OperationType)
        options["allowed_operation_types"] = allowed - {OperationType.SUBSCRIPTION}
        try:
            result = await super().execute(**options)
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise SubscriptionNotStreamed(error.operation_type) from None
            raise
        return _settle(result)

    def is_subscription(self, document: str, operation_name: str | None) -> bool:
        """Return True if the operation that the request selects is a subscription."""
        return over_limit(document, operation_name) is None and self._is_subscription(document, operation_name)

    @lru_cache(maxsize=CACHED_DOCUMENTS)  # noqa: B019 - one schema in a process
    def _is_subscription(self, document: str, operation_name: str | None) -> bool:
        try:
            operation = get_operation_ast(parse(document, max_tokens=TOKENS), operation_name)
        except (GraphQLError, RecursionError):
            return False
        return operation is not None and operation.operation is SyntaxOperation.SUBSCRIPTION

    async def stream(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as they come
        """Return the results of an operation or a subscription, executed in a context of its own."""
        options = _apart(_named(args, kwargs))
        refused = _refusal(options)
        if refused is not None:
            return _only(PreExecutionError(None, [refused]))
        if isinstance(options.get("context_value"), Context) and self.is_subscription(
            options["query"], options.get("operation_name")
        ):
            return self._follow(options)
        return _settled(await super().stream(**options))

    async def _follow(self, options: dict[str, Any]) -> AsyncGenerator[ExecutionResult, None]:
        """Yield the results of a subscription, page after page."""
        context: Context = options["context_value"]
        live = self._live_pages.setdefault(context.reader, LivePages(context.reader))
        document, variables = options["query"], options.get("variable_values")
        operation_name = options.get("operation_name")
        beginning = Page(None)
        beginning.notice = requested_notice(document, variables, operation_name)
        page = await self._next_page(
            options, live, request_key(document, variables, operation_name, with_start=True), beginning
        )
        request, seen = request_key(document, variables, operation_name), None
        clock = asyncio.get_running_loop().time
        while True:
            if page.state is None or page.state != seen:
                seen, checked = page.state, clock()
                for number, result in enumerate(page.results):
                    yield result
                    if not page.positions or clock() - checked < live_pages.SENDING_SECONDS:
                        continue
                    if await _roles(context, page.notice) != page.roles:
                        page = page.until(page.positions[number])
                        break
                    checked = clock()
            if page.position is None:
                return
            if not page.is_full:
                await live.wait(page.notice, page.position)
            page = await self._next_page(options, live, request, page)

    async def _next_page(self, options: dict[str, Any], live: LivePages, request: object, page: Page) -> Page:
        """Return the page after `page`; viewers with the same roles share it if they may read the notice."""
        context: Context = options["context_value"]
        roles = await _roles(context, page.notice)
        if not may([*roles], "notice"):  # the page of their own has the error
            return await self._page(options, live, context.fork(), page.position)
        rights = Rights(context.viewer.credential, page.notice, roles)
        key = (request, roles, page.notice, page.position)
        return await live.get(key, lambda: self._page(options, live, context.fork(rights), page.position, roles))

    async def _page(
        self,
        options: dict[str, Any],
        live: LivePages,
        context: Context,
        after: int | None,
        roles: frozenset[Role] = frozenset(),
    ) -> Page:
        """Execute a subscription once, and return the page of its results for viewers with these roles."""
        page = context.page = Page(after)
        page.roles = roles
        results = _settled(await super().stream(**{**options, "context_value": context}))
        async with live.computing, aclosing(results):
            page.results = [result async for result in results]
        return page

    def process_errors(
        self, errors: Iterable[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing: `_settle` logs unexpected errors."""


async def _roles(context: Context, notice: str) -> frozenset[Role]:
    """Return the viewer's roles in a notice now; empty for no notice, and while they cannot be read."""
    try:
        return frozenset(await context.viewer.roles(notice) if notice else ())
    except LedgerError:
        return frozenset()


def _named(args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an execution by name."""
    return {**dict(zip(("query", "variable_values", "context_value"), args, strict=False)), **kwargs}


def _refusal(options: Mapping[str, Any]) -> GraphQLError | None:
    """Return the error for an operation over a limit, otherwise None."""
    return over_limit(options.get("query"), options.get("operation_name"), options.get("variable_values"))


def _apart(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return execution options with a new context, so that operations of one WebSocket share no budget.

    An empty operation name counts as absent.
    """
    context, name = kwargs.get("context_value"), kwargs.get("operation_name")
    options = {**kwargs, "operation_name": None if name == "" else name}
    return {**options, "context_value": context.fork()} if isinstance(context, Context) else options


async def _only(result: ExecutionResult) -> AsyncGenerator[ExecutionResult, None]:
    yield result


async def _settled(results: Any) -> AsyncGenerator[ExecutionResult, None]:  # noqa: ANN401 - strawberry's own
    try:
        async with aclosing(results):
            async for result in results:
                yield _settle(result)
    except GraphQLError as error:  # strawberry returns the syntax errors of its own parser only
        yield _settle(PreExecutionError(None, [error]))


def _settle(result: ExecutionResult) -> ExecutionResult:
    """Return the result with a code in each error; a request error if no resolver was reached."""
    if not result.errors:
        return result
    executed = not isinstance(result, PreExecutionError)
    result.errors = settle(result.errors, executed=executed)
    if executed and result.data is None and all(error.path is None for error in result.errors):
        return PreExecutionError(None, result.errors)
    return result


@cache
def build(*, introspection: bool = True) -> LedgerSchema:
    """Return the schema; its context is a `schema.context.Context`.

    Args:
        introspection: True to offer introspection, and to suggest fields and list words in errors.
    """
    for module in iter_modules(types.__path__):
        import_module(f"{types.__name__}.{module.name}")  # each declares types
    finish()
    built = LedgerSchema(
        query=Query,
        mutation=mutations(),
        subscription=Subscription,
        types=[each.cls for each in TYPES.values()],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not introspection),
        extensions=[Preparation if introspection else ClosedPreparation],
    )
    take_values(built.graphql)
    if introspection:
        list_words(built.graphql)
    return built
