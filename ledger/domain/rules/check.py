"""Checks of a clause's rule: its faults, with the nearest right value if one is near, and the typed rule. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from ledger.domain.fact import Fact, WordList
from ledger.domain.fields import hints_of
from ledger.domain.roles import Role, matrix
from ledger.domain.rules.rule import NOTICE_YEARS, Rule, RuleFault

COMMON = "open_words"
"""Name of the parameter that every clause may have: words that the notice leaves open. No rule reads it."""


_BEGINNING = 4
"""Minimum number of letters and digits at the beginning of a word that suggest the whole word."""


class Parameter(Struct, frozen=True):
    """A parameter of a rule, for checks and documentation."""

    name: str
    hint: object
    description: str
    required: bool
    fact: type[Fact] | None = None
    """Fact that the roles in the parameter must be able to record; None if there is no such fact."""

    @property
    def words(self) -> list[str]:
        """Words that the parameter accepts; empty if the parameter has no closed list."""
        words = [str(word.value) for word in _word_list(self.hint) or ()]
        return words if self.fact is None else [word for word in words if _may_record(word, self.fact)]

    @property
    def form(self) -> str:
        """Description of the values that the parameter accepts."""
        return _form(self.hint) if self.fact is None else f"a list of {', '.join(self.words)}"


def _may_record(role: str, fact: type[Fact]) -> bool:
    return matrix().may_record(Role(role), fact.__name__)


def parameters_of(rule: type[Struct]) -> list[Parameter]:
    """Return the parameters of a rule, in the order of declaration."""
    hints = hints_of(rule)
    recorded_in = rule.recorded_in if issubclass(rule, Rule) else {}
    return [
        Parameter(
            info.name,
            hints[info.name],
            _description(hints[info.name]),
            info.default is NODEFAULT and info.default_factory is NODEFAULT,
            recorded_in.get(info.name),
        )
        for info in msgspec.structs.fields(rule)
    ]


def _description(hint: object) -> str:
    """Return the last description of a type hint, which is the parameter's own; empty if it has none."""
    metas: Iterable[Meta] = reversed(getattr(hint, "__metadata__", ()))
    return next((meta.description for meta in metas if meta.description), "")


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return the listed word that is nearest to a misspelt word; None if no listed word is near.

    A listed word is also near to its beginning, unless another listed word begins in the same way.
    """
    by_key = {_key(known): known for known in words}
    key = _key(word)
    begun = [known for known in by_key if len(key) >= _BEGINNING and known.startswith(key)]
    matches = get_close_matches(key, by_key, 1, 0.6) or (begun if len(begun) == 1 else [])
    return by_key[matches[0]] if matches else None


def _key(word: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", word.upper())


def unknown(word: str, words: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown word: the nearest listed word, or else all listed words."""
    known = list(dict.fromkeys(words))
    near = nearest(word, known)
    return f"; did you mean {near}?" if near is not None else f"; use one of {', '.join(known)}"


def find_faults(rules: Mapping[str, type[Rule]], kind: str, parameters: Mapping[str, Any]) -> list[RuleFault]:
    """Return the faults of a clause's rule. Parameters are compared with one another only if each is right.

    Args:
        rules: Rules by their names.
        kind: Name of the clause's rule.
        parameters: The clause's parameters, as a pack or a fact has them.
    """
    rule = rules.get(kind)
    if rule is None:
        return [RuleFault(None, f"no rule is called {kind}{unknown(kind, rules)}")]
    known = {parameter.name: parameter for parameter in parameters_of(rule)}
    faults = [
        RuleFault(name, f"the rule {kind} has no parameter {name}{_owner(rules, known, name)}")
        for name in parameters
        if name not in known and name != COMMON
    ]
    wrong: list[RuleFault] = []
    for name, parameter in known.items():
        if name in parameters:
            wrong += [
                RuleFault(name, f"{name}: {message}") for message in _value_faults(parameter, parameters[name])
            ]
        elif parameter.required:
            values = f", such as {rule.example}" if rule.example else ""
            wrong.append(
                RuleFault(
                    None, f"the rule {kind} needs {name}: {parameter.description.rstrip('.').lower()}{values}"
                )
            )
    if not wrong:
        wrong += msgspec.convert({name: parameters[name] for name in known if name in parameters}, rule).bounds
    return faults + wrong


