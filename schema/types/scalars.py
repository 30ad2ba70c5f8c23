"""The scalars: instants, days, counts beyond 32 bits and JSON, each strict about what it takes.

Imports strawberry, graphql-core and msgspec.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import NewType

import msgspec
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

Count = NewType("Count", int)
"""A whole number from 0 to 2^53 - 1: GraphQL's Int ends at 2^31 - 1."""
Json = NewType("Json", object)
"""Any JSON value."""
LARGEST_COUNT = 2**53 - 1


def instant(value: object) -> datetime:
    """An RFC 3339 instant; raises GraphQLError when it is none or names no offset."""
    if isinstance(value, str):
        try:
            found = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            found = None
        if found is not None and found.tzinfo is not None:
            return found
    raise GraphQLError("an instant is written as RFC 3339 says, with its offset, such as 2022-07-05T09:30:00Z")


def instant_text(value: datetime) -> str:
    """The one way to write an instant: in UTC, as receipts and entries have it."""
    return str(msgspec.to_builtins(value.astimezone(UTC)))


def _day(value: object) -> date:
    if isinstance(value, str):
        try:
            return msgspec.convert(value, date)
        except msgspec.ValidationError:
            pass
    raise GraphQLError("a day is written as ISO 8601 says, such as 2022-07-05")


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT:
        return value
    raise GraphQLError(f"a count is a whole number from 0 to {LARGEST_COUNT}, sent as a number")


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant with its offset (RFC 3339); answers are in UTC.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=instant_text,
        parse_value=instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day (ISO 8601), such as 2022-07-05.",
        serialize=date.isoformat,
        parse_value=_day,
    ),
    Count: strawberry.scalar(
        name="Count",
        description="A whole number from 0 to 9007199254740991, sent as a JSON number.",
        serialize=int,
        parse_value=_count,
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
    ),
}
"""Python type → scalar, for the schema's configuration."""
