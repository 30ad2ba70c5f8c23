"""Test the CSV files of a report: each value of the report is in a table."""

import csv
import io
import types
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from api.report.model import Report
from api.report.spreadsheet import cell
from api.report.tables import csv_of

_numbers = count(100_001)


def sample(kind: Any) -> Any:
    """Return a value of a type, in which each number, text and date is new."""
    origin, parts = get_origin(kind), [part for part in get_args(kind) if part not in (type(None), ...)]
    if origin in (Union, types.UnionType):
        return sample(parts[0])
    if origin is tuple:
        return tuple(sample(part) for part in parts)
    if origin in (dict, Mapping):
        return {sample(parts[0]): sample(parts[1])}
    if issubclass(kind, Struct):
        return kind(**{name: sample(hint) for name, hint in get_type_hints(kind).items() if name[0] != "_"})
    number = next(_numbers)
    moment = datetime(1900, 1, 1, tzinfo=UTC) + timedelta(days=number % 100_000)
    values = {
        bool: True,
        Any: number,
        int: number,
        float: number + 0.5,
        str: f"x{number}",
        date: moment.date(),
        datetime: moment,
    }
    return values[kind]


def leaves(value: object) -> Iterator[object]:
    """Yield the values in a report that are neither objects nor lists of objects."""
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from leaves(getattr(value, name))
    elif isinstance(value, tuple) and isinstance(value[0], Struct):
        for each in value:
            yield from leaves(each)
    else:
        yield value


def test_every_value_of_a_report_is_in_a_table() -> None:
    report = sample(Report)
    with zipfile.ZipFile(io.BytesIO(csv_of(report))) as archive:
        texts = [archive.read(name).decode("utf-8-sig") for name in archive.namelist()]
    cells = {
        each.removeprefix("sha256:") for text in texts for row in csv.reader(io.StringIO(text)) for each in row
    }
    assert {text for value in leaves(report) if (text := cell(value)) not in cells} == set()
