"""Format values for pages and reports: dates, codes, statuses, sizes and numbers.

Templates escape the returned texts, but not the returned markup. A colour only repeats what the text says.
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
        *(
            "MET_LATE",
            "DONE",
            "ACCEPTED",
            "PROGRESS",
            "BEFORE",
            "COVERED",
            "CHANGED",
            "IN_POST",
            "REACHED",
            "QUORATE",
        ),
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
    "blue": {"POWER_USED", "LIVE", "STARTED", "RUNNING", "SCHEDULED", "AWAITED", "OPEN", "DUE", "HIGHLIGHTED"},
}
_COLOUR_OF = {word: colour for colour, words in _COLOURS.items() for word in words}
_CELL = re.compile("<t[rhd] ")
_EXCERPT = 120
_ABBREVIATIONS = {"Dfe": "DfE"}
_HYPHENATED = re.compile(r"(?i)\b(official|multi|self|pre|co) (sensitive|agency|assessment|review|owners)\b")


def plain(code: str | None) -> str:
    """Return the words of a code, such as Not met for NOT_MET; empty for None."""
    label = (code or "").replace("_", " ").capitalize()
    return _ABBREVIATIONS.get(label) or hyphenated(label)


def hyphenated(text: str) -> str:
    """Return a text with hyphens in terms such as self-assessment, because names in code have no hyphens."""
    return _HYPHENATED.sub(r"\1-\2", text)


def plain_list(codes: Sequence[str]) -> str:
    """Return codes in words as one phrase, such as "Case files, minutes and DfE"; abbreviations keep capitals."""
    first, *others = map(plain, codes)
    return listed([first, *(word.lower() if word[1:].islower() else word for word in others)])


def tag(code: str | None, label: str | None = None) -> Markup:
    """Return a status as a tag, whose colour repeats its text; empty for None."""
    if code is None:
        return Markup("")
    colour = _COLOUR_OF.get(code, "grey")
    return Markup('<strong class="govuk-tag govuk-tag--{}">{}</strong>').format(colour, label or plain(code))


def day(value: str | date | None) -> str:
    """Return a date in words, such as 5 July 2022; empty for None."""
    if value is None:
        return ""
    return sentence.day(value if isinstance(value, date) else date.fromisoformat(value[:10]))


def when(value: str | datetime | None, zone: ZoneInfo) -> Markup:
    """Return an instant as 5 July 2022, 13:30, with its exact value for programs; empty for None."""
    if value is None:
        return Markup("")
    exact = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return Markup('<time datetime="{}">{}</time>').format(exact.isoformat(), sentence.instant(exact, zone))


def prose(text: str | None, erased_by: int | None = None) -> Markup:
    """Return a narrative as paragraphs; for None, a note that the narrative was erased or not recorded."""
    if text is None:
        return Markup('<span class="erased">{}</span>').format(
            f"Erased under a recorded decision (entry {erased_by})" if erased_by else "None recorded"
        )
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    return Markup("<br><br>").join(Markup("<br>").join(map(escape, part.splitlines())) for part in parts)


def lines(texts: Iterable[str]) -> Markup:
    """Return texts, each on a line of its own."""
    return Markup("<br>").join(map(escape, texts))


def number(value: float | None, decimals: int = 1) -> str:
    """Return a number as text, without trailing zeros; empty for None."""
    if value is None:
        return ""
    digits = f"{value:,.{decimals}f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def labelled(rows: Markup, heads: Sequence[str]) -> Markup:
    """Return the rows of a table, each data cell labelled with its column's name for narrow screens."""
    columns = iter(heads)

    def label_cell(tag: re.Match[str]) -> str:
        nonlocal columns
        if tag[0] == "<tr ":
            columns = iter(heads)
            return tag[0]
        label = next(columns, "").removeprefix("#")
        return tag[0] if tag[0] == "<th " else f'<td data-label="{escape(label)}" '

    return Markup(_CELL.sub(label_cell, rows))  # noqa: S704 - rows are markup, labels are escaped


def size(octets: int | None) -> str:
    """Return a file's size in bytes, kB, MB or GB; "0 bytes" for None."""
    amount = float(octets or 0)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1_000 or unit == "GB":
            return f"{number(amount)} {unit}"
        amount /= 1_000
    raise AssertionError("the loop returns at the largest unit")


def listed(items: Iterable[str]) -> str:
    """Return items as a phrase: a, b and c."""
    return sentence.join_items(items)


def fact(name: str | None) -> str:
    """Return a fact's type name as words; empty for None.

    For example, improvement-ledger.board.BoardDecisionRecorded.v1 becomes Board decision recorded.
    """
    bare = (name or "").split(".")[-2] if "." in (name or "") else name or ""
    spaced = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in bare).strip()
    return hyphenated(spaced[:1].upper() + spaced[1:])


def pairs(items: Iterable[Mapping[str, str]], value: str, label: str) -> list[tuple[str, str]]:
    """Return the options of a choice as pairs of value and label.

    Args:
        items: Items, such as rows of a query's answer.
        value: Name of the member that is an option's value.
        label: Name of the member that is an option's label; the value replaces an erased label.
    """
    return [(item[value], item[label] or item[value]) for item in items]


def as_options(codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return the options of a choice from the codes of a closed list."""
    return [(code, plain(code)) for code in codes]


def excerpt(text: str) -> str:
    """Return a narrative, shortened to about 120 characters at the end of a word."""
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT].rsplit(' ', 1)[0]} …"


_FIELD_NAMES = {
    "grantee": "person to have access",
    "text": "narrative",
    "what": "description",
    "where": "place of publication",
}
"""Words for fields whose names say too little without their fact."""


def field_name(path: str) -> str:
    """Return a field's path in a fact's data as words: options[0] becomes Option 1."""
    name, _, rest = path.partition("[")
    last = name.rpartition(".")[2]
    spaced = "".join(
        f" {letter.lower()}" if letter.isupper() else letter for letter in _FIELD_NAMES.get(last, last)
    )
    index = rest.partition("]")[0]
    label = spaced[:1].upper() + spaced[1:]
    return sentence.numbered(label, int(index) + 1) if index.isdigit() else label


def pretty(data: object) -> str:
    """Return a fact's data as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
