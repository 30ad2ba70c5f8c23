"""A view's reference to a narrative: the narrative's entry and path and, once read, its body."""

from msgspec import Struct


class NarrativeRef(Struct, frozen=True, gc=False):
    """A reference to a narrative. A fold knows its position and path; a query adds the body."""

    body: str | None = None
    """Text of the narrative; None if it was erased or has not been read."""
    erased_by: int | None = None
    """Position of the entry that erased the narrative; None if it was not erased."""
    position: int = 0
    """Position of the entry to which the narrative belongs."""
    path: str = ""
    """Path of the narrative in its entry's data, such as options[0]."""
