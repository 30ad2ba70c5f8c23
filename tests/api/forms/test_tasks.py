"""Each fact has a task title, which begins with a verb and is no past-tense fact."""

from api.forms.tasks import TASKS, button, task
from ledger.domain.registry import KINDS


def test_each_fact_has_a_task() -> None:
    facts = {kind.name for kind in KINDS.values()}
    assert facts >= TASKS.keys()
    titles = [task(fact) for fact in facts]
    assert len(set(titles)) == len(titles), "two tasks have one title"
    assert not [title for title in titles if title.split()[0].endswith("ed") or not title[0].isupper()]


def test_a_button_is_its_task_without_the_article() -> None:
    assert task("ObjectiveAdded") == "Add an objective"
    assert button("ObjectiveAdded") == "Add objective"
    assert button("ProgressRecorded") == "Record progress"
