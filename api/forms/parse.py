"""Turn a form's inputs into an event, field by field, so all errors of the inputs are found at once. Pure.

An input has the name that a refusal uses as its path in the event (`data.votes.for`). `ParsedForm.inputs` keeps
the typed values of the fields, trimmed except narratives, without blank rows.
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
from ledger.intake.validation_errors import is_near, out_of_time

Inputs = Mapping[str, Sequence[str]]
"""Values of a form by input name."""
DATA = "data"
"""Path of the fact's data in an event."""
CHANGE = "?"
"""Suffix that turns a list's name into the name of the checkbox for changing the list."""
_ABSENT = object()
_INDEX = re.compile(r"\[(\d{1,4})\]", re.ASCII)
_YES = {"yes": True, "no": False}


class ParsedForm(Struct):
    """The event of a form, its inputs, and its errors."""

    event: dict[str, Json]
    """Members of the event that the form sets: data and, where entered, time, clauses and confirmations."""
    inputs: dict[str, list[str]]
    refusals: list[Refusal]


def read(fields: Sequence[Field], inputs: Inputs, zone: ZoneInfo) -> ParsedForm:
    """Return the event, inputs and errors of a form; if the time is invalid, the event has data only."""
    reader = _Reader(inputs, zone)
    event: dict[str, Json] = {}
    for field in ENVELOPE:
        value = reader.field(field, field.key, field.key)
        if value is not _ABSENT and not reader.refusals:
            event[field.key] = " ".join(value) if field.many else value
    event[DATA] = reader.group(fields, DATA, DATA)
    return ParsedForm(event, reader.cleaned, reader.refusals)


class _Reader:
    """Reader of a form's values by path, which stores each input under its path with consecutive row numbers."""

    def __init__(self, inputs: Inputs, zone: ZoneInfo) -> None:
        self.inputs = inputs
        self.zone = zone
        self.cleaned: dict[str, list[str]] = {}
        self.refusals: list[Refusal] = []

    def group(self, fields: Iterable[Field], path: str, to: str) -> dict[str, Json]:
        data = {}
        for field in fields:
            value = self.field(field, f"{path}.{field.key}", f"{to}.{field.key}")
            if value is not _ABSENT:
                data[field.key] = value
        return data

    def field(self, field: Field, path: str, to: str) -> Json:
        if field.control is Control.PARAMETERS:
            return self.parameters(field, path, to)
        if not field.many:
            return self.value(field, path, to)
        if field.control in COMPOSITE:
            items = (self.value(field, row, f"{to}[{index}]") for index, row in enumerate(self.rows(path)))
            rows = [value for value in items if value is not _ABSENT]
        else:
            lines = [self.tidy(field, text) for text in self.inputs.get(path, ()) if text.strip()]
            self.keep(to, *lines)
            rows = [self.parsed(field, text, f"{to}[{index}]") for index, text in enumerate(lines)]
        changes = self.inputs.get(path + CHANGE)
        if changes:
            self.keep(to + CHANGE, *changes)
        if rows or (field.required and not field.least) or (field.nullable and changes):
            return rows
        return _ABSENT

    def rows(self, path: str) -> Iterator[str]:
        """Return the paths of a list's rows that are not blank."""
        numbers = {
            int(match[1])
            for name, values in self.inputs.items()
            if name.startswith(path)
            and (match := _INDEX.match(name, len(path)))
            and any(value.strip() for value in values)
        }
        return (f"{path}[{number}]" for number in sorted(numbers))

    def value(self, field: Field, path: str, to: str) -> Json:
        match field.control:
            case Control.GROUP:
                data = self.group(field.fields, path, to)
                blank = not any(name.startswith(f"{to}.") for name in self.cleaned)
                return _ABSENT if blank and not field.required and not field.many else data
            case Control.FACT:
                return self.fact(path, to)
            case Control.DAY | Control.INSTANT:
                return self.moment(field, path, to)
        text = self.tidy(field, next(iter(self.inputs.get(path, ())), ""))
        if not text.strip():
            return _ABSENT
        self.keep(to, text)
        return self.parsed(field, text, to)

    def keep(self, name: str, *texts: str) -> None:
        if texts:
            self.cleaned[name] = list(texts)

    def tidy(self, field: Field, text: str) -> str:
        """Return a text with one character for each line end; trim the text unless it is a narrative."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text if field.control is Control.TEXT else text.strip()

    def refuse(self, message: str, path: str) -> None:
        self.refusals.append(Refusal("INVALID_FIELD", message, path))

    def parsed(self, field: Field, text: str, to: str) -> Json:
        """Return the value of one input, or the text of the input if the text is invalid."""
        plain = text.replace(",", "").replace(" ", "")
        match field.control:
            case Control.WHOLE:
                if re.fullmatch(r"-?\d{1,18}", plain, re.ASCII):
                    return int(plain)
                self.refuse(f"{field.label} must be a whole number, for example 12", to)
            case Control.NUMBER:
                if re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", plain, re.ASCII):
                    return float(plain)
                self.refuse(f"{field.label} must be a number, for example 12 or 95.5", to)
            case Control.YES_NO:
                return _YES.get(text, text)
        return text

    def moment(self, field: Field, path: str, to: str) -> Json:
        """Return a date or an instant from its parts, the parts' text if invalid, or `_ABSENT` if blank."""
        names = dates.INSTANT_PARTS if field.control is Control.INSTANT else dates.DAY_PARTS
        parts = [next(iter(self.inputs.get(f"{path}.{name}", ())), "").strip() for name in names]
        if not any(parts):
            return _ABSENT
        for name, part in zip(names, parts, strict=True):
            if part:
                self.keep(f"{to}.{name}", part)
        try:
            day = dates.day((parts[0], parts[1], parts[2]))
            value = dates.instant(day, parts[3], self.zone) if len(parts) > 3 else day
        except dates.DateError as error:
            self.refuse(f"{field.label} {error}", to)
            return " ".join(parts)
        if not is_near(str(value)):
            self.refusals.append(out_of_time(to))
        return value.isoformat()

    def parameters(self, field: Field, path: str, to: str) -> Json:
        """Return the parameters of a rule from rows of name, kind and value; `_ABSENT` if optional and blank."""
        parameters: dict[str, Json] = {}
        for index, row in enumerate(self.rows(path)):
            name, form, text = (
                next(iter(self.inputs.get(f"{row}.{part}", ())), "").strip() for part in ("name", "form", "value")
            )
            target = f"{to}[{index}]"
            for part, cell in (("name", name), ("form", form), ("value", text)):
                if cell:
                    self.keep(f"{target}.{part}", cell)
            value = _parameter(form, text)
            if not name or value is None:
                value = text
                self.refuse("enter a name, select the kind of value and enter a value of that kind", target)
            elif name in parameters:
                self.refuse("this parameter is here twice; enter it once", target)
            parameters[name] = value
        return parameters if parameters or field.required else _ABSENT

    def fact(self, path: str, to: str) -> Json:
        """Return the type and the data of a fact within the form, or `_ABSENT` without a type."""
        chosen = next(iter(self.inputs.get(f"{path}.type", ())), "").strip()
        if not chosen:
            return _ABSENT
        self.keep(f"{to}.type", chosen)
        kind = KINDS.get(chosen)
        fields = fields_of(kind.struct) if kind is not None else ()
        return {"type": chosen, "data": self.group(fields, f"{path}.data", f"{to}.data")}


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
