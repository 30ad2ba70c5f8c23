"""Days that nobody covers: in a post, or by a report."""

from datetime import date

from msgspec import Struct


class Gap(Struct, frozen=True):
    """Days that nothing covers; both included. `last` None: it goes on."""

    first: date
    last: date | None


def gaps(held: str, first: str, last: str = ":today") -> str:
    """The query of the gaps from day `first` to day `last`, each an expression.

    `held`: a table whose rows say from which `first` to which `last` day something is covered, both included.
    """
    covered = "CASE WHEN h.last < h.first THEN 'empty' ELSE daterange(h.first, h.last, '[]') END"
    return (
        "(SELECT :notice::text AS notice, lower(g) AS first, "
        "CASE WHEN upper(g) <= b.last THEN upper(g) - 1 END AS last "
        f"FROM (SELECT {first} AS first, {last} AS last) b CROSS JOIN LATERAL unnest("
        "datemultirange(daterange(b.first, greatest(b.first, b.last + 1))) "
        f"- (SELECT coalesce(range_agg({covered}), '{{}}') FROM {held} h)) g WHERE b.first <= b.last)"
    )