def find_role_faults(rule: type[Rule], parameters: Mapping[str, Any]) -> Iterator[RuleFault]:
    """Yield a fault for each role in the parameters that may not record the fact required of the role."""
    for parameter in parameters_of(rule):
        value, fact = parameters.get(parameter.name), parameter.fact
        if fact is None or not isinstance(value, list):
            continue
        idle = [role for role in value if role in {each.value for each in Role} and role not in parameter.words]
        for role in idle:
            message = f"the role {role} does not record {fact.__name__}; use one of {', '.join(parameter.words)}"
            yield RuleFault(parameter.name, f"{parameter.name}: {message}")


def _owner(rules: Mapping[str, type[Rule]], known: Mapping[str, Parameter], name: str) -> str:
    near = nearest(name, known)
    if near is not None:
        return f"; did you mean {near}?"
    owners = [kind for kind, rule in rules.items() if name in rule.__struct_fields__]
    if owners:
        return f"; {name} belongs to {' and '.join(owners)}"
    return f"; it has {', '.join(known) or 'none'}"


def read_rule(rules: Mapping[str, type[Rule]], kind: str, parameters: Mapping[str, Any]) -> Rule | list[RuleFault]:
    """Return the typed rule of a stored clause, or the faults of the clause.

    Parameters that earlier versions recorded are read in the form of today's version.
    """
    rule = rules.get(kind)
    current = dict(parameters) if rule is None else upgrade(rule, parameters)
    current.pop(COMMON, None)
    faults = find_faults(rules, kind, current)
    return faults if faults or rule is None else msgspec.convert(current, rule)


