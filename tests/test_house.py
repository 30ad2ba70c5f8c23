"""The house rules that no other tool checks: docstrings, names of hosts, commands, locks, the wheel.

It reads the files of the project, runs `make help` and the build, and imports no package of the project.
"""

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import english

ROOT = Path(__file__).parent.parent
PACKAGES = ("ledger", "projections", "schema", "api")
LONGEST_MODULE = 400
IN_ONE_FILE = ROOT / "ledger" / "bundle" / "verify_bundle.py"
"""An auditor takes it alone from a bundle, so it cannot be several modules."""
LONGEST_IN_ONE_FILE = 575
GENERATED = ROOT / "api" / "report" / "query_models.py"
"""Module that `make facts` writes."""
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def committed_files() -> list[Path]:
    """Return every file that is or would be committed; in a copy without history, those that no tool made."""
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0:
        paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
        return [path for path in paths if path.is_file()]
    ignored = {".venv", ".ledger", ".hypothesis", "__pycache__", "build", "dist"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file()
        and not any(part in ignored or part.endswith("_cache") for part in path.relative_to(ROOT).parts)
    ]


def modules(*folders: str) -> list[Path]:
    """Return the Python files in these folders of the project, at any depth."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def undocumented(path: Path) -> Iterator[str]:
    """Yield `file:line name` for the module and each public name in it that has no docstring."""

    def visit(node: Documented, name: str) -> Iterator[str]:
        if ast.get_docstring(node) is None:
            yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)} {name}"
        if isinstance(node, ast.Module | ast.ClassDef):
            for child in node.body:
                if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    decorators = {ast.unparse(decorator).split(".")[-1] for decorator in child.decorator_list}
                    if not child.name.startswith("_") and not decorators & {"overload", "override", "setter"}:
                        yield from visit(child, child.name)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), "the module")


def lock(name: str) -> dict[str, tuple[str, int]]:
    """Return the lock's packages by canonical name, each with its version and number of hashes."""
    text = (ROOT / name).read_text(encoding="utf-8")
    pins = re.finditer(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)((?:.*\\\n)*.*)", text, re.MULTILINE)
    return {canonicalize_name(pin[1]): (pin[2], pin[3].count("--hash=sha256:")) for pin in pins}


def group(name: str) -> Iterator[str]:
    """Yield the requirements of a dependency group, and of those that it includes."""
    for item in PROJECT["dependency-groups"][name]:
        if isinstance(item, str):
            yield item
        else:
            yield from group(item["include-group"])


def test_every_module_and_public_name_of_the_packages_says_what_it_is() -> None:
    assert [gap for path in modules(*PACKAGES) for gap in undocumented(path)] == []


def test_every_module_of_the_tests_says_what_it_is() -> None:
    gaps = [gap for path in modules("tests") for gap in undocumented(path)]
    assert [gap for gap in gaps if gap.endswith("the module")] == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path: len(path.read_bytes().splitlines()) for path in modules(*PACKAGES, "tests")}
    one_file = lengths.pop(IN_ONE_FILE)
    del lengths[GENERATED]
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST_MODULE} == {}
    assert one_file <= LONGEST_IN_ONE_FILE


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(
            r"pypi[.]org|pythonhosted[.]org|npmjs[.]|yarnpkg[.]com|deb[.]debian[.]org|archive[.]ubuntu[.]com"
            r"|crates[.]io|docker[.]io|ghcr[.]io|quay[.]io|(?:extra-)?index[-]url|find[-]links",
            id="a package host",
        ),
        pytest.param(r"(?<![\w.~$}/])/(?:home|Users)/\w|(?<![\w.~$}/])/[r]oot/", id="a home directory"),
        pytest.param(re.escape(str(ROOT)) + r"\b", id="where this checkout lies"),
    ],
)
def test_no_committed_file_names(named: str) -> None:
    offenders = []
    for path in committed_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        offenders += [f"{path.relative_to(ROOT)} names {match[0]}" for match in re.finditer(named, text)]
    assert offenders == []


