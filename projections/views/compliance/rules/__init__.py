"""The judge of each rule that a clause may name; `ledger.domain.rules` declares the rules.

A judge is a class `Judge[Rule]` in a module of this package.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, get_args

from ledger.domain.rules.rule import Rule
from projections.views.compliance.verdict import Judge


def _judges() -> Iterator[tuple[type[Rule], type[Judge[Any]]]]:
    """Yield each rule with its judge. Skip base classes, which have a type variable in place of a rule."""
    for module in iter_modules(__path__):
        for judge in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(judge, type) and issubclass(judge, Judge):
                bases = vars(judge).get("__orig_bases__", ())
                yield from ((rule, judge) for base in bases for rule in get_args(base) if isinstance(rule, type))


JUDGES: Mapping[type[Rule], type[Judge[Any]]] = dict(_judges())
"""Rule → its judge."""