def upgrade(rule: type[Rule], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rule's recorded parameters in the form of today's version, without retired parameters."""
    current = {name: value for name, value in parameters.items() if name not in rule.retired}
    if rule.kind == "target-met" and "target" in current and "by" in current:
        step = {"by": current.pop("by"), "target": current.pop("target")}
        current.setdefault("steps", [step])
    return current


def affected(faults: Iterable[RuleFault], names: Iterable[str]) -> list[RuleFault]:
    """Return the faults that concern the named parameters or the whole rule."""
    changed = set(names)
    return [fault for fault in faults if fault.parameter is None or changed & {fault.parameter, *fault.others}]


# --- values


def _metas(hint: object) -> Iterator[Meta]:
    while get_origin(hint) is Annotated:
        yield from (meta for meta in hint.__metadata__ if isinstance(meta, Meta))  # type: ignore[attr-defined]
        hint = hint.__origin__  # type: ignore[attr-defined]
    if get_origin(hint) in (Union, UnionType):
        for option in get_args(hint):
            yield from _metas(option)


def _plain(hint: object) -> Any:  # noqa: ANN401 - a type hint
    """Return a type hint without its metadata and without None."""
    while get_origin(hint) is Annotated:
        hint = hint.__origin__  # type: ignore[attr-defined]
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [_plain(option) for option in get_args(hint) if option is not type(None)]
    return hint


def _word_list(hint: object) -> type[WordList] | None:
    plain = _plain(hint)
    if get_origin(plain) is list:
        plain = _plain(get_args(plain)[0])
    return plain if isinstance(plain, type) and issubclass(plain, WordList) else None


def _form(hint: object) -> str:
    plain = _plain(hint)
    if get_origin(plain) is list:
        item = _plain(get_args(plain)[0])
        words = _word_list(item)
        return (
            f"a list of {', '.join(str(word.value) for word in words)}" if words else f"a list, each {_form(item)}"
        )
    words = _word_list(plain)
    if words is not None:
        return f"one of {', '.join(str(word.value) for word in words)}"
    if isinstance(plain, type) and issubclass(plain, Struct):
        hints = hints_of(plain)
        return f"a table of {', '.join(f'{name} ({_form(inner)})' for name, inner in hints.items())}"
    return _FORMS[plain]


_FORMS = {
    bool: "true or false",
    int: "a whole number, at least 1",
    float: "a number",
    date: "a day, such as 2023-06-30",
    str: "a name or an id",
}


def _value_faults(parameter: Parameter, value: object) -> Iterator[str]:
    """Yield a message for each fault in the value of a parameter."""
    words = _word_list(parameter.hint)
    is_list = get_origin(_plain(parameter.hint)) is list
    if is_list and not isinstance(value, list):
        yield f"expected {parameter.form}, in square brackets"
    elif words is not None:
        yield from _word_faults(value if isinstance(value, list) else [value], [str(word.value) for word in words])
        if is_list and not value and any(meta.min_length for meta in _metas(parameter.hint)):
            yield f"the list is empty; expected {parameter.form}"
    elif (table := _table(parameter.hint)) is not None and _are_tables(value, is_list=is_list):
        items = value if isinstance(value, list) else [value]
        faults = [
            fault for at, item in enumerate(items) for fault in _table_faults(table, item, at, is_list=is_list)
        ]
        if not items:
            yield f"the list is empty; expected {parameter.form}"
        else:
            yield from faults or _year_faults(msgspec.convert(value, parameter.hint))
    else:
        try:
            typed = msgspec.convert(value, parameter.hint)
        except msgspec.ValidationError as error:
            at = re.search(r"`\$(\.?[^`]+)`", str(error))
            where = f", at {at[1].lstrip('.')}" if at else ""
            yield f"expected {parameter.form}{where}{_remedy(parameter.hint, value)}"
        else:
            yield from _year_faults(typed)


def _remedy(hint: object, value: object) -> str:
    """Return the end of a message: the right value for a number or day in a string, else empty."""
    plain = _plain(hint)
    if not isinstance(value, str):
        return ""
    if plain in (int, float) and (number := re.fullmatch(r"\s*(-?[0-9]{1,12}(\.[0-9]+)?)\s*%?\s*", value)):
        is_right = plain is float or number[2] is None
        return f"; write {number[1]} without quotation marks" if is_right else ""
    if plain is date:
        for form in ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d"):
            with suppress(ValueError):
                return f"; did you mean {datetime.strptime(value.strip(), form).date()}?"  # noqa: DTZ007 - a day
    return ""


def _table(hint: object) -> type[Struct] | None:
    """Return the struct for a parameter that is a table or a list of tables; None for other parameters."""
    plain = _plain(hint)
    if get_origin(plain) is list:
        plain = _plain(get_args(plain)[0])
    return plain if isinstance(plain, type) and issubclass(plain, Struct) else None


def _are_tables(value: object, *, is_list: bool) -> bool:
    return (
        all(isinstance(item, dict) for item in value)
        if is_list and isinstance(value, list)
        else isinstance(value, dict)
    )


def _table_faults(table: type[Struct], value: dict[str, Any], index: int, *, is_list: bool) -> Iterator[str]:
    """Yield a message for each fault in the fields of a table."""
    where, known = f"[{index}]" if is_list else "", {field.name: field for field in parameters_of(table)}
    for name in value:
        if name not in known:
            yield f"{where or 'the table'} has no {name}{unknown(name, known)}"
    for name, field in known.items():
        if name in value:
            path = f"{where}.{name}" if where else name
            yield from (f"{path}: {message}" for message in _value_faults(field, value[name]))
        elif field.required:
            yield f"{where or 'the table'} needs {name}"


def _word_faults(values: list[Any], words: list[str]) -> Iterator[str]:
    for value in values:
        if not isinstance(value, str):
            yield f"{value} is not one of {', '.join(words)}"
        elif value not in words:
            yield f"{value} is not in its list{unknown(value, words)}"
    for value, count in Counter(str(value) for value in values).items():
        if count > 1:
            yield f"{value} is listed {count} times"


def outside_years(day: date) -> str:
    """Return the message for a day outside the years of notices, which suggests the same day in this century."""
    with suppress(ValueError):
        right = day.replace(year=NOTICE_YEARS[0] + day.year % 100)
        return f"the year of {day} has to lie from {NOTICE_YEARS[0]} to {NOTICE_YEARS[-1]}; did you mean {right}?"
    return f"the year of {day} has to lie from {NOTICE_YEARS[0]} to {NOTICE_YEARS[-1]}"


def _year_faults(value: object) -> Iterator[str]:
    """Yield a message for each day in a value that lies outside the years of notices."""
    if isinstance(value, date) and value.year not in NOTICE_YEARS:
        yield outside_years(value)
    elif isinstance(value, list):
        for item in value:
            yield from _year_faults(item)
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _year_faults(getattr(value, name))
