"""SQL that writes values as JSON text, and concatenates texts."""

from collections.abc import Sequence

from projections.query.tree import Form

_ARGUMENTS = 90
"""Maximum number of arguments per call of `concat`; PostgreSQL allows 100."""


def json_value(expression: str, form: Form) -> str:
    """Return SQL that writes a value as JSON text; the SQL yields null for a missing value."""
    if form == "int":
        return f"({expression})::integer::text"
    if form == "count":
        return f"({expression})::bigint::text"
    if form in ("bool", "json"):
        return f"({expression})::text"
    if form == "float":  # a whole number keeps its .0, so that it reads back as a float
        return f"regexp_replace(({expression})::text, '^(-?[0-9]+)$', '\\1.0')"
    if form == "instant":
        text = f"""to_char({expression}, '\\"YYYY-MM-DD"T"HH24:MI:SS.US"Z"\\"')"""
        return f"replace({text}, '.000000Z', 'Z')"  # the expression is long, so it is written once
    return f"to_json({expression})::text"


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def concat(parts: Sequence[str]) -> str:
    """Return SQL that concatenates texts."""
    if len(parts) == 1:
        return f"{parts[0]}::text"
    if len(parts) > _ARGUMENTS:
        return concat([concat(parts[at : at + _ARGUMENTS]) for at in range(0, len(parts), _ARGUMENTS)])
    return f"concat({', '.join(parts)})"
