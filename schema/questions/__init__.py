"""Regular questions of advisers, officials and auditors: `.graphql` files, each with its question as a comment."""

from functools import cache
from importlib.resources import files

from msgspec import Struct


class Question(Struct, frozen=True):
    """A question and the document that answers it."""

    name: str
    words: str
    document: str


def questions() -> list[Question]:
    """Return all questions, by name."""
    names = (path.name for path in files(__name__).iterdir())
    return [question(name.removesuffix(".graphql")) for name in sorted(names) if name.endswith(".graphql")]


@cache
def question(name: str) -> Question:
    """Return the question with that name."""
    document = files(__name__).joinpath(f"{name}.graphql").read_text("utf-8")
    return Question(name, document.partition("\n")[0].removeprefix("# "), document)
