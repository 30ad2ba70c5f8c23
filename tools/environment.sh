#!/bin/sh
# Makes the virtual environment that every make command runs in, and does nothing when it is up to date.
#
#   tools/environment.sh LOCK        LOCK is requirements.txt, or requirements-dev.txt which contains it
#
# VENV    where the environment goes; unset: .venv in the checkout.
# PYTHON  the interpreter to build it with; unset: an environment that works is kept, else one is looked for.
#
# It needs only a POSIX shell and Python: everything else comes from the lock, and only as wheels whose
# hashes the lock names, so that no code of a package runs while it is being installed. What browsers are given
# comes likewise from a locked manifest (api/http/assets), by the Node that one of the wheels brings.
set -eu
cd "$(dirname "$0")/.."

lock=$1
venv=${VENV:-.venv}
here=$(pwd -P)
marker=improvement-ledger-lock

say() { printf '%s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; }
version_of() { "$1" -c 'import sys; print("Python %d.%d" % sys.version_info[:2])' 2>/dev/null || echo 'nothing that starts'; }
has_module() { "$1" -c "import $2" >/dev/null 2>&1; }

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || fail "PYTHON names $PYTHON, which is $(version_of "$PYTHON"): name a Python 3.11, 3.12 or 3.13."
        return
    fi
    for PYTHON in "$venv/bin/python" python3 python3.13 python3.12 python3.11 python; do
        if suits "$PYTHON"; then return; fi
    done
    fail "no Python 3.11, 3.12 or 3.13 was found (python3 is $(version_of python3)): install one," \
        "or name it, as in: make test PYTHON=/path/to/python3.12"
}

# What an up-to-date environment was made from. The lock's own text stands for its hash; the project's settings
# are in it because the command `ledger` is declared there, and the place because scripts name their interpreter.
description() {
    say "$(version_of "$venv/bin/python") for $here"
    cat "$1" pyproject.toml
}

is_ready() { [ -f "$venv/$1.$marker" ] && description "$1" | cmp -s - "$venv/$1.$marker"; }

own() { [ -w "$venv" ] || fail "$venv belongs to another user: remove it, or set VENV to a directory of your own."; }

clear_venv() {
    if [ -f "$venv/pyvenv.cfg" ]; then
        own
        rm -rf "$venv"
    elif [ -n "$(ls -A "$venv" 2>/dev/null)" ]; then
        fail "$venv holds something else than a virtual environment: remove it, or set VENV to another directory."
    fi
}

make_venv() {
    # Debian leaves out ensurepip unless python3-venv is installed; then the pip beside that Python does as well.
    if has_module "$PYTHON" ensurepip; then with_pip=
    elif has_module "$PYTHON" pip; then with_pip=--without-pip
    else fail "$PYTHON has neither ensurepip nor pip, so nothing can be installed: on Debian or Ubuntu, run apt install python3-venv."
    fi
    clear_venv
    # shellcheck disable=SC2086 # empty means no argument
    "$PYTHON" -m venv $with_pip "$venv" ||
        fail "the virtual environment $venv could not be made: see the message above; does this directory belong to another user?"
}

in_venv_pip() {
    if has_module "$venv/bin/python" pip; then
        "$venv/bin/python" -m pip "$@"
    else
        "$("$venv/bin/python" -c 'import sys; print(sys._base_executable)')" -m pip --python "$venv/bin/python" "$@"
    fi
}

install() {
    own
    say "Installing the $(grep -c '^[a-z]' "$lock") packages of $lock into $venv at their locked versions and hashes: a minute or two the first time."
    in_venv_pip install -qq --disable-pip-version-check --require-hashes --only-binary :all: --requirement "$lock" ||
        fail "the packages of $lock could not be installed: see the message above; check the network or pip's own settings, then run this again."
    in_venv_pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable . ||
        fail "the project itself could not be installed: see the message above."
    "$venv/bin/python" -m api.http.assets ||
        fail "the pages' files could not be installed: check the network or npm's own settings, then run this again."
    description "$lock" >"$venv/$lock.$marker"
    say "$venv is ready."
}

choose_python
if suits "$venv/bin/python" && [ "$(version_of "$venv/bin/python")" = "$(version_of "$PYTHON")" ]; then
    if is_ready "$lock" || is_ready requirements-dev.txt; then exit 0; fi
else
    say "Making a virtual environment in $venv with $(version_of "$PYTHON")."
    make_venv
fi
install
