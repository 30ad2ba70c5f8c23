"""Draw docstrings at random, for a reader to hold against the rules of style.

`python -m tests.docstring_sample 50 7` prints fifty docstrings of the packages. The second number is the seed:
the same seed draws the same docstrings of the same code. Paths after the seed name other files and folders.
"""

import ast
import random
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.english import documented

PACKAGES = ("ledger", "projections", "schema", "api", "tools")
"""Folders that are drawn from without other paths."""


def docstrings(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return `file:line` and the text of every docstring below the paths, in order."""
    files = [
        file for path in map(Path, paths) for file in ([path] if path.is_file() else sorted(path.rglob("*.py")))
    ]
    return [
        (f"{file}:{constant.lineno}", str(constant.value))
        for file in files
        for constant, _ in documented(ast.parse(file.read_text(encoding="utf-8")))
    ]


if __name__ == "__main__":
    count, seed, *folders = sys.argv[1:]
    drawn = random.Random(seed).sample(docstrings(folders or PACKAGES), int(count))
    sys.stdout.writelines(f"{place}\n    {text}\n" for place, text in drawn)
