"""Validation errors of decoded JSON: every wrong field of a struct by its path, described in terms of JSON.

msgspec stops at the first error and names Python types, so each field, item and parameter is checked separately.
Errors never repeat a value: it may be personal data.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from ledger.domain.errors import Refusal
from ledger.domain.fact import YEARS, Code, Id, Narrative
from ledger.domain.fields import Json, hints_of, unwrap
from ledger.domain.rules.check import nearest

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,79}")
Hint = Any
"""Type hint: a class, or a form of `typing` such as a union."""
_SHAPES = {
    get_args(Id)[1].pattern: "an identifier: letters, digits and : . _ / -, at most 128",
    get_args(Code)[1].pattern: "a word of letters, digits, spaces and . : _ / + % -, at most 64",
}
"""Pattern → its description. Other patterns have a description in their own metadata."""
_TYPES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    datetime: "an instant with its offset from UTC, such as 2022-07-05T09:00:00Z",
    date: "a day, such as 2022-07-05",
    dict: "an object",
    Narrative: "text",
}
_CODES = (
    ("Expected `int` <=", "OUT_OF_RANGE"),
    ("Expected `int` >=", "OUT_OF_RANGE"),
    ("Integer value out of range", "OUT_OF_RANGE"),
    ("Expected `array` of length", "OUT_OF_RANGE"),
    ("Expected `str` matching", "INVALID_FIELD"),
    ("Expected `str` of length", "INVALID_FIELD"),
    ("Expected `datetime` with a timezone", "NO_TIME_ZONE"),
    ("Expected", "WRONG_TYPE"),
)


def validation_errors(value: Json, struct: type[Struct], prefix: str) -> Iterator[Refusal]:
    """Yield every error of a struct's JSON at the path `prefix`: unknown fields, then known fields in order."""
    if not isinstance(value, dict):
        yield Refusal("WRONG_TYPE", f"expected an object, got {json_type(value)}", prefix)
        return
    fields = _fields(struct)
    known = ", ".join(sorted(fields))
    for name in value:
        if name not in fields:
            yield Refusal("UNKNOWN_FIELD", f"unknown field; the fields are {known}", join(prefix, name))
    for name, (check, required) in fields.items():
        if name in value:
            yield from check.errors(value[name], join(prefix, name))
        elif required:
            yield Refusal("MISSING_FIELD", f"this field is required: {check.description}", join(prefix, name))


def is_near(day: str) -> bool:
    """Return whether a day or an instant is in an accepted year."""
    return int(day[:4]) in YEARS


def out_of_time(path: str) -> Refusal:
    """Return the refusal of a day or an instant outside the accepted years."""
    return Refusal("OUT_OF_RANGE", f"the year must be between {YEARS[0]} and {YEARS[-1]}", path)


def join(prefix: str, name: str) -> str:
    """Return the path of a field below `prefix`; unusual names are put in brackets."""
    if not _PLAIN.fullmatch(name):
        return f'{prefix}["{printable(name)}"]'
    return f"{prefix}.{name}" if prefix else name


def printable(name: str) -> str:
    """Return a client's key, shortened and with unprintable characters escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name[:80])


def json_type(value: Json) -> str:
    """Return a description of the JSON type of a value."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "a whole number" if isinstance(value, int) else "a number with a decimal point or an exponent"
    return "a list" if isinstance(value, list) else "an object"


