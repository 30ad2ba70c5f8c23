"""From the data of a fact to what is typed into its form: the reverse of `reading`. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from api.forms import dates
from api.forms.fields import COMPOSITE, Control, Field, fields_of
from api.forms.parse import CHANGE, DATA
from ledger.domain.fields import Json
from ledger.domain.registry import KINDS


def filled(
    fields: Sequence[Field], data: Mapping[str, Any], zone: ZoneInfo, place: str = DATA
) -> dict[str, list[str]]:
    """What is typed into a form that says `data`, whose texts stand in it as such; `read` gives it back."""
    typed: dict[str, list[str]] = {}
    for asked in fields:
        if asked.key in data and data[asked.key] is not None:
            _fill(asked, data[asked.key], f"{place}.{asked.key}", zone, typed)
    return typed


def _fill(asked: Field, value: Json, place: str, zone: ZoneInfo, typed: dict[str, list[str]]) -> None:
    if not asked.many or asked.control is Control.PARAMETERS:
        _fill_one(asked, value, place, zone, typed)
        return
    if asked.nullable:
        typed[place + CHANGE] = ["yes"]
    if asked.control in COMPOSITE:
        for index, item in enumerate(value):
            _fill_one(asked, item, f"{place}[{index}]", zone, typed)
    elif value:
        typed[place] = [_text(item) for item in value]


def _fill_one(asked: Field, value: Json, place: str, zone: ZoneInfo, typed: dict[str, list[str]]) -> None:
    match asked.control:
        case Control.GROUP:
            typed |= filled(asked.fields, value, zone, place)
        case Control.FACT:
            kind = KINDS[value["type"]]
            typed[f"{place}.type"] = [kind.type]
            typed |= filled(fields_of(kind.struct), value["data"], zone, f"{place}.data")
        case Control.PARAMETERS:
            for index, (name, given) in enumerate(value.items()):
                form, text = _parameter_text(given)
                row = {"name": name, "form": form, "value": text}
                typed |= {f"{place}[{index}].{part}": [said] for part, said in row.items()}
        case Control.DAY:
            parts = dates.day_parts(date.fromisoformat(value))
            typed |= {f"{place}.{name}": [part] for name, part in zip(dates.DAY_PARTS, parts, strict=True)}
        case Control.INSTANT:
            moment = dates.instant_parts(datetime.fromisoformat(value), zone)
            names = (*dates.DAY_PARTS, "time")
            typed |= {f"{place}.{name}": [part] for name, part in zip(names, moment, strict=True)}
        case _:
            typed[place] = [_text(value)]


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value)


def _parameter_text(value: Json) -> tuple[str, str]:
    if isinstance(value, bool):
        return "switch", _text(value)
    if isinstance(value, int):
        return "number", str(value)
    return ("words", ", ".join(value)) if isinstance(value, list) else ("word", value)
