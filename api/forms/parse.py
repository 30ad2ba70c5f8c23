"""From what was typed into a form to the data of a fact: field by field, so that every fault is found at once.

An input is called what a refusal calls its place in the event (`data.votes.for`), so faults find their way back.
Nothing that was typed is lost: `kept` holds all of it, without the rows that were left blank. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct

from api.forms import dates
from api.forms.fields import COMPOSITE, ENVELOPE, Control, Field, fields_of
from ledger.domain.errors import Refusal
from ledger.domain.fields import Json
from ledger.domain.registry import KINDS
from ledger.intake.parse import is_near, out_of_time

Typed = Mapping[str, Sequence[str]]
"""The names of a form's inputs, and what was typed into each."""
DATA = "data"
"""Where the fact stands in an event."""
CHANGE = "?"
"""What follows a list's name in the name of the box that says that it changes."""
_ABSENT = object()
_INDEX = re.compile(r"\[(\d{1,4})\]", re.ASCII)
_YES = {"yes": True, "no": False}


class ParsedForm(Struct):
    """What a form says."""

    event: dict[str, Json]
    """What the recorder says of an event: its data and, where they are given, time, clauses and confirmations."""
    kept: dict[str, list[str]]
    refusals: list[Refusal]


def read(fields: Sequence[Field], typed: Typed, zone: ZoneInfo) -> ParsedForm:
    """What was typed as an event of the intake's, where it is sound; a time that is not is left out."""
    reader = _Reader(typed, zone)
    event: dict[str, Json] = {}
    for each in ENVELOPE:
        found = reader.field(each, each.key, each.key)
        if found is not _ABSENT and not reader.refusals:
            event[each.key] = " ".join(found) if each.many else found
    event[DATA] = reader.group(fields, DATA, DATA)
    return ParsedForm(event, reader.kept, reader.refusals)


