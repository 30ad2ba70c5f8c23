"""Apply the examples of docs/adding.md to a copy of the checkout, and run the checks there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from projections.views.engagement import VIEW

ROOT = Path(__file__).resolve().parents[1]
COPY = ("ledger", "projections", "schema", "api", "tests", "tools", "docs", "pyproject.toml")
STEP = re.compile(
    r"^`([^`]+)`, (new|at the end|(?:after|before|instead of) `([^`]+)`):\n\n```\w+\n(.*?)```$",
    re.MULTILINE | re.DOTALL,
)
CHECKS = (
    "tests/ledger/domain/test_facts.py",
    "tests/projections/views/test_registry.py",
    "tests/api/forms/test_tasks.py",
)
ADDED = """
from api.forms.tasks import task
from api.pages.renderer import environment
from ledger.domain.areas.engagement import ViewsShared
from ledger.domain.registry import KINDS
from ledger.domain.rules import RULES
from projections.views.compliance.rules import JUDGES
from projections.views.registry import ALL
from api.pages.query_pages import PAGES
from api.pages.query_documents import document
from graphql import parse, validate
from schema.assembly import build

assert task("ViewsShared") == "Share views"
views = {view.name: view for view in ALL}
assert ViewsShared in views["engagement"].facts
assert ViewsShared in views["sharing"].facts
assert views["engagement"].version == {version}, "the view has no new version"
environment().get_template("sharing.html")
assert RULES["views-answered"] in JUDGES
assert "/sharing" in [page.path for page in PAGES]
schema = build().graphql
assert "shareViews" in schema.mutation_type.fields
assert "shared" in schema.type_map["Gathering"].fields
assert "sharing" in schema.type_map["Notice"].fields
assert schema.type_map["Sharing"].description == "Sharing of a result of gathered views."
assert not validate(schema, parse(document("sharing").text))
"""


def steps() -> list[tuple[str, str, str, str]]:
    """Return the steps of the guide: file, place, anchor and lines."""
    return [match.groups("") for match in STEP.finditer((ROOT / "docs/adding.md").read_text("utf-8"))]  # type: ignore[misc]


def apply(root: Path, step: tuple[str, str, str, str]) -> None:
    name, place, anchor, lines = step
    path = root / name
    if place == "new":
        assert not path.exists()
        path.write_text(lines)
        return
    text = path.read_text("utf-8")
    if place == "at the end":
        path.write_text(text + lines)
        return
    (line,) = [line for line in text.splitlines(keepends=True) if anchor in line]
    added = {"after": line + lines, "before": lines + line, "instead": lines}[place.split()[0]]
    path.write_text(text.replace(line, added))


def test_the_guide_counts_its_places() -> None:
    guide = (ROOT / "docs/adding.md").read_text("utf-8")
    parts = [part.partition("\n") for part in guide.split("\n## ")[1:]]
    counts = {title: len({name for name, *_ in STEP.findall(part)}) for title, _, part in parts}
    assert counts == {
        "A fact: 3 places": 3,
        "A field of a view: 1 place, and each page that prints it": 1,
        "A view: 2 places": 2,
        "A page: 3 places": 3,
        "A rule: 2 places": 2,
    }


@pytest.mark.long
def test_each_kind_of_addition_by_its_steps(tmp_path: Path) -> None:
    for name in COPY:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, tmp_path / name)
    for step in steps():
        apply(tmp_path, step)
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    added = ADDED.replace("{version}", str(VIEW.version + 1))
    names = ["-m", "ruff", "check", "--no-cache", "--isolated", "--select", "F821", "ledger", "projections", "api"]
    checks = ["-m", "pytest", "-q", "-p", "no:cacheprovider", *CHECKS]
    for command in (["-c", added], names, checks):
        run = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout[-3_000:] + run.stderr[-3_000:]
