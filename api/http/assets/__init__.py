"""What browsers are given that others made: styles and scripts, at the versions of a locked manifest of Node's.

They are no part of the repository or of the wheel: `python -m api.http.assets` installs them next to the packages
(`make` does it by itself), so that a server names no other host and needs no Node.
"""

import sys
from pathlib import Path

from ledger.domain.errors import LedgerError

MANIFEST = Path(__file__).parent
"""The folder of the manifest and its lock."""
PLACE = Path(sys.prefix) / "share" / "improvement-ledger"
"""Where they are installed, in this environment."""


def package(name: str) -> Path:
    """The folder of a package of the manifest; raises LedgerError when it is not installed."""
    folder = PLACE / "node_modules" / name
    if not (folder / "package.json").is_file():
        raise LedgerError(f"the browser's files of {name} are not installed; run python -m api.http.assets")
    return folder
