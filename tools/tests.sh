#!/bin/sh
# Runs tests, two at a time, as these machines have two processors; the arguments are pytest's. A process that has
# no test left takes some of the other's. With AGAIN=1 what fails is run once more, alone: a test that only fails
# when others run is reported, and the run goes on. Needs VENV.
set -u

"$VENV/bin/python" -m pytest -n 2 --dist worksteal "$@"
status=$?
if [ "$status" -eq 1 ] && [ -n "${AGAIN:-}" ]; then
    printf '\n== Once more, alone, what failed. If it passes now, it still needs a fix.\n'
    "$VENV/bin/python" -m pytest --last-failed --last-failed-no-failures none "$@"
    status=$?
fi
exit "$status"
