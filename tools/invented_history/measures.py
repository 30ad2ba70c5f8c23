"""Measures of the sample history by month: for a council of about 225,000 people, improving unevenly."""

from datetime import date, timedelta

from ledger.domain.calendar import working_day_from
from tools.invented_history.history_writer import Data, HistoryWriter, end_of, months
from tools.invented_history.tables import tables_of

TABLES = tables_of("measures")

MONTHS = months("2022-07", "2024-01")
DEFINED = TABLES["defined"]


def write(writer: HistoryWriter) -> None:
    """Record the definitions of the measures in July 2022, and monthly readings of these measures and of M9."""
    data: Data
    for number, (name, title, unit, direction, target, baseline, *_) in enumerate(DEFINED):
        data = {"measure": name, "title": title + ".", "unit": unit, "direction": direction}
        data |= {"target": target, "baseline": baseline}
        writer.record(
            f"measure-{number + 1}",
            "MeasureDefined",
            "council-officer",
            f"2022-07-15 10:{10 + number}",
            data,
            clauses="1b",
        )
    for index, month in enumerate(MONTHS):
        for number, (name, *_, denominators, (first, last), wobble) in enumerate(DEFINED):
            grown = index / (len(MONTHS) - 1)
            if name == "M2":
                grown = min(1.0, grown * 0.5 + (0.45 if month >= date(2023, 2, 1) else 0))
            value = first + (last - first) * grown + writer.random.uniform(-wobble, wobble)
            if name == "M5" and month == date(2022, 12, 1):
                value -= 0.11
            denominator = writer.random.randint(*denominators)
            _report(
                writer, name, month, number, {"numerator": round(value * denominator), "denominator": denominator}
            )
        _report(writer, "M9", month, 8, {"numerator": writer.random.choice((2, 3, 3, 4, 1, 6))})


def _report(writer: HistoryWriter, name: str, month: date, number: int, value: dict[str, int]) -> None:
    data: Data
    day = working_day_from(end_of(month) + timedelta(days=6))
    if day == date(2023, 5, 8):
        day += timedelta(days=1)
    data = {
        "measure": name,
        "period": _period(month),
        **value,
        "system": "case records",
        "extractedAt": f"{day}T02:{number:02}:00+00:00",
    }
    writer.record(
        f"reading-{name}-{month:%Y-%m}",
        "MeasureReadingReported",
        "performance-system",
        f"{day} 04:{10 + number}",
        data,
        clauses="1b",
    )


def _period(month: date) -> dict[str, str]:
    return {"first": month.isoformat(), "last": end_of(month).isoformat()}
