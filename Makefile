# make run    train a network on real images and open the way to its report
# make test   run all tests
# make bench  time chalknet against its peers (options: make bench OPTIONS="--only W2")
# The first two make .venv and install what they need, with nothing but Python 3.11 or newer and make.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint format bench clean

run: .venv/.for-run
	$(BIN)/chalknet train digits --validation 0.1

test: .venv/.for-tests
	$(BIN)/pytest --numprocesses auto

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
	@echo "compiling the kernels for this processor…"
	$(BIN)/python -c "from chalknet.engine import prepare; prepare()"
	touch $@

.venv/.for-tests: .venv/bin/python pyproject.toml
	$(BIN)/pip install --quiet --editable '.[all]' --group dev
	touch $@ .venv/.for-run

# The peers are kept apart: their pinned versions are nobody else's concern.
bench: .venv-bench/.ready
	.venv-bench/bin/python -m benchmarks $(OPTIONS)

.venv-bench/.ready: .venv/bin/python pyproject.toml benchmarks/requirements.txt
	.venv/bin/python -m venv .venv-bench
	.venv-bench/bin/pip install --quiet --upgrade "pip>=25.1"
	.venv-bench/bin/pip install --quiet --editable ".[sweep]" --requirement benchmarks/requirements.txt
	touch $@

clean:
	rm -rf .venv .venv-bench build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
