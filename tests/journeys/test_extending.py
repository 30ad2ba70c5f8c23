"""The page for users of the eventsourcing library: each program and command as written, on the demo's ledger."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from tests.api.cli_tools import url_of
from tests.api.process import serving
from tests.journeys import documents

PAGE = "docs/extending.md"
RECORD, PROJECT, TEST, FOLLOW = (
    f"{PAGE}: {heading} 1" for heading in ("Record", "Add a projection", "Test it", "Follow from another process")
)
BLOCKS = [RECORD, PROJECT, TEST, FOLLOW]
DEMO_SITE = "http://127.0.0.1:8000"
SETTINGS = """
from contextlib import contextmanager


@contextmanager
def demo_settings():
    yield {{
        "PERSISTENCE_MODULE": "ledger.eventsourcing",
        "LEDGER_DATABASE_URL": {url!r},
        "LEDGER_NOTICE": "tameside-2022",
    }}
"""
"""The page's `demo_settings.py` for a server of the test's own."""


def programs() -> dict[str, str]:
    """Return the page's programs by the name under which the reader saves them."""
    page = (documents.ROOT / PAGE).read_text("utf-8")
    saved = re.findall(r"ave this as\s`(\w+\.py)`.*?```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(saved) == page.count("```python")
    return dict(saved)


@pytest.mark.long(seconds=35)
def test_the_page_on_extending_goes_as_written(database: str, tmp_path: Path) -> None:
    url = url_of(database)
    for name, text in (programs() | {"demo_settings.py": SETTINGS.format(url=url)}).items():
        (tmp_path / name).write_text(text, "utf-8")
    variables = documents.environment(tmp_path, LEDGER_DATABASE_URL=url)
    shell = partial(documents.shell, place=tmp_path, variables=variables)
    shell("ledger demo --check")

    lines = shell("python read_notice.py").splitlines()
    assert lines[0] == "1 NoticeIssuedEntry 2022-07-05"
    assert lines[1].startswith("version 300 recorded 2022-")
    size = int(lines[2].removesuffix(" entries"))

    recorded = shell(documents.script([RECORD]))
    assert re.match(rf"entry {size + 4}\nrefused: NOT_FOUND data.objective ", recorded)
    again = "LEDGER_TOKEN=$(ledger token issue --role integration --actor plan-system --notice tameside-2022)"
    assert shell(f"{again}\nexport LEDGER_TOKEN\npython record_progress.py").startswith(f"entry {size + 4}\n")

    with project(tmp_path, variables) as process:
        late = wait_for(lambda: shell("python show_late_actions.py"), f"as of entry {size + 5}")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert re.search(r"^council-officer\S* [1-9]", late, re.MULTILINE), late
    shell(documents.script([TEST]))

    follow = documents.script([FOLLOW])
    assert DEMO_SITE in follow
    with serving(database, LEDGER_DATA=str(tmp_path / ".ledger")) as server:
        first, second = (shell(follow.replace(DEMO_SITE, server.url)) for _ in range(2))
    assert re.fullmatch(r"[1-9]\d* actions completed\n", first)
    assert second == first


def project(place: Path, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start the page's command that runs the projection."""
    sh = shutil.which("sh") or "/bin/sh"
    return subprocess.Popen([sh, "-euc", f"exec {documents.script([PROJECT])}"], cwd=place, env=variables)


def wait_for(output: Callable[[], str], beginning: str) -> str:
    """Return the output once it has this beginning."""
    deadline = time.monotonic() + 60
    while not (text := output()).startswith(beginning):
        assert time.monotonic() < deadline, text
    return text
