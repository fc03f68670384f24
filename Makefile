# make run    train a network on real images and open the way to its report
# make test   run all tests
# Both make .venv and install what they need, with nothing but Python 3.11 or newer and make.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint format clean

run: .venv/.for-run
	$(BIN)/chalknet train digits --validation 0.1

test: .venv/.for-tests
	$(BIN)/pytest

lint: .venv/.for-tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.for-tests
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "chalknet needs Python 3.11 or newer, but $(PYTHON) is `$(PYTHON) -V 2>&1`:" \
	  "name another, as in make run PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --upgrade "pip>=25.1"

.venv/.for-run: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable .
	touch $@

.venv/.for-tests: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable '.[all]' --group dev
	touch $@ .venv/.for-run

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
