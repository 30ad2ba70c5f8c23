"""Turn a fact's data into the inputs of its form: the reverse of `parse`. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from api.forms import dates
from api.forms.fields import COMPOSITE, Control, Field, fields_of
from api.forms.parse import CHANGE, DATA
from ledger.domain.fields import Json
from ledger.domain.registry import STORED_TYPES


def prefill(
    fields: Sequence[Field], data: Mapping[str, Any], zone: ZoneInfo, path: str = DATA
) -> dict[str, list[str]]:
    """Return the inputs of a form for `data`, narratives included; `read` turns the inputs back into `data`."""
    inputs: dict[str, list[str]] = {}
    for field in fields:
        if field.key in data and data[field.key] is not None:
            _fill(field, data[field.key], f"{path}.{field.key}", zone, inputs)
    return inputs


def _fill(field: Field, value: Json, path: str, zone: ZoneInfo, inputs: dict[str, list[str]]) -> None:
    if not field.many or field.control is Control.PARAMETERS:
        _fill_one(field, value, path, zone, inputs)
        return
    if field.nullable:
        inputs[path + CHANGE] = ["yes"]
    if field.control in COMPOSITE:
        for index, item in enumerate(value):
            _fill_one(field, item, f"{path}[{index}]", zone, inputs)
    elif value:
        inputs[path] = [_text(item) for item in value]


def _fill_one(field: Field, value: Json, path: str, zone: ZoneInfo, inputs: dict[str, list[str]]) -> None:
    match field.control:
        case Control.GROUP:
            inputs |= prefill(field.fields, value, zone, path)
        case Control.FACT:
            kind = STORED_TYPES[value["type"]].kind
            inputs[f"{path}.type"] = [kind.type]
            inputs |= prefill(fields_of(kind.struct), value["data"], zone, f"{path}.data")
        case Control.PARAMETERS:
            for index, (name, parameter) in enumerate(value.items()):
                form, text = _parameter_text(parameter)
                row = {"name": name, "form": form, "value": text}
                inputs |= {f"{path}[{index}].{part}": [cell] for part, cell in row.items()}
        case Control.DAY:
            parts = dates.day_parts(date.fromisoformat(value))
            inputs |= {f"{path}.{name}": [part] for name, part in zip(dates.DAY_PARTS, parts, strict=True)}
        case Control.INSTANT:
            moment = dates.instant_parts(datetime.fromisoformat(value), zone)
            names = dates.INSTANT_PARTS
            inputs |= {f"{path}.{name}": [part] for name, part in zip(names, moment, strict=True)}
        case _:
            inputs[path] = [_text(value)]


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
