"""Gaps: days that no tenure or report covers."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from projections.views.fields import BoardName


class Gap(Struct, frozen=True):
    """First and last day of a time without an adviser or a report; without a last day, the gap continues."""

    first: date
    last: date | None


class Vacancy(Struct, frozen=True):
    """First and last day of a time without a chair of a board; without a last day, the vacancy continues."""

    board: BoardName
    first: date
    last: date | None
    position: Annotated[int, Meta(description="Position of the entry that established the board.")]


def gaps(table: str, first: str, last: str = ":today") -> str:
    """Return an SQL query of the gaps between two days: runs of days that no stored period covers.

    Args:
        table: Table of the covered periods, from `first` to `last`, both included.
        first: SQL of the first day.
        last: SQL of the last day.
    """
    covered = "CASE WHEN h.last < h.first THEN 'empty' ELSE daterange(h.first, h.last, '[]') END"
    return (
        "(SELECT :notice::text AS notice, lower(g) AS first, "
        "CASE WHEN upper(g) <= b.last THEN upper(g) - 1 END AS last "
        f"FROM (SELECT {first} AS first, {last} AS last) b CROSS JOIN LATERAL unnest("
        "datemultirange(daterange(b.first, greatest(b.first, b.last + 1))) "
        f"- (SELECT coalesce(range_agg({covered}), '{{}}') FROM {table} h WHERE h.notice = :notice)) g "
        "WHERE b.first <= b.last)"
    )
