"""The questions that a report asks, each a `.graphql` file of `queries`; asked whole, page after page."""

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
"""The questions that the figures of a report answer, in its order."""


@cache
def document(name: str) -> str:
    """The document of a question."""
    return files("api.report").joinpath("queries", f"{name}.graphql").read_text("utf-8")


def all_figures() -> str:
    """Every document that the figures come from, to be recorded with an issued report."""
    return "\n".join(map(document, FIGURES))


class Place(Struct, frozen=True):
    """Who asks, of which notice, at which position, and for which instant the rules are judged."""

    context: Context
    notice: str
    position: int
    on: datetime

    async def ask(self, name: str, **more: Any) -> Mapping[str, Any]:  # noqa: ANN401 - variables of any type
        """The answer to a question; raises Forbidden and Refused."""
        variables = {"notice": self.notice, "position": self.position, "on": self.on.isoformat(), **more}
        return await ask(self.context, document(name), variables)

    async def every(
        self, name: str, path: Sequence[str], row: type[T], **more: Any  # noqa: ANN401 - variables of any type
    ) -> tuple[T, ...]:  # fmt: skip
        """Every row of a question's one long list, which stands at that path; raises Forbidden and Refused."""
        found: list[T] = []
        after = None
        while True:
            answer: Any = (await self.ask(name, after=after, **more))["notice"]
            for step in path:
                answer = answer[step]
            # A checker takes no variable for a type; msgspec does.
            found += msgspec.convert(answer["nodes"], list[row])  # type: ignore[valid-type]
            if not answer["pageInfo"]["hasNextPage"]:
                return tuple(found)
            after = answer["pageInfo"]["endCursor"]

    async def read(
        self, name: str, path: Sequence[str], row: type[T], **more: Any  # noqa: ANN401 - as above
    ) -> tuple[T, ...] | None:  # fmt: skip
        """As `every`; None where the reader's roles do not read it."""
        try:
            return await self.every(name, path, row, **more)
        except Forbidden:
            return None


def whole(page: Mapping[str, Any], what: str) -> list[Any]:
    """The rows of a list within a row; raises Refused when it goes on, as nothing may be left out."""
    if page["pageInfo"]["hasNextPage"]:
        raise Refused.because(
            "LIMIT_EXCEEDED", f"{what} has more than 1,000 rows, and a report shows them all; export the ledger"
        )
    rows: list[Any] = page["nodes"]
    return rows