def test_no_lock_of_nodes_packages_names_where_they_come_from() -> None:
    locks = [path for path in committed_files() if path.name == "package-lock.json"]
    assert locks
    offenders = [str(path) for path in locks if re.search(r'://|"resolved"', path.read_text(encoding="utf-8"))]
    assert not offenders, "the packages are had from wherever npm is told to look: take the addresses out"


def test_make_help_lists_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):(?!=)", makefile, re.MULTILINE))
    listing = subprocess.check_output(["make", "-C", str(ROOT), "--no-print-directory", "help"], text=True)
    assert set(re.findall(r"^  ([a-z][\w-]*) +\S", listing, re.MULTILINE)) == targets
    declared = re.search(r"^\.PHONY: (.*)", makefile, re.MULTILINE)
    assert declared is not None
    assert set(declared[1].split()) == targets


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        ("requirements.txt", [*PROJECT["project"]["dependencies"], *group("build")]),
        ("requirements-dev.txt", [*PROJECT["project"]["dependencies"], *group("dev")]),
    ],
)
def test_the_lock_satisfies_the_declared_dependencies(name: str, requirements: list[str]) -> None:
    locked = lock(name)
    for requirement in map(Requirement, requirements):
        version, _ = locked[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), f"{name} has {requirement.name} {version}: run make lock"
    assert [package for package, (_, hashes) in locked.items() if hashes == 0] == []


def test_the_development_lock_contains_the_runtime_lock() -> None:
    assert lock("requirements.txt").items() <= lock("requirements-dev.txt").items()


def test_no_dependency_brings_a_module_named_like_a_package_of_the_project() -> None:
    providers = importlib.metadata.packages_distributions()
    taken = {name: set(providers.get(name, ())) - {PROJECT["project"]["name"]} for name in PACKAGES}
    assert not any(taken.values()), taken


def test_the_supported_pythons_are_the_same_wherever_they_are_written() -> None:
    bounds = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["project"]["requires-python"])
    assert bounds is not None
    minors = range(int(bounds[1]), int(bounds[2]))
    classifiers = [c.rsplit(".", 1)[1] for c in PROJECT["project"]["classifiers"] if "Python :: 3." in c]
    assert classifiers == [str(minor) for minor in minors]
    script = (ROOT / "tools" / "environment.sh").read_text(encoding="utf-8")
    assert f"(3, {minors.start}) <= sys.version_info[:2] < (3, {minors.stop})" in script
    assert all(f"python3.{minor}" in script for minor in minors)
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py3{minors.start}"
    assert PROJECT["tool"]["mypy"]["python_version"] == f"3.{minors.start}"
    assert f"--python-version 3.{minors.start}" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.long
def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    committed = {str(path.relative_to(ROOT)) for path in committed_files()}
    packages = json.loads((ROOT / "api" / "http" / "assets" / "browser_files.json").read_text("utf-8"))
    browser = {f"api/http/assets/installed/{name}/{file}" for name, files in packages.items() for file in files}
    assert packed == {name for name in committed if name.split("/")[0] in PACKAGES} | browser
    assert {f"{package}/py.typed" for package in PACKAGES} <= packed


def test_every_folder_of_python_files_is_a_package() -> None:
    folders = {folder for path in modules(*PACKAGES, "tests") for folder in path.relative_to(ROOT).parents}
    bare = folders - {Path()} - {path.parent.relative_to(ROOT) for path in ROOT.glob("*/**/__init__.py")}
    assert bare == set()


