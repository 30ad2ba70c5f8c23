"""A telling put into words: the fields of a fact, days, instants and lists as they are read aloud. Pure.

A sentence names fields of the fact in braces; {quorate?quorate|not quorate} puts one of two wordings; a part in
square brackets is left out when one of its fields is empty.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.domain.councils import councils
from ledger.domain.fact import Fact, Narrative
from ledger.domain.registry import KIND_OF
from projections.engine.narrative import NarrativeRef

NOBODY: Mapping[str, str] = MappingProxyType({})
"""The names of a directory that names nobody."""
_PART = re.compile(r"\[([^]]*)]")
_STOPPED = re.compile(r"([.!?])”\.")
_STOP_WITHIN = re.compile(r"\.”(?=[,;)])")
_FACT_TYPE = re.compile(r"improvement-ledger\.[a-z]+\.([A-Za-z]+)\.v[0-9]+")
_UNDERSCORE = re.compile(r"_([a-z0-9])")
_MANY = re.compile("(?<=ss)es$|(?<!s)s$")
_COUNTED = re.compile(r"([0-9]+)|([^0-9]+)")
_FIELD = re.compile(r"\{([^}]*)}")


def fields_of(template: str) -> list[str]:
    """The fields of a fact that a template names, as dotted attributes."""
    return [name.partition("?")[0] for name in _FIELD.findall(template)]


def asked_by(template: str) -> list[str]:
    """Those of them that stand in no part that may be left out."""
    return fields_of(_PART.sub("", template))


def phrase(
    template: str,
    fact: Fact,
    texts: Mapping[str, NarrativeRef],
    zone: ZoneInfo,
    names: Mapping[str, str] = NOBODY,
) -> str:
    """The template with the fact's values in it; days and times are the zone's.

    `names`: actor → the name by which people know them, put beside their id.
    """

    def value(named: str) -> str:
        name, asks, words = named.partition("?")
        found: Any = fact
        for step in name.split("."):
            each = isinstance(found, list)
            found = [getattr(item, step) for item in found] if each else getattr(found, step, None)
        if asks:
            return words.split("|")[0 if found else 1]
        if names and place(name) not in _things(type(fact)):
            found = [called(each, names) for each in found] if isinstance(found, list) else called(found, names)
        if isinstance(found, Narrative):
            return quoted(texts.get(place(name)))
        if isinstance(found, list) and any(isinstance(item, Narrative) for item in found):
            return listed(quoted(texts.get(f"{place(name)}[{index}]")) for index, _ in enumerate(found))
        return _in_words(found, zone)

    def part(match: re.Match[str]) -> str:
        return match[1] if all(value(name) for name in fields_of(match[1])) else ""

    return _FIELD.sub(lambda match: value(match[1]), _PART.sub(part, template))


@cache
def _things(kind: type[Fact]) -> frozenset[str]:
    """The fields of a fact that name things of the notice, and so nobody."""
    return frozenset(str(path[0]) for ref, path in KIND_OF[kind].references if ref != "actor")


def called(actor: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - what is no actor's id comes back as it is
    """An actor by their name and their id; by their id alone where no name is known."""
    return f"{names[actor]} ({actor})" if isinstance(actor, str) and actor in names else actor


def ended(sentence: str) -> str:
    """The sentence with its full stop, and without those that a quotation brought and does not need."""
    return _STOPPED.sub(r"\1”", _STOP_WITHIN.sub("”", f"{sentence}."))


def place(name: str) -> str:
    """Where an attribute stands in an event's data, such as termsOfReference for terms_of_reference."""
    return _UNDERSCORE.sub(lambda match: match[1].upper(), name.removesuffix("_"))


def quoted(text: NarrativeRef | None) -> str:
    """A narrative as it can be read now."""
    if text is None:
        return "“not there”"
    return f"“{text.body.strip()}”" if text.body is not None else f"“erased by entry {text.erased_by}”"


def _in_words(value: object, zone: ZoneInfo) -> str:
    match value:
        case None:
            words = ""
        case Enum():
            words = str(value.value).replace("_", " ").lower()
        case datetime():
            words = instant(value, zone)
        case date():
            words = day(value)
        case list() | tuple():
            words = listed(_in_words(item, zone) for item in value)
        case int():
            words = f"{value:,}"
        case float():
            words = f"{value:,.4f}".rstrip("0").rstrip(".")
        case str() if value in councils():
            words = f"{councils()[value].name} ({value})"
        case _:
            words = _FACT_TYPE.sub(r"\1", str(value))
    return words


def listed(items: Iterable[str]) -> str:
    """Items as they are read aloud: a, b and c."""
    *first, last = list(items) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def day(value: date) -> str:
    """A day, such as 5 July 2022."""
    return f"{value.day} {value:%B %Y}"


def numbered(texts: str, number: int) -> str:
    """One of several texts, by the name of them all: options → option 1, weaknesses → weakness 1."""
    return f"{_MANY.sub('', texts)} {number}"


def natural(name: str) -> list[tuple[int, str]]:
    """The key that orders names as people count: 5b, 5f, 13."""
    return [(int(digits or 0), letters) for digits, letters in _COUNTED.findall(name)]


def instant(value: datetime, zone: ZoneInfo) -> str:
    """An instant in that zone: a day alone when it is midnight there, else with hour and minute."""
    local = value.astimezone(zone)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return day(local) if midnight else f"{day(local)}, {local:%H:%M}"
