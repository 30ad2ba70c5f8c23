"""The refusals that most rules share, each in one wording: what, where, the mend. Pure."""

from collections.abc import Container, Iterator, Sequence
from datetime import date, datetime

from ledger.errors import Refusal


def taken(what: str, named: str, position: int, path: str) -> Refusal:
    """`named` is there already: a `what` recorded in the entry at `position`."""
    return Refusal(
        "ALREADY_EXISTS", f"{what} {named} is there already, since entry {position}; choose another id", path
    )


def unknown(what: str, named: str, path: str, mend: str = "record it first, or correct the id") -> Refusal:
    """There is no `what` of that name."""
    return Refusal("NOT_FOUND", f"there is no {what} {named}; {mend}", path)


def each_known(what: str, known: Container[str], named: Sequence[str], path: str) -> Iterator[Refusal]:
    """A refusal for each of `named`, a list at `path`, that is not among the `known`."""
    for index, name in enumerate(named):
        if name not in known:
            yield unknown(what, name, f"{path}[{index}]")


def over(what: str, named: str, state: str, position: int, path: str) -> Refusal:
    """`named` is in a state that ends it, such as closed, since the entry at `position`."""
    return Refusal("ALREADY_ENDED", f"{what} {named} is {state} since entry {position}", path)


def in_order(first: date | datetime, last: date | datetime | None, path: str) -> Iterator[Refusal]:
    """A refusal at `path`, where `last` stands, if it comes before `first`."""
    if last is not None and last < first:
        yield Refusal("OUT_OF_RANGE", f"this ends on {last} but begins on {first}; put them in order", path)
