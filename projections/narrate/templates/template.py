"""What a telling is. Pure."""

from msgspec import Struct


class SentenceTemplate(Struct, frozen=True):
    """A fact in words."""

    sentence: str
    settles: tuple[tuple[str, str, str], ...] = ()
    """What holds from then on: (of what, which aspect of it, what it is)."""
    decision: bool = False
    """Whether somebody decided something for others by it."""
