"""Locate the browser's third-party styles and scripts, at the versions of a locked npm manifest.

A wheel contains these files. In a checkout `python -m api.http.assets` installs the files into the environment
(`make` does so by itself). Pages then load nothing from other hosts, and the server needs no Node.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from ledger.domain.errors import LedgerError

MANIFEST = Path(__file__).parent
"""Folder of the npm manifest and its lock file."""
IN_WHEEL = MANIFEST / "installed"
"""Folder of the npm packages in a wheel."""
PLACE = Path(sys.prefix) / "share" / "improvement-ledger"
"""Folder in this Python environment where a checkout installs the files."""
BROWSER_FILES: Mapping[str, list[str]] = json.loads((MANIFEST / "browser_files.json").read_text("utf-8"))
"""Files that browsers get, and the licences of these files, by npm package."""


def package(name: str) -> Path:
    """Return the folder of a package in the manifest; raise LedgerError when it is not installed."""
    for folder in (IN_WHEEL / name, PLACE / "node_modules" / name):
        if all((folder / file).is_file() for file in BROWSER_FILES[name]):
            return folder
    raise LedgerError(f"the browser's files of {name} are not installed; run python -m api.http.assets")


def check_installed() -> None:
    """Raise LedgerError unless all files that browsers get are installed."""
    for name in BROWSER_FILES:
        package(name)
