"""Random rows in the tables of the views, as the invented history leaves a quarter of the lists empty.

No rule of the ledger made these rows. Values repeat, and are often null.
"""

import random
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, get_type_hints

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg.types.range import Int8Range

from ledger.domain.fact import WordList
from ledger.domain.fields import unwrap
from projections.engine.columns import fields_of
from projections.engine.meaning import meaning_of
from projections.engine.narrative import NarrativeRef
from projections.engine.rows import Table
from projections.views.registry import ALL
from tests.schema.compiled.documents import NOTICE

ROWS = 14
"""Rows of each table."""
AT = 450
"""Position at which they are read; a few have ended just before."""
REAL = {"measures", "readings", "notices", "clauses", "target_dates"} | {
    table.name for view in ALL if view.name in ("compliance", "entries", "timeline") for table in view.tables
}
"""Tables whose rows stay as the history has them: rules, charts and the notice itself rely on these."""
IDS = [*(f"k{number}" for number in range(1, ROWS - 5)), "1a", "1b", "5a", "M1", "M2", "chair"]
"""Ids of things of every kind; actors, codes and other short texts are among them too."""
DAYS = [date(2022, 8, 27), date(2022, 12, 23), date(2023, 1, 1), date(2023, 3, 31), date(2023, 4, 6)]
INSTANTS = [
    *("2022-07-31T23:30:00+00:00", "2022-12-31T23:59:59.999999+00:00", "2023-03-26T00:30:00+00:00"),
    *("2023-03-31T22:59:00+00:00", "2023-03-31T23:00:00+00:00", "2023-06-30T12:00:00.5+01:00"),
]
"""Instants at the ends of months, in summer time and out of it."""
REPAIRS = [
    "DELETE FROM views.decision_subjects WHERE notice = %(notice)s",
    """INSERT INTO views.decision_subjects (notice, held, subject, decision, position)
    SELECT notice, held, unnest(relates_to), decision, position FROM views.decisions WHERE notice = %(notice)s""",
    """UPDATE views.access SET review = coalesce(review, request), diagnostic = NULL
    WHERE notice = %(notice)s AND (diagnostic IS NULL) = (review IS NULL)""",
]
"""Statements that make rows agree where a list relies on it: subjects of decisions, and what access is for."""
VOTES = {"for": 2, "against": 1, "abstained": 0}


def fill(url: str, seed: int = 1) -> None:
    """Replace the notice's rows by random ones, from positions that are random too."""
    draw = random.Random(seed)
    with psycopg.connect(url) as connection:
        places = connection.execute(
            "SELECT position, path FROM ledger.narratives WHERE notice = %s ORDER BY 1, 2", (NOTICE,)
        ).fetchall()
        for table in (table for view in ALL for table in view.tables if table.name not in REAL):
            connection.execute(_sql("DELETE FROM {} WHERE notice = %s", table), (NOTICE,))
            for row in _rows(draw, table, places):
                names = sql.SQL(", ").join(map(sql.Identifier, row))
                marks = sql.SQL(", ").join([sql.Placeholder()] * len(row))
                insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})")
                connection.execute(
                    insert.format(sql.Identifier("views", table.name), names, marks), [*row.values()]
                )
        for repair in REPAIRS:
            connection.execute(repair, {"notice": NOTICE})


def _sql(text: Any, table: Table[Any]) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier("views", table.name))


def _rows(draw: random.Random, table: Table[Any], places: list[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    """Yield rows with different keys and positions."""
    row_type: Any = table.row
    hints = get_type_hints(row_type, include_extras=True)
    for number, position in enumerate(sorted(draw.sample(range(5, AT - 30), ROWS))):
        values: dict[str, Any] = {}
        for field in fields_of(row_type):
            kind = unwrap(hints[field.name])
            value = _value(draw, kind.column_type, meaning_of(hints[field.name]).type, places)
            if kind.optional and draw.random() < 0.3:
                value = None
            if field.name in table.key[:1] and value in IDS:
                value = IDS[number]
            if field.name == "position":
                value = position
            split = [value] if field.split is None else field.split(value)
            values |= {column.name: each for column, each in zip(field.columns, split, strict=True)}
        until = AT - 1 if number % 5 == 2 else None
        yield {"notice": NOTICE, "held": Int8Range(position, until), **values}


def _value(draw: random.Random, kind: Any, meant: Any, places: list[tuple[int, str]]) -> Any:
    words = [each.value for each in meant] if isinstance(meant, type) and issubclass(meant, WordList) else IDS
    match kind:
        case _ if kind is NarrativeRef:
            position, path = draw.choice(places)
            return NarrativeRef(position=position, path=path)
        case _ if kind == list[NarrativeRef]:
            position, path = draw.choice(places)
            return [NarrativeRef(position=position, path=path)] * draw.randint(0, 1)
        case _ if kind == list[str]:
            return sorted(draw.sample(words, draw.randint(0, min(3, len(words)))))
        case _ if kind == list[int]:
            return draw.sample(range(1, AT), draw.randint(0, 3))
    simple: dict[Any, Any] = {
        str: lambda: draw.choice(words),
        int: lambda: draw.randint(0, 5),
        float: lambda: draw.choice([0.0, 0.5, 12.25, 100.0]),
        bool: lambda: draw.random() < 0.5,
        date: lambda: draw.choice(DAYS),
        datetime: lambda: datetime.fromisoformat(draw.choice(INSTANTS)),
        dict: lambda: Jsonb(VOTES),
    }
    value: Any = simple[kind]()
    return value
