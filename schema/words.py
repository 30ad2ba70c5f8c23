"""The ledger's closed lists of words as GraphQL enums, each word with its meaning.

A type that shows one of them takes it from here, so that it is declared before it is used.
Imports strawberry and `ledger`.
"""

import inspect
from functools import cache
from typing import Any

import strawberry

from ledger.facts.fact import Words
from ledger.facts.notice import Modality, NoticeKind, Obligor
from ledger.facts.plan import ObjectiveOutcome
from ledger.roles import Role

__all__ = ["Modality", "NoticeKind", "ObjectiveOutcome", "Obligor", "Role", "enum_of", "first_sentence"]


def first_sentence(documented: type) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


@cache
def enum_of(words: type[Words]) -> type[Words]:
    """Declares a list of words to GraphQL."""
    declared: Any = strawberry.enum(words, description=first_sentence(words))
    for value, word in zip(declared.__strawberry_definition__.values, words, strict=True):
        value.description = f"{word.meaning[:1].upper()}{word.meaning[1:]}."
    return words


for _words in (Modality, NoticeKind, ObjectiveOutcome, Obligor, Role):
    enum_of(_words)
