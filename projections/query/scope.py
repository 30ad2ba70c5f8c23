"""Rows of one object or list in a statement that is being written, and the items joined to them."""

from collections.abc import Callable
from typing import Any

from projections.query.groups import FigureOf
from projections.query.relation import Relation, Sort
from projections.query.tree import Listing

NUMBER = '"of the page"'
"""Column that numbers a page's rows; one more row is read than the page shows."""


class Scope:
    """The rows of one object or list, and the items joined to them."""

    def __init__(
        self,
        relation: Relation[Any],
        page: "Listing | None" = None,
        cursors: str = "",
        sorts: tuple[Sort, ...] = (),
        all_rows: Callable[[], str] = str,
        *,
        keys: int = 0,
    ) -> None:
        self.relation = relation
        self.page = page
        self.cursors = cursors
        """SQL for the list's name, as written into its cursors."""
        self.sorts = sorts
        self.all_rows = all_rows
        """Function that returns the FROM item of the rows on all pages."""
        self.groups: list[str] = []
        """FROM items with the groups of the rows; they are joined to the parent's rows, as the list is."""
        self.keys = keys
        """Number of the keys of a group."""
        self.figures: list[FigureOf] = []
        """Figures of a group, in the order of their columns `f1` …."""
        self.joins: list[str] = []
        self.counts: list[str] = []

    @property
    def joined(self) -> str:
        """The joins that follow the rows in FROM."""
        return "".join(f" CROSS JOIN LATERAL {join}" for join in self.joins)

    def join_lateral(self, name: str) -> None:
        """Join, once, the lateral subquery that a computed field needs."""
        computed = self.relation.computed.get(name)
        if computed is not None and computed.lateral and computed.lateral not in self.joins:
            self.joins.append(computed.lateral)

    @property
    def on_page(self) -> str:
        """Filter of an aggregate to the rows that a page shows."""
        return "" if self.page is None else f" FILTER (WHERE t.{NUMBER} <= {self.page.first})"
