"""Test the OpenAPI document: complete, valid, the same by command and by address; no request breaks the server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from starlette.routing import Route

from api.app import create_app
from api.http import openapi
from api.settings import Settings
from tests.api.cli_tools import caller
from tests.api.service import Service

SCRIPT = """
import sys, warnings
warnings.simplefilter("ignore")
from schemathesis.cli import schemathesis
schemathesis()
"""


def test_every_route_stands_in_the_document_and_says_what_it_does() -> None:
    routes = create_app(Settings()).routes
    document = openapi.document(routes)
    paths = {route.path for route in routes if isinstance(route, Route)}
    assert {re.sub(r":[a-z]+}", "}", path) for path in paths} == set(document["paths"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert "default" in operation["responses"], path
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


@pytest.mark.database
def test_the_command_and_the_address_say_the_same(
    service: Service, officer: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = officer.get("/openapi.json")
    assert answer.status_code == 200
    output = caller(capsys)("schema", "openapi")
    assert httpx.Response(200, text=output.out).json() == answer.json()
    assert service.notice.name not in output.out


@pytest.mark.database
@pytest.mark.long
@pytest.mark.timeout(900)
def test_no_request_that_the_document_allows_or_forbids_breaks_the_server(
    service: Service, tmp_path: Path
) -> None:
    options = [
        *("run", f"{service.url}/openapi.json", "--checks", "not_a_server_error", "--max-examples", "40"),
        *("--header", f"Authorization: Bearer {service.notice.tokens['officer']}", "--seed", "1"),
        *("--mode", "all", "--request-timeout", "30", "--exclude-path", "/metrics"),
        *("--phases", "examples,coverage,fuzzing", "--no-color"),
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-1_000:]
    assert "No issues found" in done.stdout or "passed" in done.stdout, done.stdout[-2_000:]
