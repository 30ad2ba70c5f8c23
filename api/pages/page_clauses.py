"""Clauses whose rules depend on the facts of a page, in any notice. Pure."""

from collections.abc import Iterable, Mapping
from functools import cache

from ledger.domain.fact import Fact
from ledger.domain.registry import KINDS
from ledger.domain.rules.concern import facts_of, includes
from projections.narrate.sentence import join_items


def clauses_in_words(clauses: Iterable[Mapping[str, str]], *sources: str) -> str:
    """Return the clauses whose rules depend on facts, such as "Clauses 6, 7 and 9".

    The string is empty if no rule depends on these facts. A clause within another listed clause is left out.

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
