"""Write the reference of all facts in Markdown, from their declarations: `ledger schema facts --markdown`."""

import json
from collections.abc import Iterator
from enum import Enum
from types import NoneType
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct

from ledger.domain.fact import Fact, Narrative
from ledger.domain.fields import hints_of, unwrap
from ledger.domain.registry import KINDS, STORED_TYPES, Kind
from ledger.domain.roles import matrix
from ledger.domain.rules.concern import rules_of
from ledger.domain.state import AREAS
from ledger.packs import history

PREFACE = """# The facts

Look up a fact that you want to record: its fields, and the roles that record it. Each fact is the `data` of a
CloudEvent. A *narrative* is stored outside its entry and scanned for personal data. A field in brackets is
optional. An entry concerns the clauses that its recorder names. If it names none, it concerns the clauses with one
of the rules listed with the fact. The examples are invented. `make facts` writes this page.
"""
_SIMPLE: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    NoneType: "nothing",
}
_NAMES = {"datetime": "instant", "date": "day", "dict": "object"}
_NOTICE = "tameside-2022"


def markdown() -> str:
    """Return the reference of all facts as one Markdown document."""
    examples = _examples()
    parts = [PREFACE]
    for area in AREAS:
        name = area.__name__.rpartition(".")[2]
        parts.append(f"## {name}\n\n{(area.__doc__ or '').strip().splitlines()[0]}\n")
        parts += [_fact(kind, examples.get(kind.type)) for kind in KINDS.values() if kind.area == name]
    return "\n".join(parts)


def _examples() -> dict[str, Any]:
    """Return an example of each fact type's data, from the first line of that type which the sample records."""
    examples: dict[str, Any] = {}
    for line in map(json.loads, history(_NOTICE).splitlines()):
        if "demorefused" not in line:
            referred = {name: 1 if isinstance(to, str) else [1] for name, to in line.get("demorefers", {}).items()}
            stored_type = STORED_TYPES[line["type"]]
            data = line["data"]
            for step in stored_type.steps:
                data = step(data)
            examples.setdefault(stored_type.kind.type, data | referred)
    return examples


def _fact(kind: Kind, example: object) -> str:
    struct = kind.struct
    recorders = ", ".join(sorted(role.meaning for role in matrix().records[kind.name]))
    lines = [f"### {kind.name}\n", f"{' '.join(kind.meaning.split())}\n"]
    lines.append(f"`{kind.type}` · mutation `{struct.act}` · recorded by {recorders}\n")
    if rules := ", ".join(f"[`{rule}`](rules.md#{rule})" for rule in rules_of(struct)):
        lines.append(f"Concerns clauses with the rules {rules}.\n")
    life = "; ".join(_life(struct))
    if life:
        lines.append(f"{life[:1].upper()}{life[1:]}.\n")
    lines += ["| field | type | meaning |", "|---|---|---|", *_rows(struct, "")]
    if example is not None:
        lines.append(f"\n```json\n{json.dumps(example, ensure_ascii=False)}\n```")
    return "\n".join(lines) + "\n"


def _life(struct: type[Fact]) -> Iterator[str]:
    if struct.begins:
        yield f"it creates the thing that `{struct.about}` names"
    elif struct.about:
        yield f"the thing that `{struct.about}` names must exist" + (
            "" if struct.outlives else " and not have ended"
        )
    if struct.needs:
        yield f"it comes after {struct.needs}"
    if struct.once:
        yield "it is recorded once"
    if struct.ends:
        yield f"after it, that thing is {struct.ends}"
    if struct.outlives:
        yield "it can be recorded after the notice is closed"


def _rows(struct: type[Struct], prefix: str) -> Iterator[str]:
    hints = hints_of(struct)
    for field in msgspec.structs.fields(struct):
        kind_of_value, meaning, inner = _described(hints[field.name])
        name = f"{prefix}{field.encode_name}"
        label = f"`{name}`" if field.default is NODEFAULT and field.default_factory is NODEFAULT else f"[`{name}`]"
        yield f"| {label} | {kind_of_value} | {meaning} |"
        if inner is not None:
            yield from _rows(inner, f"{name}[]." if kind_of_value.startswith("list") else f"{name}.")


def _described(hint: object) -> tuple[str, str, type[Struct] | None]:
    """Return a field's type in words, its meaning, and the struct of its values, or None without such a struct."""
    meaning, bounds, reference = "", [], ""
    field = unwrap(hint)
    for meta in field.metas:
        meaning = meta.description or meaning
        reference = (meta.extra or {}).get("ref", reference)
        bounds += [f"at least {meta.ge:,.0f}"] if meta.ge else []
        bounds += [f"at least {meta.min_length}"] if meta.min_length else []
    hint, origin = field.type, field.origin
    inner: type[Struct] | None = None
    if origin is list:
        kind_of_value, inner_meaning, inner = _described(field.arguments[0])
        kind_of_value, meaning = f"list of {kind_of_value}", meaning or inner_meaning
    elif len(field.options) > 1:
        options = [_described(option) for option in field.options]
        kind_of_value = " or ".join(dict.fromkeys(option[0] for option in options))
        meaning, inner = meaning or options[0][1], next((option[2] for option in options if option[2]), None)
    elif hint is Narrative:
        kind_of_value = "*narrative*"
    elif isinstance(hint, type) and issubclass(hint, Enum):
        kind_of_value, meaning = " or ".join(f"`{word.value}`" for word in hint), meaning or _first(hint)
    elif isinstance(hint, type) and issubclass(hint, Struct):
        kind_of_value, inner, meaning = "object", hint, meaning or _first(hint)
    else:
        base = origin or hint
        named = base.__name__ if isinstance(base, type) else str(base)
        kind_of_value = f"id of {reference}" if reference else _NAMES.get(named) or _SIMPLE.get(base, named)
        kind_of_value = "word or id" if kind_of_value == "text" else kind_of_value
    return ", ".join([kind_of_value, *bounds]), meaning.replace("|", "or"), inner


def _first(documented: type) -> str:
    return " ".join((documented.__doc__ or "").strip().split("\n\n")[0].split())
