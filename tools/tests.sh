#!/bin/sh
# Runs tests, two at a time, as these machines have two processors; the arguments are pytest's. A process that has
# no test left takes some of the other's. With LONG=1 three run at a time, as long tests also wait: whole files, in the
# order of tests/conftest.py. With AGAIN=1 what fails is run once more, alone: a test that only fails when others run is
# reported, and the run goes on. Needs VENV.
set -u

if [ -n "${LONG:-}" ]; then
    spread="-n 3 --dist loadfile --no-loadscope-reorder"
else
    spread="-n 2 --dist worksteal"
fi
# shellcheck disable=SC2086 # each word is an argument
"$VENV/bin/python" -m pytest $spread "$@"
status=$?
if [ "$status" -eq 1 ] && [ -n "${AGAIN:-}" ]; then
    printf '\n== Once more, alone, what failed. If it passes now, it still needs a fix.\n'
    "$VENV/bin/python" -m pytest --last-failed --last-failed-no-failures none "$@"
    status=$?
fi
exit "$status"
