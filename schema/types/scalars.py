"""Scalars: instants, days, counts beyond 32 bits, and JSON. Imports strawberry, graphql-core and msgspec."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NewType

import msgspec
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Count = NewType("Count", int)
"""Whole number from 0 to 2^53 - 1; GraphQL's Int ends at 2^31 - 1."""
Json = NewType("Json", object)
"""Any JSON value."""
LARGEST_COUNT = 2**53 - 1


def instant(value: object) -> datetime:
    """Return the instant of an RFC 3339 text.

    Raises:
        GraphQLError: The value is not text in RFC 3339, or has no offset.
    """
    if isinstance(value, str):
        try:
            parsed = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            parsed = None
        if parsed is not None and parsed.tzinfo is not None:
            return parsed
    raise GraphQLError("write an instant in RFC 3339, with its offset, such as 2022-07-05T09:30:00Z")


def instant_text(value: datetime) -> str:
    """Return an instant as text in UTC, the form used in receipts and entries."""
    return str(msgspec.to_builtins(value.astimezone(UTC)))


def _written(value: datetime | str) -> str:
    """Return an instant as text; return a text unchanged, because it is an instant that the database wrote."""
    return value if isinstance(value, str) else instant_text(value)


def _day(value: object) -> date:
    if isinstance(value, str):
        try:
            return msgspec.convert(value, date)
        except msgspec.ValidationError:
            pass
    raise GraphQLError("write a day in ISO 8601, such as 2022-07-05")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return value
    raise GraphQLError(f"a count is a whole number from 0 to {LARGEST_COUNT}, sent as a number")


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="Instant with its offset (RFC 3339); answers are in UTC.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_written,
        parse_value=instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="Calendar day (RFC 3339, full-date), such as 2022-07-05.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=str,
        parse_value=_day,
    ),
    Count: strawberry.scalar(
        name="Count",
        description="A whole number from 0 to 9007199254740991, sent as a JSON number.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=int,
        parse_value=_count,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
}
"""Scalars by Python type, for the schema's configuration."""
