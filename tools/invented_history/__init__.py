"""The generator of the sample history: Tameside's improvement, invented, from July 2022 to March 2024.

`python -m tools.invented_history` prints the content of `ledger/packs/tameside-2022.ndjson`. The notice and the
direction that followed are real. Everything between them is invented. Some rows of `tables.toml` are events.
Modules of this package write the other events, from other rows, patterns or random numbers.
"""

from tools.invented_history import actions, board, duties, evidence, measures, plan, progress, reports, transition
from tools.invented_history.history_writer import HistoryWriter
from tools.invented_history.tables import events


def history() -> str:
    """Return the sample history as NDJSON: one CloudEvent a line, with attributes such as `demoactor`."""
    writer = HistoryWriter()
    for chapter in (plan, actions, progress, measures, board, reports, evidence, duties, transition):
        chapter.write(writer)
    for event in events():
        writer.record(**event)
    return writer.ndjson()
