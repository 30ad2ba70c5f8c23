"""Read the command blocks of the documents, and run them as their reader would.

A block's name is its page, its heading and its number below that heading: "docs/operating.md: Backup 1".
`test_documents.py` checks that every block either runs in a test or is listed with the reason why it cannot.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ledger.embedded import binaries
from tests.journeys.tcp_server import programs_of_tests

ROOT = Path(__file__).parents[2]
LANGUAGES = ("sh", "")
"""Languages of a block of commands; a block without a language is one too."""
_FENCE = re.compile(r"^(#+ [^\n]*)$|^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROGRAMS = {
    "ledger": "-c 'import sys; from api.cli import main; sys.exit(main())'",
    "python": "",
    "python3": "",
}


def pages() -> list[str]:
    """Return the path of each document, from the root of the checkout."""
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [str(page.relative_to(ROOT)) for page in documents]


def blocks(page: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each command block of a page."""
    heading, numbers = "", Counter[str]()
    for match in _FENCE.finditer((ROOT / page).read_text("utf-8")):
        if match[1]:
            heading = match[1].lstrip("# ")
        elif match[2] in LANGUAGES:
            numbers[heading] += 1
            yield f"{page}: {heading} {numbers[heading]}", match[3]


def script(names: Sequence[str]) -> str:
    """Return the named blocks as one shell script, in that order."""
    texts = dict(block for page in {name.partition(": ")[0] for name in names} for block in blocks(page))
    return "".join(texts[name] for name in names)


def environment(place: Path, **variables: str) -> Mapping[str, str]:
    """Return the environment of a shell in `place` that has the ledger and PostgreSQL's programs."""
    folder = place / ".venv" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    for name, arguments in _PROGRAMS.items():
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n', "utf-8")
        program.chmod(0o755)
    programs = programs_of_tests() or binaries._carrier() / binaries.BIN
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LEDGER_", "PG"))}
    path = f"{folder}:{programs}:{os.environ['PATH']}"
    return {**inherited, "PATH": path, "PYTHONPATH": str(ROOT), **variables}


def shell(text: str, place: Path, variables: Mapping[str, str]) -> str:
    """Run a script in `place`, which stops at its first failure, and return its output."""
    sh = shutil.which("sh") or "/bin/sh"
    ran = subprocess.run([sh, "-euc", text], cwd=place, env=variables, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
