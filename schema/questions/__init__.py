"""Regular questions of advisers, officials and auditors: `.graphql` files, each with its question as a comment."""

from importlib.resources import files

from msgspec import Struct


class Question(Struct, frozen=True):
    """A question and the document that answers it."""

    name: str
    words: str
    document: str


def questions() -> list[Question]:
    """Return all questions, by name."""
    paths = (path for path in files(__name__).iterdir() if path.name.endswith(".graphql"))
    read = (_read(path.name.removesuffix(".graphql"), path.read_text("utf-8")) for path in paths)
    return sorted(read, key=lambda question: question.name)


def _read(name: str, document: str) -> Question:
    return Question(name, document.partition("\n")[0].removeprefix("# "), document)
