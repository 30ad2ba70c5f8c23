"""The generator of Tameside's invented history, July 2022 to March 2024.

`python -m tools.invented_history` prints the history in `ledger/packs/tameside-2022.ndjson`. The notice, its
and the direction that followed are real. Everything between them is invented. Its tables are in `tables.toml`.
"""

from tools.invented_history import (
    actions,
    board,
    closure,
    duties,
    evidence,
    measures,
    papers,
    partners,
    people,
    plan,
    progress,
    reports,
    reviews,
    transition,
)
from tools.invented_history.history_writer import HistoryWriter


def history() -> str:
    """Return the history as NDJSON: one CloudEvent a line, with attributes of the demo, such as `demoactor`."""
    writer = HistoryWriter()
    chapters = (
        people,
        plan,
        actions,
        progress,
        measures,
        board,
        partners,
        reports,
        reviews,
        evidence,
        closure,
        duties,
        transition,
        papers,
    )
    for chapter in chapters:
        chapter.write(writer)
    return writer.ndjson()
