"""Queries of a report, each a `.graphql` file in `queries/`, read page after page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from api.schema_client import Forbidden, ask
from ledger.domain.errors import Refused
from schema.context import Context

T = TypeVar("T")
FIGURES = ("notice", "measures", "slow", "actions", "decisions", "claims", "bases", "access", "entries")
"""Queries of the report's figures, in order."""


@cache
def document(name: str) -> str:
    """Return the document of a query."""
    return files("api.report").joinpath("queries", f"{name}.graphql").read_text("utf-8")


def all_figures() -> str:
    """Return all documents of the figures, to be recorded with an issued report."""
    return "\n".join(map(document, FIGURES))


class Source(Struct, frozen=True):
    """Reader, notice, position and effective instant of a report."""

    context: Context
    notice: str
    position: int
    on: datetime

    async def ask(self, name: str, **more: Any) -> Mapping[str, Any]:  # noqa: ANN401 - variables of any type
        """Return the answer to a query.

        Raises:
            Forbidden: The reader has no access.
            Refused: The query failed.
        """
        variables = {"notice": self.notice, "position": self.position, "on": self.on.isoformat(), **more}
        return await ask(self.context, document(name), variables)

    async def every(
        self, name: str, path: Sequence[str], row: type[T], **more: Any  # noqa: ANN401 - variables of any type
    ) -> tuple[T, ...]:  # fmt: skip
        """Return every row of a query's one long list at a path.

        Raises:
            Forbidden: The reader has no access.
            Refused: The query failed.
        """
        rows: list[T] = []
        after = None
        while True:
            answer: Any = (await self.ask(name, after=after, **more))["notice"]
            for step in path:
                answer = answer[step]
            # msgspec accepts a variable as a type; the type checker does not.
            rows += msgspec.convert(answer["nodes"], list[row])  # type: ignore[valid-type]
            if not answer["pageInfo"]["hasNextPage"]:
                return tuple(rows)
            after = answer["pageInfo"]["endCursor"]

    async def read(
        self, name: str, path: Sequence[str], row: type[T], **more: Any  # noqa: ANN401 - as above
    ) -> tuple[T, ...] | None:  # fmt: skip
        """Return what `every` returns; None where the reader has no access."""
        try:
            return await self.every(name, path, row, **more)
        except Forbidden:
            return None


def whole(page: Mapping[str, Any], name: str) -> list[Any]:
    """Return the rows of a nested list.

    Raises:
        Refused: The list has further pages; a report leaves nothing out.
    """
    if page["pageInfo"]["hasNextPage"]:
        raise Refused.because(
            "LIMIT_EXCEEDED", f"{name} has more than 1,000 rows, too many for a report; export the ledger"
        )
    rows: list[Any] = page["nodes"]
    return rows
