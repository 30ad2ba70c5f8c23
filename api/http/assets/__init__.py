"""Locate the browser's third-party styles and scripts, at the versions of a locked npm manifest.

`python -m api.http.assets` installs them into the environment (`make` does so by itself). A server then names no
other host and needs no Node.
"""

import sys
from pathlib import Path

from ledger.domain.errors import LedgerError

MANIFEST = Path(__file__).parent
"""Folder of the manifest and its lock."""
PLACE = Path(sys.prefix) / "share" / "improvement-ledger"
"""Folder of the installed files, in this environment."""


def package(name: str) -> Path:
    """Return the folder of a package in the manifest; raise LedgerError when it is not installed."""
    folder = PLACE / "node_modules" / name
    if not (folder / "package.json").is_file():
        raise LedgerError(f"the browser's files of {name} are not installed; run python -m api.http.assets")
    return folder
