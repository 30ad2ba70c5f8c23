"""Rows in memory: the stored versions equal a dictionary copied at each position, for pages of any size."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from ledger.domain.areas.records import ErasureRequested
from ledger.domain.entry import Entry
from ledger.domain.fact import Narrative
from projections.engine.rows import Changes, Key, Rows, Table, Version


class Item(Struct, frozen=True):
    name: str
    value: int


ITEMS = Table("items", Item, ("name",))
LOG = Table("log", Item, ("name",), in_memory=False)
NAMES = st.sampled_from("abc")
STEPS = st.lists(st.lists(st.tuples(NAMES, st.none() | st.integers(0, 2)), max_size=4), max_size=12)
SOON = datetime(2022, 7, 5, tzinfo=UTC)
FACT = ErasureRequested(position=1, reason=Narrative("A" * 43 + "="), authority=Narrative("A" * 43 + "="))


def entry(position: int) -> Entry:
    return Entry("n", position, "k", "s", "t", None, None, (), (), SOON, "alice", "AUDITOR", FACT)


class Storage:
    """A stand-in for the database: the stored versions."""

    def __init__(self) -> None:
        self.versions: dict[tuple[Key, int], tuple[Item, int | None]] = {}

    def keep(self, taken: dict[str, Changes]) -> None:
        changes = taken.get("items", Changes())
        for key, since, until in changes.closed:
            assert self.versions[key, since][1] is None
            self.versions[key, since] = (self.versions[key, since][0], until)
        assert not self.versions.keys() & changes.added.keys()
        self.versions |= changes.added

    def at(self, position: int) -> dict[str, int]:
        matching = [
            (item.name, item.value)
            for (_, since), (item, until) in self.versions.items()
            if since <= position and (until is None or position < until)
        ]
        assert len(dict(matching)) == len(matching), "two versions of one row hold at once"
        return dict(matching)

    def open(self) -> list[Version]:
        return [Version(since, item) for (_, since), (item, until) in self.versions.items() if until is None]


@given(STEPS, st.sets(st.integers(1, 12)), st.booleans(), st.booleans())
def test_every_position_can_be_seen_again(
    steps: list[list[tuple[str, int | None]]], cuts: set[int], restart: bool, settled: bool
) -> None:
    rows, storage = Rows([ITEMS]), Storage()
    truth: dict[str, int] = {}
    history: list[dict[str, int]] = []
    for position, step in enumerate(steps, 1):
        rows.begin(entry(position))
        for name, value in step:
            if value is None:
                rows.drop(ITEMS, name)
                truth.pop(name, None)
            else:
                rows.put(ITEMS, Item(name, value))
                truth[name] = value
        rows.commit(position)
        history.append(dict(truth))
        if position in cuts:
            storage.keep(rows.take_changes(settled=settled and not restart))
            if restart:
                rows = Rows([ITEMS])
                rows.restore(ITEMS, storage.open())
    storage.keep(rows.take_changes())
    assert [storage.at(position) for position in range(1, len(steps) + 1)] == history
    changes = {position for position in range(1, len(steps)) if history[position] != history[position - 1]}
    begun = {since - 1 for _, since in storage.versions} - {0}
    assert begun <= changes, "a version was stored where nothing changed"


def test_what_a_failing_fold_did_is_forgotten() -> None:
    rows, storage = Rows([ITEMS]), Storage()
    rows.begin(entry(1))
    rows.put(ITEMS, Item("a", 1))
    rows.commit(1)
    rows.begin(entry(2))
    rows.put(ITEMS, Item("a", 2))
    rows.put(ITEMS, Item("b", 2))
    rows.revert()
    assert rows.get(ITEMS, "a") == Item("a", 1)
    assert rows.get(ITEMS, "b") is None
    rows.commit(2)
    storage.keep(rows.take_changes())
    assert storage.versions == {(("a",), 1): (Item("a", 1), None)}


def test_settled_rows_only_are_taken_when_asked() -> None:
    rows = Rows([ITEMS])
    for position, value in ((1, 1), (2, 2)):
        rows.begin(entry(position))
        rows.put(ITEMS, Item("a", value))
        rows.commit(position)
    assert rows.take_changes(settled=True)["items"].added == {(("a",), 1): (Item("a", 1), 2)}
    assert rows.take_changes()["items"].added == {(("a",), 2): (Item("a", 2), None)}


def test_rows_that_are_never_recalled_leave_memory_and_cannot_be_asked_for() -> None:
    rows = Rows([LOG])
    rows.begin(entry(1))
    rows.put(LOG, Item("a", 1))
    rows.commit(1)
    assert rows.take_changes(settled=True)["log"].added == {(("a",), 1): (Item("a", 1), None)}
    assert rows.versions() == {"log": {}}
    with pytest.raises(TypeError, match="log"):
        rows.get(LOG, "a")


def test_becoming_another_fold_changes_only_what_differs() -> None:
    rows, other = Rows([ITEMS]), Rows([ITEMS])
    for fold, values in ((rows, {"a": 1, "b": 1}), (other, {"b": 2, "c": 3, "d": 4})):
        fold.begin(entry(1))
        for name, value in values.items():
            fold.put(ITEMS, Item(name, value))
    rows.put(ITEMS, Item("d", 4))
    rows.commit(1)
    storage = Storage()
    storage.keep(rows.take_changes())
    rows.replace_with(other)
    rows.commit(5)
    storage.keep(rows.take_changes())
    assert storage.at(4) == {"a": 1, "b": 1, "d": 4}
    assert storage.at(5) == {"b": 2, "c": 3, "d": 4}
    assert storage.versions[("d",), 1] == (Item("d", 4), None)
    assert storage.versions[("c",), 5] == (Item("c", 3), None)
