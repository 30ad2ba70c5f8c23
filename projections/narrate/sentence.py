"""Sentences: a fact's template with its values in words, and the wording of days, instants and lists. Pure.

`ledger.domain.fact.Sentence` describes the templates.
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
from ledger.domain.rules import RULES
from projections.engine.narrative import NarrativeRef
from projections.narrate.directions import with_ended_directions

NO_NAMES: Mapping[str, str] = MappingProxyType({})
"""Empty map from actors to their names."""
_PART = re.compile(r"\[([^]]*)]")
_STOPPED = re.compile(r"([.!?])”\.")
_STOP_WITHIN = re.compile(r"\.”(?=[,;)])")
_FACT_TYPE = re.compile(r"improvement-ledger\.[a-z]+\.([A-Za-z]+)\.v[0-9]+")
_UNDERSCORE = re.compile(r"_([a-z0-9])")
_MANY = re.compile("(?<=ss)es$|(?<!s)s$")
_COUNTED = re.compile(r"([0-9]+)|([^0-9]+)")
_PEOPLE = re.compile(r"((?:is held|is chaired) by |^The adviser |^The chair, |of the chair, )([^;]+)")
_ID = re.compile(r"[A-Za-z0-9:._/-]*[A-Za-z0-9:_/-]")
_FIELD = re.compile(r"\{([^}]*)}")


def fields_of(template: str) -> list[str]:
    """Return the fields of a fact that a template names, as dotted attributes."""
    return [name.partition("?")[0] for name in _FIELD.findall(template)]


def required_fields_of(template: str) -> list[str]:
    """Return the fields of a template that are outside its optional parts."""
    return fields_of(_PART.sub("", template))


def phrase(
    template: str,
    fact: Fact,
    narratives: Mapping[str, NarrativeRef],
    zone: ZoneInfo,
    names: Mapping[str, str] = NO_NAMES,
) -> str:
    """Return a template filled in with the values of a fact; days and times are in the zone.

    `names` maps an actor's id to the name, which is written before the id.
    """

    def value(field: str) -> str:
        name, chooses, wordings = field.partition("?")
        content: Any = fact
        for step in name.split("."):
            many = isinstance(content, list)
            content = [getattr(item, step) for item in content] if many else getattr(content, step, None)
        if chooses:
            return wordings.split("|")[0 if content else 1]
        if name == "rule" and content in RULES:
            return RULES[content].sentence().removesuffix(".")
        if names and data_path(name) not in _subject_fields(type(fact)):
            content = (
                [with_name(item, names) for item in content]
                if isinstance(content, list)
                else with_name(content, names)
            )
        if isinstance(content, Narrative):
            return quote(narratives.get(data_path(name)))
        if isinstance(content, list) and any(isinstance(item, Narrative) for item in content):
            return join_items(
                quote(narratives.get(f"{data_path(name)}[{index}]")) for index, _ in enumerate(content)
            )
        return _in_words(content, zone)

    def part(match: re.Match[str]) -> str:
        return match[1] if all(value(name) for name in fields_of(match[1])) else ""

    return _FIELD.sub(lambda match: value(match[1]), _PART.sub(part, template))


@cache
def _subject_fields(kind: type[Fact]) -> frozenset[str]:
    """Return the fields of a fact that name things other than actors."""
    return frozenset(str(path[0]) for ref, path in KIND_OF[kind].references if ref != "actor")


def with_name(actor: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - what is no actor's id comes back as it is
    """Return an actor's name and id, or the id alone if no name is known."""
    return (
        f"{with_ended_directions(names[actor])} ({actor})" if isinstance(actor, str) and actor in names else actor
    )


def reason_with_names(reason: str, names: Mapping[str, str]) -> str:
    """Return a verdict's reason with the names of the chair, adviser or holders of a post in it."""

    def named(people: re.Match[str]) -> str:
        most = 0 if people[1].startswith("is held") else 1  # then other words follow, which may be ids too
        return people[1] + _ID.sub(lambda id_: str(with_name(id_[0], names)), people[2], count=most)

    return _PEOPLE.sub(named, reason)


def with_full_stop(sentence: str) -> str:
    """Return a sentence with its full stop, and without needless full stops of quotations."""
    return _STOPPED.sub(r"\1”", _STOP_WITHIN.sub("”", f"{sentence}."))


def data_path(name: str) -> str:
    """Return the path of an attribute in an event's data, such as termsOfReference for terms_of_reference."""
    return _UNDERSCORE.sub(lambda match: match[1].upper(), name.removesuffix("_"))


def quote(narrative: NarrativeRef | None) -> str:
    """Return a narrative in quotation marks, or a note if the narrative is missing or erased."""
    if narrative is None:
        return "“missing”"
    if narrative.body is None:
        return f"“erased by entry {narrative.erased_by}”"
    return f"“{with_ended_directions(narrative.body.strip())}”"


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
            words = join_items(_in_words(item, zone) for item in value)
        case int():
            words = f"{value:,}"
        case float():
            words = f"{value:,.4f}".rstrip("0").rstrip(".")
        case str() if value in councils():
            words = f"{councils()[value].name} ({value})"
        case _:
            words = _FACT_TYPE.sub(r"\1", str(value))
    return words


def join_items(items: Iterable[str]) -> str:
    """Return items joined as in a sentence: a, b and c."""
    *first, last = list(items) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone with this name, or UTC if the name is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def day(value: date) -> str:
    """Return a day in words, such as 5 July 2022."""
    return f"{value.day} {value:%B %Y}"


def numbered(plural: str, number: int) -> str:
    """Return the name of one of several items: options → option 1, weaknesses → weakness 1."""
    return f"{singular(plural)} {number}"


def singular(plural: str) -> str:
    """Return the name of one of several items: weaknesses → weakness."""
    return _MANY.sub("", plural)


def natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key that orders the numbers in names by value: 5b, 5f, 13."""
    return [(int(digits or 0), letters) for digits, letters in _COUNTED.findall(name)]


def instant(value: datetime, zone: ZoneInfo) -> str:
    """Return an instant in a zone: the day alone at midnight, else with hour and minute."""
    local = value.astimezone(zone)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return day(local) if midnight else f"{day(local)}, {local:%H:%M}"
