"""Why decoded JSON is not what a struct asks: every wrong field by its path, in the words of JSON.

msgspec stops at the first fault and speaks Python; here each field, item and parameter is tried for itself, on
demand only. Never repeats the value: it may be personal data. Imports msgspec and `ledger.domain.areas`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from ledger.domain.errors import Refusal
from ledger.domain.fact import Code, Id, Narrative
from ledger.domain.fields import Json, unwrap

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,79}")
Hint = Any
"""A type, or what typing makes of one."""
_SHAPES = {
    get_args(Id)[1].pattern: "an identifier: letters, digits and : . _ / -, at most 128",
    get_args(Code)[1].pattern: "a word of letters, digits, spaces and . : _ / + % -, at most 64",
}
"""What the patterns ask whose descriptions say what they are for; the others' descriptions say it."""
_WORDS: Mapping[type, str] = {
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


def faults(value: Json, struct: type[Struct], prefix: str) -> Iterator[Refusal]:
    """Every fault of `value` as the struct, which stands at `prefix`; the fields in the order of the struct."""
    if not isinstance(value, dict):
        yield Refusal("WRONG_TYPE", f"expected an object, got {called(value)}", prefix)
        return
    fields = _fields(struct)
    known = ", ".join(sorted(fields))
    for name in value:
        if name not in fields:
            yield Refusal("UNKNOWN_FIELD", f"there is no such field; the fields are {known}", join(prefix, name))
    for name, (check, required) in fields.items():
        if name in value:
            yield from check.faults(value[name], join(prefix, name))
        elif required:
            yield Refusal("MISSING_FIELD", f"this field is required: {check.words}", join(prefix, name))


def join(prefix: str, name: str) -> str:
    """The path of the field `name` at `prefix`; a name that is no plain word stands in brackets."""
    if not _PLAIN.fullmatch(name):
        return f'{prefix}["{shown(name)}"]'
    return f"{prefix}.{name}" if prefix else name


def shown(name: str) -> str:
    """A key that a client sent, short and in characters that can be sent back."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name[:80])


def called(value: Json) -> str:
    """What JSON calls a value of that kind."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "a whole number" if isinstance(value, int) else "a number with a decimal point or an exponent"
    return "a list" if isinstance(value, list) else "an object"


class _Check:
    """What one type hint asks, taken apart once."""

    def __init__(self, hint: Hint) -> None:
        # Never msgspec.convert(value, hint): it would make and free its own picture of the hint at each call,
        # and frees some of them wrongly (see fact.CodeBesideList). That of a struct lives as long as the struct.
        self.probe = msgspec.defstruct("Probe", [("value", hint)])
        self.items: _Check | None = None
        self.entries: tuple[_Check, _Check] | None = None
        self.struct: type[Struct] | None = None
        field = unwrap(hint)
        options = [unwrap(option) for option in field.options]
        self.words = ", or ".join(self._option(each.type, [*each.metas, *field.metas]) for each in options)

    def _option(self, hint: Hint, metas: list[Meta]) -> str:
        """Notes one alternative of the hint; what it is in words."""
        origin: object = get_origin(hint)
        if origin is list:
            self.items = _Check(get_args(hint)[0])
            least = next((meta.min_length for meta in metas if meta.min_length), None)
            return f"a list of at least {least}" if least else "a list"
        if origin is dict:
            key, value = get_args(hint)
            self.entries = _Check(key), _Check(value)
            return "an object"
        if isinstance(hint, type) and issubclass(hint, Struct) and hint is not Narrative:
            self.struct = hint
            return "an object"
        return _leaf(hint, metas)

    def faults(self, value: Json, path: str) -> Iterator[Refusal]:
        """Every fault of the value, which stands at the path; those within it before its own."""
        sound = True
        for fault in self._within(value, path):
            sound = False
            yield fault
        if sound:
            yield from self._own(value, path)

    def _within(self, value: Json, path: str) -> Iterator[Refusal]:
        if isinstance(value, list) and self.items is not None:
            for index, item in enumerate(value):
                yield from self.items.faults(item, f"{path}[{index}]")
        elif isinstance(value, dict) and self.struct is not None:
            yield from faults(value, self.struct, path)
        elif isinstance(value, dict) and self.entries is not None:
            key, item = self.entries
            for name in value:
                where = join(path, name)
                for fault in key.faults(name, where):
                    yield Refusal(fault.code, f"its name: {fault.message}", where)
                yield from item.faults(value[name], where)

    def _own(self, value: Json, path: str) -> Iterator[Refusal]:
        try:
            msgspec.convert({"value": value}, self.probe)
        except msgspec.ValidationError as error:
            code = next((code for start, code in _CODES if str(error).startswith(start)), "INVALID_FIELD")
            zone = "the offset from UTC is missing: " if code == "NO_TIME_ZONE" else ""
            got = f", got {called(value)}" if code == "WRONG_TYPE" else ""
            yield Refusal(code, f"{zone}expected {self.words}{got}", path)


def _leaf(hint: Hint, metas: list[Meta]) -> str:
    origin: object = get_origin(hint)
    if origin is Literal:
        return " or ".join(f'"{value}"' for value in get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(str(member.value) for member in hint)
    if hint is str:
        return _text(metas)
    return _whole(metas) if hint is int else _WORDS.get(hint, "a value")


def _text(metas: list[Meta]) -> str:
    for meta in metas:
        pattern = meta.pattern or (meta.extra_json_schema or {}).get("pattern")
        if pattern:
            said = (meta.description or "").rstrip(".")
            return f"text ({_SHAPES.get(pattern) or said[:1].lower() + said[1:]})"
    return "text"


def _whole(metas: list[Meta]) -> str:
    least = next((meta.ge for meta in metas if meta.ge is not None), None)
    most = next((meta.le for meta in metas if meta.le is not None), None)
    return "a whole number" if least is None or most is None else f"a whole number from {least:,} to {most:,}"


@cache
def _fields(struct: type[Struct]) -> dict[str, tuple[_Check, bool]]:
    hints = get_type_hints(struct, include_extras=True)
    fields = msgspec.structs.fields(struct)
    return {info.encode_name: (_Check(hints[info.name]), info.required) for info in fields}
