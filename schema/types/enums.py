"""The ledger's closed lists of words as GraphQL enums, each word with its meaning.

Hand-written types import their enums from here, so that each is declared before it is used. Imports strawberry and
graphql-core.
"""

import ast
import inspect
from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLError, GraphQLSchema

from ledger.domain.areas.notice import NoticeKind
from ledger.domain.fact import WordList
from ledger.domain.refusal_codes import RefusalCode
from ledger.domain.roles import Role
from projections.views.word_lists import NoticeStatus

__all__ = ["NoticeKind", "NoticeStatus", "RefusalCode", "Role", "enum_of", "first_sentence", "list_words"]


def first_sentence(documented: type) -> str:
    """Return the first paragraph of a class's docstring, on one line."""
    return " ".join((inspect.getdoc(documented) or "").split("\n\n")[0].split())


@cache
def enum_of(words: type[WordList]) -> type[WordList]:
    """Declare a list of words to GraphQL as an enum, and return the list."""
    declared: Any = strawberry.enum(words, description=first_sentence(words))
    meanings = meanings_of(words)
    for value, word in zip(declared.__strawberry_definition__.values, words, strict=True):
        value.description = meanings[word.name]
    return words


def list_words(schema: GraphQLSchema) -> None:
    """Extend errors about an unknown word of an enum with the words of that enum."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLEnumType) and not kind.name.startswith("__"):
            listed = f" The values are {', '.join(kind.values)}."
            for name in ("coerce_input_value", "coerce_input_literal"):
                setattr(kind, name, partial(_coerced, getattr(kind, name), listed))


def _coerced(coerce: Callable[..., Any], listed: str, *written: object) -> Any:  # noqa: ANN401 - of any type
    """Return the value of a word.

    Raises:
        GraphQLError: The enum does not have the word; the message ends with `listed`.
    """
    try:
        return coerce(*written)
    except GraphQLError as error:
        raise GraphQLError(error.message + listed, error.nodes) from error


def meanings_of(words: type[WordList]) -> dict[str, str]:
    """Return each word's meaning: the docstring below it, which Python itself drops."""
    (declared,) = ast.parse(inspect.getsource(words)).body
    body = declared.body if isinstance(declared, ast.ClassDef) else []
    meanings = {}
    for statement, docstring in pairwise(body):
        match statement, docstring:
            case ast.Assign(targets=[ast.Name(name)]), ast.Expr(ast.Constant(str(meaning))):
                meanings[name] = " ".join(meaning.split())
    return meanings


for _words in (NoticeKind, NoticeStatus, RefusalCode, Role):
    enum_of(_words)
