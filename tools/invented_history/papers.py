"""Papers of the sample history that were handed in last, after the notice was closed."""

from tools.invented_history.history_writer import HistoryWriter
from tools.invented_history.tables import tables_of


def write(writer: HistoryWriter) -> None:
    """Record the facts of the papers."""
    writer.record_all(tables_of("papers")["events"])
