#!/bin/sh
# Runs tests, as many at a time as these machines have processors; the arguments are pytest's. With AGAIN=1 what fails
# is run once more, alone: a test that only fails beside others is told of, and stops nobody. Needs VENV.
set -u

"$VENV/bin/python" -m pytest -n 2 "$@"
status=$?
if [ "$status" -eq 1 ] && [ -n "${AGAIN:-}" ]; then
    printf '\n== Once more, alone, what failed. If it passes now, it still wants mending.\n'
    "$VENV/bin/python" -m pytest --last-failed --last-failed-no-failures none "$@"
    status=$?
fi
exit "$status"
