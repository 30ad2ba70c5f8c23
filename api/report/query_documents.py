"""Queries of a report, read page after page into typed rows.

The queries are regular questions, and the `.graphql` files in `queries/`.
"""

from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from api.schema_client import Forbidden, ask
from ledger.domain.errors import Refused
from schema.context import Context
from schema.questions import question

T = TypeVar("T")
QUESTIONS = ("compliance", "decisions", "impact", "signals", "slow-objectives")
"""Regular questions that a report asks, from `schema.questions`."""
FIGURES = (
    "notice", "compliance", "signals", "slow-objectives", "actions", "decisions", "board-reports", "impact",
    "access", "entries",
)  # fmt: skip
"""Queries of the report's figures, in order."""


class QueryModel(Struct, frozen=True, rename="camel", kw_only=True):
    """Base class of the models in `api.report.query_models`, for an object in a query's answer."""


def shared(row: QueryModel, of: type[QueryModel]) -> dict[str, Any]:
    """Return the values of a row's fields that another class has too, by field name."""
    return {name: getattr(row, name) for name in of.__struct_fields__ if name in row.__struct_fields__}


class PageInfo(QueryModel, frozen=True, kw_only=True):
    """Paging information of a list in a query's answer."""

    has_next_page: bool


class ListPage(QueryModel, Generic[T], frozen=True, kw_only=True):
    """Page of a nested list, with its rows."""

    nodes: tuple[T, ...]
    page_info: PageInfo

    def whole(self, name: str) -> tuple[T, ...]:
        """Return the rows of the whole list.

        Raises:
            Refused: The list has further pages; a report leaves nothing out.
        """
        if self.page_info.has_next_page:
            raise Refused.because(
                "LIMIT_EXCEEDED", f"{name} has more than 1,000 rows, too many for a report; export the ledger"
            )
        return self.nodes


class Query(Struct, Generic[T], frozen=True):
    """A query on a notice, at one point in time or at several."""

    name: str
    """Name of the query's document."""
    answer: type[T]

    async def ask(self, context: Context, **variables: Any) -> T:  # noqa: ANN401 - variables of any type
        """Return the fields of the notice that the query selects.

        A query that selects the notice several times returns an object with a field for each selection.

        Raises:
            Forbidden: The reader has no access.
            Refused: The query failed.
        """
        answer = await ask(context, document(self.name), variables)
        return msgspec.convert(answer.get("notice", answer), self.answer)


class ListQuery(Struct, Generic[T], frozen=True):
    """A query on one long list of a notice."""

    name: str
    """Name of the query's document."""
    path: str
    """Fields from the notice to the list, with dots between them."""
    row: type[T]


@cache
def document(name: str) -> str:
    """Return the GraphQL document of the query with this name."""
    if name in QUESTIONS:
        return question(name).document
    return files("api.report").joinpath("queries", f"{name}.graphql").read_text("utf-8")


def all_figures() -> str:
    """Return all documents of the figures, to be recorded with an issued report."""
    return "\n".join(map(document, FIGURES))


class Source(Struct, frozen=True):
    """Source of a report's figures: a reader's context, notice, position and effective instant."""

    context: Context
    notice: str
    position: int
    on: datetime

    @property
    def _variables(self) -> dict[str, Any]:
        return {"notice": self.notice, "asOf": {"position": self.position}, "on": self.on.isoformat()}

    async def ask(self, query: Query[T], **more: Any) -> T:  # noqa: ANN401 - variables of any type
        """Return the answer to a query; raise the errors of `Query.ask`."""
        return await query.ask(self.context, **self._variables, **more)

    async def every(self, query: ListQuery[T], **more: Any) -> tuple[T, ...]:  # noqa: ANN401 - as above
        """Return every row of a list.

        Raises:
            Forbidden: The reader has no access.
            Refused: The query failed.
        """
        rows: list[T] = []
        variables, after = {**self._variables, **more}, None
        while True:
            answer: Any = (await ask(self.context, document(query.name), {**variables, "after": after}))["notice"]
            for step in query.path.split("."):
                answer = answer[step]
            # msgspec accepts a variable as a type; the type checker does not.
            rows += msgspec.convert(answer["nodes"], list[query.row])  # type: ignore[name-defined]
            if not answer["pageInfo"]["hasNextPage"]:
                return tuple(rows)
            after = answer["pageInfo"]["endCursor"]

    async def read(self, query: ListQuery[T], **more: Any) -> tuple[T, ...] | None:  # noqa: ANN401 - as above
        """Return all rows, like `every`; None where the reader has no access.

        Raises:
            Refused: The query failed.
        """
        try:
            return await self.every(query, **more)
        except Forbidden:
            return None
