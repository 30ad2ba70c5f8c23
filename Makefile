# Every command of the project. Each makes what it needs first; only Python 3.11 to 3.13, git and make must be there.
#
#   make test PYTHON=/path/to/python3.12     with that Python
#   make demo VENV=/path/to/a/directory      with the virtual environment somewhere else than .venv
#   make test AGAIN=1                        what fails is run once more, alone: whoever else is at work may be why

PYTHON ?=
VENV ?= .venv
AGAIN ?=
export PYTHON VENV AGAIN

BIN := $(VENV)/bin
RUNTIME := @sh tools/environment.sh requirements.txt
DEVELOPMENT := @sh tools/environment.sh requirements-dev.txt
PYTEST := sh tools/tests.sh
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-build \
	--custom-compile-command "make lock" pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help demo test test-pure test-all bench lint format facts screenshots lock clean

help:  ## list these commands
	@echo "make COMMAND, where COMMAND is one of:"
	@while IFS= read -r line; do \
		case $$line in [a-z]*:*"## "*) printf '  %-10s %s\n' "$${line%%:*}" "$${line#*## }" ;; esac; \
	done <Makefile

demo:  ## load a real notice and its sample history, verify it, and serve it; CHECK=1 stops after the checks
	$(RUNTIME)
	$(BIN)/ledger demo $(if $(CHECK),--check)

test:  ## run the tests, without the long ones (at most 8 minutes)
	$(DEVELOPMENT)
	$(PYTEST) -m "not long"

test-pure:  ## run only the tests that need no database (a minute or two)
	$(DEVELOPMENT)
	$(PYTEST) -m "not database and not long"

test-all:  ## run every test: also the long ones, and those of the database again on the system's own PostgreSQL
	$(DEVELOPMENT)
	$(PYTEST) -m "not long"
	LONG=1 $(PYTEST) -m long
	@for bin in /usr/lib/postgresql/*/bin; do \
		test -x "$$bin/postgres" || continue; \
		echo "The tests of the database once more, on the server in $$bin"; \
		LEDGER_TEST_SERVER="$$bin" $(PYTEST) -m "database and not long" || exit 1; \
	done

bench:  ## measure, and write bench.json; ONLY=name for one group of figures
	$(DEVELOPMENT)
	$(BIN)/python -m tests.benchmarks $(if $(ONLY),--only $(ONLY))

lint:  ## check style, types and the direction of imports
	$(DEVELOPMENT)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format:  ## write the code in the project's style
	$(DEVELOPMENT)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

facts:  ## write the files that are derived from the code: references, the GraphQL schema, the report's models
	$(BIN)/python -m tools.invented_history >$(VENV)/history && mv $(VENV)/history ledger/packs/tameside-2022.ndjson
	$(BIN)/ledger schema facts --markdown >$(VENV)/facts && mv $(VENV)/facts docs/facts.md
	$(BIN)/ledger schema rules --markdown >$(VENV)/rules && mv $(VENV)/rules docs/rules.md
	$(BIN)/ledger schema graphql >$(VENV)/sdl && mv $(VENV)/sdl schema/schema.graphql
	$(BIN)/python -m tools.report_models >$(VENV)/models && mv $(VENV)/models api/report/query_models.py

screenshots:  ## take the pictures of the README again, with Debian's chromium
	$(DEVELOPMENT)
	$(BIN)/python -m pytest -q tests/browser/pictures.py

lock:  ## choose the newest versions that pyproject.toml allows, and write both locks
	$(DEVELOPMENT)
	$(COMPILE) --upgrade --group build --output-file requirements.txt
	$(COMPILE) --upgrade --group dev --constraints requirements.txt --output-file requirements-dev.txt

clean:  ## remove the virtual environment and the tools' caches; the data in .ledger stays
	[ ! -f $(VENV)/pyvenv.cfg ] || rm -rf $(VENV)
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
