"""The last weeks of the sample history, recorded from paper files after the notice was closed."""

from typing import Any

from tools.invented_history.history_writer import HistoryWriter
from tools.invented_history.tables import tables_of

TABLES = tables_of("transition")

Line = tuple[str, str, str, dict[str, Any]]
"""Row of a table: name of the fact, actor, local time of the fact, and data."""
ACTIONS = TABLES["actions"]

RISKS = TABLES["risks"]
ACTION_LOG = TABLES["action_log"]

VIEWS = TABLES["views"]


def write(writer: HistoryWriter) -> None:
    """Record the last steps of some actions, risks, the board's action log, and views of parents."""
    for number, (fact, actor, time, data) in enumerate((*ACTIONS, *RISKS, *ACTION_LOG, *VIEWS)):
        at = f"2024-03-21 {13 + number // 10}:{number % 10 * 5 + 10}"
        writer.record(f"transition-{number + 1}", fact, actor, at, data, time=time)
