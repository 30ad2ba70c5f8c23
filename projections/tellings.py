"""How each fact is told in plain words, and what it settles: one `Telling` a fact. Pure.

A sentence names fields of the fact in braces; a part in square brackets is left out when one of its fields is
empty. A fact without its telling fails the tests.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from ledger.facts.access import AccessGranted, AccessRequested, AccessRevoked
from ledger.facts.board import BoardDecisionRecorded
from ledger.facts.evidence import EvidenceSubmitted
from ledger.facts.fact import Fact, Narrative
from ledger.facts.notice import AreaRegistered, ClauseRegistered, NoticeIssued
from ledger.facts.people import RoleGranted, RoleRevoked, TokenIssued, TokenRevoked
from ledger.facts.plan import ObjectiveAdded, ProgressRecorded
from ledger.facts.records import EntryCorrected, ErasureRequested, NarrativeErased
from projections.position import Text


class Telling(Struct, frozen=True):
    """A fact in words."""

    sentence: str
    settles: tuple[tuple[str, str, str], ...] = ()
    """What holds from then on: (of what, which aspect of it, what it is)."""
    decision: bool = False
    """Whether somebody decided something for others by it."""


TELLINGS: Mapping[type[Fact], Telling] = {
    NoticeIssued: Telling(
        "{issuer} issued this {kind} to the council {council} on {issued_on}: {title}[, following {predecessor}]",
        (("the notice", "state", "in force"),),
    ),
    ClauseRegistered: Telling(
        "Clause {number} was registered: what the {obligor} {modality} do, judged by the rule {rule}",
        (("clause {number}", "owed by", "{obligor} ({modality})"), ("clause {number}", "rule", "{rule}")),
    ),
    AreaRegistered: Telling(
        "Area {area} was registered for priority action: {title}",
        (("area {area}", "state", "for priority action"),),
    ),
    ObjectiveAdded: Telling(
        "Objective {objective} joined the plan: {title}. It serves {areas}, {owner} answers for it, "
        "and it is due on {due}[; its impact is seen by {measures}]",
        (
            ("objective {objective}", "owner", "{owner}"),
            ("objective {objective}", "due", "{due}"),
            ("objective {objective}", "areas", "{areas}"),
        ),
    ),
    ProgressRecorded: Telling(
        "Progress on objective {objective}: activity is rated {activity_rating}, impact {impact_rating}",
        (
            ("objective {objective}", "activity", "{activity_rating}"),
            ("objective {objective}", "impact", "{impact_rating}"),
        ),
    ),
    EvidenceSubmitted: Telling(
        "Evidence {evidence} was put into the register: {title} ({classification}, {media_type}, {size} bytes)"
        "[, for {period.first} to {period.last}][; it speaks for {supports}]",
        (("evidence {evidence}", "in the register", "as {classification}"),),
    ),
    BoardDecisionRecorded: Telling(
        "The board took decision {decision} at meeting {meeting}: {title}"
        "[, with {votes.for_} for, {votes.against} against and {votes.abstained} abstaining]"
        "[; it concerns {relates_to}]",
        (("decision {decision}", "state", "taken"),),
        decision=True,
    ),
    AccessRequested: Telling(
        "Access {request} was asked for: {kind}, for {grantee}[, to do review {review}]"
        "[, to do diagnostic {diagnostic}], from {from_} until {until}",
        (("access {request}", "state", "asked for"),),
    ),
    AccessGranted: Telling(
        "Access {request} was granted, from {from_} until {until}",
        (("access {request}", "state", "granted until {until}"),),
        decision=True,
    ),
    AccessRevoked: Telling(
        "Access {request} was withdrawn at once", (("access {request}", "state", "withdrawn"),), decision=True
    ),
    RoleGranted: Telling(
        "{actor} was given the role of {role}[, from {from_}][, until {until}]",
        (("{actor}", "role of {role}", "held[ until {until}]"),),
    ),
    RoleRevoked: Telling("{actor} is no longer {role}", (("{actor}", "role of {role}", "ended"),), decision=True),
    TokenIssued: Telling(
        "Token {token} was issued to {actor} as {role}[, for the source {source} only][, for {facts} only]"
        "[, until {until}]",
        (("token {token}", "state", "open for {actor}"),),
    ),
    TokenRevoked: Telling(
        "Token {token} was revoked at once", (("token {token}", "state", "revoked"),), decision=True
    ),
    EntryCorrected: Telling(
        "Entry {position} was corrected", (("entry {position}", "reads", "as corrected"),), decision=True
    ),
    ErasureRequested: Telling(
        "It was asked that the text of entry {position} be erased",
        (("the text of entry {position}", "state", "to be erased"),),
    ),
    NarrativeErased: Telling(
        "The text of entry {position} was erased for good, as entry {request} had asked; its proof stays",
        (("the text of entry {position}", "state", "erased"),),
        decision=True,
    ),
}
_PART = re.compile(r"\[([^]]*)]")
_FIELD = re.compile(r"\{([^}]*)}")


def fields_of(template: str) -> list[str]:
    """The fields of a fact that a template names, as dotted attributes."""
    return _FIELD.findall(template)


def phrase(template: str, fact: Fact, texts: Mapping[str, Text], zone: ZoneInfo) -> str:
    """The template with the fact's values in it; days and times are the zone's."""

    def value(name: str) -> str:
        found: Any = fact
        for step in name.split("."):
            found = getattr(found, step, None)
        if isinstance(found, Narrative):
            return quoted(texts.get(name))
        return _in_words(found, zone)

    def part(match: re.Match[str]) -> str:
        return match[1] if all(value(name) for name in fields_of(match[1])) else ""

    return _FIELD.sub(lambda match: value(match[1]), _PART.sub(part, template))


def quoted(text: Text | None) -> str:
    """A narrative as it can be read now."""
    if text is None:
        return "«not there»"
    return f"«{text.body.strip()}»" if text.body is not None else f"«erased by entry {text.erased_by}»"


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
        case _:
            words = str(value)
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


def instant(value: datetime, zone: ZoneInfo) -> str:
    """An instant in that zone: a day alone when it is midnight there, else with hour and minute."""
    local = value.astimezone(zone)
    midnight = (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)
    return day(local) if midnight else f"{day(local)}, {local:%H:%M}"
