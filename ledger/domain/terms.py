"""Terms in a chair or post: their days, and the term that an end concerns. Pure."""

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct

from ledger.domain.errors import Refusal
from ledger.domain.shared_rules import order_refusals


class Term(Struct):
    """A person's time in a chair or post; the first and the last day are included."""

    holder: str
    first: date
    last: date | None
    """Last day of the term, as the appointment or a recorded end states it; None without a last day."""
    position: int
    """Position of the entry with the appointment."""
    ended: bool = False
    """True if an end was recorded; the appointment can state a last day too."""


def lies_in_term(day: date, first: date, last: date | None) -> bool:
    """Return True if a day lies in the term from `first` to `last`; None as `last` means no end."""
    return first <= day and (last is None or day <= last)


def term_on(terms: Iterable[Term], holder: str, day: date) -> Term | None:
    """Return a person's term that contains a day and has no recorded end; None without such a term."""
    return next((each for each in _open(terms, holder) if lies_in_term(day, each.first, each.last)), None)


def end_refusals(terms: Iterable[Term], holder: str, day: date, unknown: Refusal) -> Iterator[Refusal]:
    """Yield a refusal if a last day is outside a person's open terms; yield `unknown` without an open term."""
    known = list(_open(terms, holder))
    over = [each.last for each in known if each.last is not None and each.last < day]
    if not known:
        yield unknown
    elif over and term_on(known, holder, day) is None:
        message = f"the term ended on {max(over)}; enter that day or an earlier one, or correct the appointment"
        yield Refusal("ALREADY_ENDED", message, "data.last")
    elif not over:
        yield from order_refusals(min(each.first for each in known), day, "data.last")


def _open(terms: Iterable[Term], holder: str) -> Iterator[Term]:
    return (each for each in terms if each.holder == holder and not each.ended)
