"""How a report words values: statuses, days, instants, texts that were erased. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ledger.domain.councils import councils
from projections.narrate.sentence import instant

HIDDEN = "Your roles in this notice do not read this section, so it is left out of this copy."


def status(word: str) -> str:
    """A word of a list as a sentence has it: NOT_MET is Not met."""
    return plain(word).capitalize()


def plain(word: str | None) -> str:
    """A word of a list within a sentence: NOT_MET is not met."""
    return (word or "").replace("_", " ").lower()


def said_or_erased(text: str | None, erased_by: int | None) -> str:
    """A text, or which entry erased it."""
    if text is not None:
        return text.strip()
    return "" if erased_by is None else f"[erased by entry {erased_by}]"


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """An instant in the notice's zone."""
    return "" if value is None else instant(value, zone)


def council_of(code: str) -> str:
    """A council's name, with its code."""
    known = councils().get(code)
    return code if known is None else f"{known.name} ({code})"


def many(number: int, one: str, more: str = "") -> str:
    """A number of things: 1 action, 3 actions."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def entry(position: int | None) -> str:
    """An entry cited by its number."""
    return "" if position is None else f"entry {position}"