class _Reader:
    """Each method reads what stands at a place of the form, and keeps it at the place that it then has."""

    def __init__(self, typed: Typed, zone: ZoneInfo) -> None:
        self.typed = typed
        self.zone = zone
        self.kept: dict[str, list[str]] = {}
        self.refusals: list[Refusal] = []

    def group(self, fields: Iterable[Field], place: str, to: str) -> dict[str, Json]:
        data = {}
        for each in fields:
            value = self.field(each, f"{place}.{each.key}", f"{to}.{each.key}")
            if value is not _ABSENT:
                data[each.key] = value
        return data

    def field(self, asked: Field, place: str, to: str) -> Json:
        if asked.control is Control.PARAMETERS:
            return self.parameters(asked, place, to)
        if not asked.many:
            return self.value(asked, place, to)
        if asked.control in COMPOSITE:
            found = (self.value(asked, row, f"{to}[{index}]") for index, row in enumerate(self.rows(place)))
            rows = [value for value in found if value is not _ABSENT]
        else:
            texts = [self.tidy(asked, text) for text in self.typed.get(place, ()) if text.strip()]
            self.keep(to, *texts)
            rows = [self.parsed(asked, text, f"{to}[{index}]") for index, text in enumerate(texts)]
        changes = self.typed.get(place + CHANGE)
        if changes:
            self.keep(to + CHANGE, *changes)
        if rows or (asked.required and not asked.least) or (asked.nullable and changes):
            return rows
        return _ABSENT

    def rows(self, place: str) -> Iterator[str]:
        """The places of the rows there that are not blank."""
        numbers = {
            int(match[1])
            for name, values in self.typed.items()
            if name.startswith(place)
            and (match := _INDEX.match(name, len(place)))
            and any(value.strip() for value in values)
        }
        return (f"{place}[{number}]" for number in sorted(numbers))

    def value(self, asked: Field, place: str, to: str) -> Json:
        match asked.control:
            case Control.GROUP:
                data = self.group(asked.fields, place, to)
                blank = not any(name.startswith(f"{to}.") for name in self.kept)
                return _ABSENT if blank and not asked.required and not asked.many else data
            case Control.FACT:
                return self.fact(place, to)
            case Control.DAY | Control.INSTANT:
                return self.moment(asked, place, to)
        text = self.tidy(asked, next(iter(self.typed.get(place, ())), ""))
        if not text.strip():
            return _ABSENT
        self.keep(to, text)
        return self.parsed(asked, text, to)

    def keep(self, name: str, *texts: str) -> None:
        if texts:
            self.kept[name] = list(texts)

    def tidy(self, asked: Field, text: str) -> str:
        """Text as it was meant: forms send each end of line as two characters."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text if asked.control is Control.TEXT else text.strip()

    def refuse(self, message: str, place: str) -> None:
        self.refusals.append(Refusal("INVALID_FIELD", message, place))

    def parsed(self, asked: Field, text: str, to: str) -> Json:
        """The value of one input; the text itself where it is none."""
        plain = text.replace(",", "").replace(" ", "")
        match asked.control:
            case Control.WHOLE:
                if re.fullmatch(r"-?\d{1,18}", plain, re.ASCII):
                    return int(plain)
                self.refuse("write a whole number in figures, such as 12", to)
            case Control.NUMBER:
                if re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", plain, re.ASCII):
                    return float(plain)
                self.refuse("write a number in figures, such as 12 or 95.5", to)
            case Control.YES_NO:
                return _YES.get(text, text)
        return text

    def moment(self, asked: Field, place: str, to: str) -> Json:
        """A day, or an instant, of its parts."""
        names = (*dates.DAY_PARTS, "time") if asked.control is Control.INSTANT else dates.DAY_PARTS
        parts = [next(iter(self.typed.get(f"{place}.{name}", ())), "").strip() for name in names]
        if not any(parts):
            return _ABSENT
        for name, part in zip(names, parts, strict=True):
            if part:
                self.keep(f"{to}.{name}", part)
        try:
            day = dates.day((parts[0], parts[1], parts[2]))
            found = dates.instant(day, parts[3], self.zone) if len(parts) > 3 else day
        except dates.Unreadable as unreadable:
            self.refuse(str(unreadable), to)
            return " ".join(parts)
        if not is_near(str(found)):
            self.refusals.append(out_of_time(to))
        return found.isoformat()

    def parameters(self, asked: Field, place: str, to: str) -> Json:
        """The parameters of a rule: rows of a name, the kind of its value, and the value."""
        found: dict[str, Json] = {}
        for index, row in enumerate(self.rows(place)):
            name, form, text = (
                next(iter(self.typed.get(f"{row}.{part}", ())), "").strip() for part in ("name", "form", "value")
            )
            at = f"{to}[{index}]"
            for part, said in (("name", name), ("form", form), ("value", text)):
                if said:
                    self.keep(f"{at}.{part}", said)
            value = _parameter(form, text)
            if not name or value is None:
                value = text
                self.refuse("give the parameter a name, choose what its value is, and write the value so", at)
            elif name in found:
                self.refuse("this parameter stands here twice; write it once", at)
            found[name] = value
        return found if found or asked.required else _ABSENT

    def fact(self, place: str, to: str) -> Json:
        """A fact of a type that is chosen on the form itself."""
        chosen = next(iter(self.typed.get(f"{place}.type", ())), "").strip()
        if not chosen:
            return _ABSENT
        self.keep(f"{to}.type", chosen)
        kind = KINDS.get(chosen)
        fields = fields_of(kind.struct) if kind is not None else ()
        return {"type": chosen, "data": self.group(fields, f"{place}.data", f"{to}.data")}


def _parameter(form: str, text: str) -> Json:
    match form:
        case "number" if re.fullmatch(r"\d{1,15}", text, re.ASCII):
            return int(text)
        case "switch" if text.lower() in _YES:
            return _YES[text.lower()]
        case "word" if text:
            return text
        case "words":
            return [word.strip() for word in text.split(",") if word.strip()]
    return None
