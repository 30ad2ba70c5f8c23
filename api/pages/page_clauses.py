"""The clauses that a page is about: those whose rules its facts bear on, in any notice. Pure."""

from collections.abc import Iterable, Mapping
from functools import cache

from ledger.domain.fact import Fact
from ledger.domain.registry import KINDS
from ledger.domain.rules.concern import facts_of, includes
from projections.narrate.sentence import join_items


def clauses_in_words(clauses: Iterable[Mapping[str, str]], *sources: str) -> str:
    """Return the clauses that facts bear on, such as "Clauses 6, 7 and 9".

    Without any, the string is empty. A clause is left out next to one that contains it.

    Args:
        clauses: Number and rule of each clause of the notice.
        sources: Areas of facts, or single facts by name.
    """
    facts = _facts(sources)
    numbers = [clause["number"] for clause in clauses if not facts.isdisjoint(facts_of(clause["rule"]))]
    outer = [
        number for number in numbers if not any(each != number and includes(each, number) for each in numbers)
    ]
    return f"Clause{'s' if len(outer) > 1 else ''} {join_items(outer)}" if outer else ""


@cache
def _facts(sources: tuple[str, ...]) -> frozenset[type[Fact]]:
    return frozenset(kind.struct for kind in KINDS.values() if kind.area in sources or kind.name in sources)