class _TypeCheck:
    """The check of values against one type hint."""

    def __init__(self, hint: Hint) -> None:
        # msgspec.convert(value, hint) builds and frees a description of the hint at each call, and frees some of
        # them wrongly. That of a struct lives as long as the struct, so a struct is used instead.
        self.probe = msgspec.defstruct("Probe", [("value", hint)])
        self.items: _TypeCheck | None = None
        self.entries: tuple[_TypeCheck, _TypeCheck] | None = None
        self.struct: type[Struct] | None = None
        self.words: list[str] = []
        """Words of closed lists that the value may be."""
        field = unwrap(hint)
        options = [unwrap(option) for option in field.options]
        self.is_time = any(option.type in (date, datetime) for option in options)
        self.description = ", or ".join(self._option(each.type, [*each.metas, *field.metas]) for each in options)

    def _option(self, hint: Hint, metas: list[Meta]) -> str:
        """Note one alternative of the type hint, and return the alternative's description."""
        origin: object = get_origin(hint)
        if origin is list:
            self.items = _TypeCheck(get_args(hint)[0])
            least = next((meta.min_length for meta in metas if meta.min_length), None)
            return f"a list of at least {least}" if least else "a list"
        if origin is dict:
            key, value = get_args(hint)
            self.entries = _TypeCheck(key), _TypeCheck(value)
            return "an object"
        if isinstance(hint, type) and issubclass(hint, Struct) and hint is not Narrative:
            self.struct = hint
            return "an object"
        if isinstance(hint, type) and issubclass(hint, Enum):
            self.words += [str(member.value) for member in hint]
        return _leaf(hint, metas)

    def errors(self, value: Json, path: str) -> Iterator[Refusal]:
        """Yield the errors of the value's parts. If the parts have none, yield the error of the whole value."""
        valid = True
        for error in self._of_parts(value, path):
            valid = False
            yield error
        if valid:
            yield from self._of_whole(value, path)

    def _of_parts(self, value: Json, path: str) -> Iterator[Refusal]:
        if isinstance(value, list) and self.items is not None:
            for index, item in enumerate(value):
                yield from self.items.errors(item, f"{path}[{index}]")
        elif isinstance(value, dict) and self.struct is not None:
            yield from validation_errors(value, self.struct, path)
        elif isinstance(value, dict) and self.entries is not None:
            key, item = self.entries
            for name in value:
                where = join(path, name)
                for error in key.errors(name, where):
                    yield Refusal(error.code, f"its name: {error.message}", where)
                yield from item.errors(value[name], where)

    def _of_whole(self, value: Json, path: str) -> Iterator[Refusal]:
        try:
            msgspec.convert({"value": value}, self.probe)
        except msgspec.ValidationError as error:
            code = next((code for start, code in _CODES if str(error).startswith(start)), "INVALID_FIELD")
            zone = "the offset from UTC is missing: " if code == "NO_TIME_ZONE" else ""
            got = f", got {json_type(value)}" if code == "WRONG_TYPE" else ""
            near = nearest(value, self.words) if isinstance(value, str) else None
            remedy = f"; did you mean {near}?" if near is not None else ""
            yield Refusal(code, f"{zone}expected {self.description}{got}{remedy}", path)
        else:
            if self.is_time and isinstance(value, str) and not is_near(value):
                yield out_of_time(path)


def _leaf(hint: Hint, metas: list[Meta]) -> str:
    origin: object = get_origin(hint)
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(str(member.value) for member in hint)
    if hint is str:
        return _text_type(metas)
    return _number_type(metas) if hint is int else _TYPES.get(hint, "a value")


def _text_type(metas: list[Meta]) -> str:
    for meta in metas:
        pattern = meta.pattern or (meta.extra_json_schema or {}).get("pattern")
        if pattern:
            description = (meta.description or "").rstrip(".")
            return f"text ({_SHAPES.get(pattern) or description[:1].lower() + description[1:]})"
    most = next((meta.max_length for meta in metas if meta.max_length is not None), None)
    return "text" if most is None else f"text of at most {most:,} characters"


def _number_type(metas: list[Meta]) -> str:
    least = next((meta.ge for meta in metas if meta.ge is not None), None)
    most = next((meta.le for meta in metas if meta.le is not None), None)
    return "a whole number" if least is None or most is None else f"a whole number from {least:,} to {most:,}"


@cache
def _fields(struct: type[Struct]) -> dict[str, tuple[_TypeCheck, bool]]:
    hints = hints_of(struct)
    fields = msgspec.structs.fields(struct)
    return {info.encode_name: (_TypeCheck(hints[info.name]), info.required) for info in fields}
