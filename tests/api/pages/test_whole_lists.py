"""Test that no page leaves out rows of a list without saying so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import ArgumentNode, FieldNode, IntValueNode, Node, parse, visit
from graphql.language import Visitor

from api import pages
from api.pages.renderer import has_full_list
from schema import questions
from schema.derive.connection import LARGEST

QUERIES = sorted((Path(pages.__file__).parent / "queries").glob("*.graphql"))
QUESTIONS = sorted(Path(questions.__file__).parent.glob("*.graphql"))
FEW = {"latest-entries: entries", "latest-readings: readings"}
"""Lists of which a question selects some on purpose."""


class Lists(Visitor):
    """Fields of a query that are lists in pages, except those of which only groups are selected."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[FieldNode] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Note a field with rows."""
        if "nodes" in _selected(node):
            self.fields.append(node)


def _arguments(node: FieldNode) -> dict[str, ArgumentNode]:
    return {argument.name.value: argument for argument in node.arguments or ()}


def _lists(path: Path) -> Iterator[tuple[str, FieldNode]]:
    lists = Lists()
    visit(parse(path.read_text("utf-8")), lists)
    for field in lists.fields:
        yield f"{path.stem}: {(field.alias or field.name).value}", field


def _selected(node: FieldNode) -> set[str]:
    selections: list[Node] = list(node.selection_set.selections if node.selection_set else ())
    return {selection.name.value for selection in selections if isinstance(selection, FieldNode)}


@pytest.mark.parametrize("path", QUERIES + QUESTIONS, ids=lambda path: path.stem)
def test_each_list_of_a_page_or_a_question_has_pages_or_all_rows(path: Path) -> None:
    """Check that a list without pages has the largest size, at which a page says that it is cut."""
    for name, field in _lists(path):
        arguments = _arguments(field)
        size = arguments["first" if "first" in arguments else "last"].value
        assert isinstance(size, IntValueNode)
        is_one, is_paged = size.value == "1", "pageInfo" in _selected(field)
        assert is_one or is_paged or name in FEW or int(size.value) == LARGEST, name


def test_a_list_as_long_as_a_list_can_be_may_be_cut() -> None:
    nodes = [{"a": 1}] * LARGEST
    assert has_full_list({"x": [{"y": {"nodes": nodes}}]})
    assert not has_full_list({"x": {"nodes": nodes[1:]}, "y": None, "z": [1, "nodes"]})
