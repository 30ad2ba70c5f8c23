"""The invented history of Tameside's notice, July 2022 to March 2024: written by a small generator.

`python -m tools.invented_history` prints it; `tameside-2022.ndjson` beside the pack is what it prints. Nothing of
it happened: the notice is real, its closure and the direction that followed are, and all between is made up.
"""

from tools.invented_history import (
    actions,
    board,
    ending,
    evidence,
    measures,
    partners,
    people,
    plan,
    progress,
    reports,
    reviews,
)
from tools.invented_history.history_writer import HistoryWriter


def history() -> str:
    """The history as NDJSON, a CloudEvent a line, with what the demo needs to know in attributes named demo…."""
    story = HistoryWriter()
    chapters = (people, plan, actions, progress, measures, board, partners, reports, reviews, evidence, ending)
    for chapter in chapters:
        chapter.tell(story)
    return story.lines()
