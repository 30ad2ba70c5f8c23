"""Install the browser's files with `python -m api.http.assets`, unless they are up to date."""

import sys

from api.http.assets import PLACE, npm


def main() -> int:
    """Install the files unless they are up to date; return 1 when npm fails."""
    return int(not (npm.is_installed(PLACE) or npm.install(PLACE)))


if __name__ == "__main__":
    sys.exit(main())
