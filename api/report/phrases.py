"""Values of a report in words: statuses, dates, instants, erased narratives. Pure."""

from datetime import datetime
from zoneinfo import ZoneInfo

from api.report.query_models import Notice
from ledger.domain.councils import councils
from projections.narrate.sentence import instant

HIDDEN = "This section is left out because your roles in this notice have no access to it."


def status(word: str) -> str:
    """Return a code as the beginning of a sentence: NOT_MET becomes Not met."""
    return plain(word).capitalize()


def plain(word: str | None) -> str:
    """Return a code within a sentence: NOT_MET becomes not met, and None becomes an empty string."""
    return (word or "").replace("_", " ").lower()


def text_or_erasure(text: str | None, erased_by: int | None) -> str:
    """Return a narrative, or a note of the entry that erased it; empty if there is neither."""
    if text is not None:
        return text.strip()
    return "" if erased_by is None else f"[erased by entry {erased_by}]"


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """Return an instant in words, in the notice's time zone; empty for None."""
    return "" if value is None else instant(value, zone)


def issued_to(notice: Notice) -> str:
    """Return the name and code of the body that the notice was issued to."""
    code = notice.council or ""
    known = councils().get(code)
    name = notice.body if known is None else known.name
    return f"{name} ({code})" if name and code else name or code


def many(number: int, one: str, more: str = "") -> str:
    """Return a count of things: 1 action, 3 actions."""
    return f"{number:,} {one if number == 1 else more or f'{one}s'}"


def entry(position: int | None) -> str:
    """Return a citation of an entry; empty for None."""
    return "" if position is None else f"entry {position}"
