"""A narrative as a view holds it: where it stands beside the entries and, once it is read, its words."""

from msgspec import Struct


class NarrativeRef(Struct, frozen=True, gc=False):
    """A narrative. A fold knows its place only; a reading fills in the words."""

    body: str | None = None
    """None: it was erased, or has not been read."""
    erased_by: int | None = None
    """The position of the entry that erased it."""
    position: int = 0
    """The position of the entry beside which it stands."""
    path: str = ""
    """Where it stands in that entry's data, such as options[0]."""
