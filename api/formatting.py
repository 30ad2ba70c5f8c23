"""How values stand on pages: days and instants in words, codes as words, statuses as tags whose words say it all.

Each returns markup, or text that the template escapes. Colours only repeat what the words say.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup, escape

from projections.narrate import sentence

_COLOURS = {
    "green": {
        *("MET", "CURRENT", "SUFFICIENT", "COMPLETE", "GRANTED", "ACHIEVED", "DELIVERED", "ASSURED", "COMPLETED"),
        *("DONE", "ACCEPTED", "PROGRESS", "BEFORE", "COVERED", "CHANGED", "IN_POST", "REACHED", "QUORATE"),
    },
    "red": {
        *("NOT_MET", "INSUFFICIENT", "MISSING", "REFUSED", "MISSED", "OVERDUE", "FAILING", "CONCERN", "REJECTED"),
        *("UNCOVERED", "ABSENT", "LATE", "SLOW", "VACANT", "INTERVENTION", "MAJOR", "NOT_QUORATE"),
    },
    "yellow": {
        *(
            "AT_RISK",
            "PARTIAL",
            "INCONSISTENT",
            "DEFERRED",
            "AFTER",
            "UNUSED",
            "MINOR",
            "WITHDRAWN",
            "PROVISIONAL",
        ),
        *("GATHERED_ONLY", "NOT_DECIDED"),
    },
    "purple": {"NO_EVIDENCE", "SUPPRESSED", "RESTRICTED", "OFFICIAL_SENSITIVE"},
    "blue": {"LIVE", "STARTED", "RUNNING", "SCHEDULED", "AWAITED", "OPEN", "DUE", "HIGHLIGHTED"},
}
_COLOUR_OF = {word: colour for colour, words in _COLOURS.items() for word in words}
_CELL = re.compile("<t[rhd] ")
_EXCERPT = 120
_ABBREVIATIONS = {"Dfe": "DfE", "Official sensitive": "Official-sensitive"}


def plain(code: str | None) -> str:
    """A code of a closed list as words: NOT_MET → Not met."""
    found = (code or "").replace("_", " ").capitalize()
    return _ABBREVIATIONS.get(found, found)


def tag(code: str | None, label: str | None = None) -> Markup:
    """A status as a tag: its words, and a colour that repeats them."""
    if code is None:
        return Markup("")
    colour = _COLOUR_OF.get(code, "grey")
    return Markup('<strong class="govuk-tag govuk-tag--{}">{}</strong>').format(colour, label or plain(code))


def day(value: str | date | None) -> str:
    """A day in words: 5 July 2022."""
    if value is None:
        return ""
    return sentence.day(value if isinstance(value, date) else date.fromisoformat(value[:10]))


def when(value: str | datetime | None, zone: ZoneInfo) -> Markup:
    """An instant in words, with its exact value for programs: 5 July 2022, 13:30."""
    if value is None:
        return Markup("")
    exact = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return Markup('<time datetime="{}">{}</time>').format(exact.isoformat(), sentence.instant(exact, zone))


def prose(text: str | None, erased_by: int | None = None) -> Markup:
    """Free text as paragraphs; where it was erased, that it was."""
    if text is None:
        return Markup('<span class="erased">{}</span>').format(
            f"Erased under a recorded decision (entry {erased_by})" if erased_by else "None recorded"
        )
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    return Markup("<br><br>").join(Markup("<br>").join(map(escape, part.splitlines())) for part in parts)


def number(value: float | None, decimals: int = 1) -> str:
    """A number as people write it: no digits that say nothing."""
    if value is None:
        return ""
    shown = f"{value:,.{decimals}f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def labelled(rows: Markup, heads: Sequence[str]) -> Markup:
    """The rows of a table, each cell with its column's name, which stands before it on a narrow screen."""
    columns = iter(heads)

    def place(tag: re.Match[str]) -> str:
        nonlocal columns
        if tag[0] == "<tr ":
            columns = iter(heads)
            return tag[0]
        label = next(columns, "").removeprefix("#")
        return tag[0] if tag[0] == "<th " else f'<td data-label="{escape(label)}" '

    return Markup(_CELL.sub(place, rows))  # noqa: S704 - rows are markup, labels are escaped


def size(octets: int | None) -> str:
    """The size of a file."""
    found = float(octets or 0)
    for unit in ("bytes", "kB", "MB", "GB"):
        if found < 1_000 or unit == "GB":
            return f"{number(found)} {unit}"
        found /= 1_000
    raise AssertionError("a size has a unit")


def listed(items: Iterable[str]) -> str:
    """Words in a row: a, b and c."""
    return sentence.listed(items)


def fact(name: str | None) -> str:
    """A fact's type name as words: improvement-ledger.board.BoardDecisionRecorded.v1 → Board decision recorded."""
    bare = (name or "").split(".")[-2] if "." in (name or "") else name or ""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in bare).strip()
    return spaced[:1].upper() + spaced[1:]


def pairs(items: Iterable[Mapping[str, str]], value: str, label: str) -> list[tuple[str, str]]:
    """The options of a choice, from things that have a value and a label."""
    return [(item[value], item[label]) for item in items]


def as_options(codes: Iterable[str]) -> list[tuple[str, str]]:
    """The options of a choice, from the codes of a closed list."""
    return [(code, plain(code)) for code in codes]


def excerpt(text: str) -> str:
    """The beginning of a text."""
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rsplit(' ', 1)[0]} …"


def field_name(path: str) -> str:
    """A place in a fact's data as words: options[0] → Option 1."""
    name, _, rest = path.partition("[")
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name.rpartition(".")[2])
    index = rest.partition("]")[0]
    label = spaced[:1].upper() + spaced[1:]
    return sentence.numbered(label, int(index) + 1) if index.isdigit() else label


def pretty(data: object) -> str:
    """A fact as it is stored, a field a line."""
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