FORMER_NAMES = frozenset(
    [
        "above",
        "answering",
        "answers",
        "apart",
        "asked",
        "asking",
        "beginning",
        "bell",
        "beside",
        "composing",
        "course",
        "desk",
        "drafted",
        "entering",
        "examine",
        "faults",
        "filling",
        "following",
        "found",
        "given",
        "held",
        "lives",
        "log",
        "logs",
        "making",
        "offered",
        "opening",
        "point",
        "proving",
        "reading",
        "registered",
        "rendering",
        "replaying",
        "reporting",
        "selecting",
        "shadows",
        "shapes",
        "showing",
        "shown",
        "standing",
        "story",
        "tellings",
        "told",
        "touring",
        "typed",
        "visit",
        "words",
    ]
)
"""Module names that the glossary replaced; none says what is in the module."""
PARTICIPLE = re.compile(r".*(?:ing|ed)")
FIELD_NOUNS = frozenset(
    {"compiled", "embedded", "entries_feed", "feed", "formatting", "forwarded", "meaning", "pooling", "recording"}
)
"""Names that end like a participle and are nouns of the field."""


def test_a_module_is_named_by_a_noun_of_the_field() -> None:
    stems = {path.stem for path in modules(*PACKAGES, "tools")}
    assert stems & FORMER_NAMES == set()
    assert {stem for stem in stems if PARTICIPLE.fullmatch(stem)} - FIELD_NOUNS == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_modules_of_a_package_define_a_class_of_one_name(package: str) -> None:
    homes: dict[str, list[str]] = {}
    for path in modules(package):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


ENGLISH = (*PACKAGES, "tools", "tests", "docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md")
QUOTES_BANNED_WORDS = {ROOT / "tests" / "english.py", ROOT / "tests" / "test_house.py"}
FROZEN = {
    "0000_roles.sql",
    "0001_ledger.sql",
    "0001_views.sql",
    "0002_people.sql",
    "0004_evidence.sql",
    "0005_stopped.sql",
}
"""Migrations that ran under an earlier wording: an applied file keeps its bytes."""


def test_code_pages_and_documents_are_in_plain_english() -> None:
    files = [path for path in committed_files() if path.relative_to(ROOT).parts[0] in ENGLISH]
    read = sorted(path for path in set(files) - QUOTES_BANNED_WORDS if path.name not in FROZEN)
    assert list(english.breaches(read)) == []


def _definitions(path: Path) -> Iterator[str]:
    """Yield the names of a module's functions, classes and constants, and of its classes' methods.

    A decorator may register the decorated definition, so of those only properties count. GraphQL exposes each
    relation of a table.
    """
    body = ast.parse(path.read_text("utf-8")).body
    methods = [below for each in body if isinstance(each, ast.ClassDef) for below in each.body]
    for node in (*body, *methods):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if {getattr(decorator, "id", "") for decorator in node.decorator_list} <= {"property"}:
                yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node in body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "of_table":
                continue
            yield from (target.id for target in targets if isinstance(target, ast.Name))


CALLED_BY_LIBRARIES = {
    # strawberry and graphql-core
    "get_context", "get_sub_response", "create_response", "encode_next", "encode_comment", "get_results",
    "process_errors", "enter_argument", "leave_argument", "enter_list_value", "leave_list_value", "enter_variable",
    "enter_document", "enter_variable_definition", "is_valid_value_node", "on_parse", "on_validate",
    "decode_json", "enter_field",
    # logging, starlette, uvicorn and the eventsourcing library
    "emit", "to_string", "keep_subprocess_alive", "restart_all", "terminate_all", "join_all",
    "construct_factory", "construct_repository", "aggregate_recorder", "process_recorder", "to_stored_event",
}  # fmt: skip
"""Methods that a library calls by their names."""


def test_every_definition_is_used() -> None:
    suffixes = {".py", ".html", ".toml", ".graphql", ".sql"}
    files = [path for path in committed_files() if path.suffix in suffixes and path != Path(__file__)]
    words = Counter(word for path in files for word in re.findall(r"\w+", path.read_text("utf-8")))
    names = {name for path in modules(*PACKAGES, "tools") for name in _definitions(path)}
    unused = {name for name in names if words[name] < 2 and not name.startswith(("__", "test_", "visit_"))}
    assert unused - CALLED_BY_LIBRARIES == set()
