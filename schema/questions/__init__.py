"""The adviser's regular questions, each a `.graphql` file that begins with the question in words."""

from importlib.resources import files

from msgspec import Struct


class Question(Struct, frozen=True):
    """A question and the document that answers it."""

    name: str
    words: str
    document: str


def questions() -> list[Question]:
    """All of them, by name."""
    found = (path for path in files(__name__).iterdir() if path.name.endswith(".graphql"))
    read = (_read(path.name.removesuffix(".graphql"), path.read_text("utf-8")) for path in found)
    return sorted(read, key=lambda question: question.name)


def _read(name: str, document: str) -> Question:
    return Question(name, document.partition("\n")[0].removeprefix("# "), document)
