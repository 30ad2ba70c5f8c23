"""Duties of the sample history: recorded from paper files after the notice was closed."""

from tools.invented_history.history_writer import HistoryWriter
from tools.invented_history.tables import tables_of


def write(writer: HistoryWriter) -> None:
    """Record an assessment, a deliverable, an instruction, a post, a consent and a report on co-operation."""
    for number, (fact, actor, day, data) in enumerate(tables_of("duties")["rows"]):
        at = f"2024-03-21 {10 + number // 6}:{number % 6 * 5 + 10}"
        writer.record(f"duty-{number + 1}", fact, actor, at, data, time=f"{day} 11:00")
