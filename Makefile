PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := pyproject.toml --universal --generate-hashes --no-header --no-annotate
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder
LAW    := tests/terms tests/test_articles.py
export UV_PYTHON_DOWNLOADS := never

.DEFAULT_GOAL := help
.PHONY: help setup up demo test check bench lock lock-check format lint types layers templates shape browser docs mutation clean

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(VENV)/.done ## make the environment and the Temporal server's binary; starts nothing
	@$(BIN)/python -m service.temporal_server

up: setup ## start the whole service: make up ARGS="--port 8000 --simulate 2026-03-25T09:00+09:00"
	@exec $(BIN)/yakkan up $(ARGS)

demo: setup ## play a contract's whole life in simulated time (ARGS="--out DIR")
	@exec $(BIN)/yakkan demo $(ARGS)

test: setup check ## the checks and all tests
	$(PYTEST) $(LAW) --cov --cov-report=term-missing:skip-covered --cov-fail-under=100
	$(PYTEST) $(addprefix --ignore=,$(LAW))

check: lint types layers templates shape ## the quick checks: style, types, layers, templates, architecture

bench: setup ## measure, one ratio a question (SIZE=full: as large as in docs/performance.md)
	@set -e; for file in $(wildcard bench/[a-z]*.py); do \
	  echo "== $$file"; $(BIN)/python -m "bench.$$(basename "$$file" .py)"; done

$(VENV)/.done: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; \
	this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	@echo "making the environment in $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(VENV)/.done ## resolve again; pins stay (UPGRADE=--upgrade moves them)
	$(BIN)/uv pip compile --quiet $(UPGRADE) $(LOCK) --all-extras --group dev --group bench -o requirements.lock
	$(BIN)/uv pip compile --quiet $(LOCK) --all-extras -c requirements.lock -o requirements-run.lock

lock-check: $(VENV)/.done ## do the lock files fit pyproject.toml? (asks the package registry)
	cp requirements.lock requirements-run.lock $(VENV)/
	$(BIN)/uv pip compile --quiet $(LOCK) --all-extras --group dev --group bench -o $(VENV)/requirements.lock
	$(BIN)/uv pip compile --quiet $(LOCK) --all-extras -c requirements.lock -o $(VENV)/requirements-run.lock
	cmp requirements.lock $(VENV)/requirements.lock
	cmp requirements-run.lock $(VENV)/requirements-run.lock

format: $(VENV)/.done ## write code as the formatter wants it
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

lint: $(VENV)/.done ## style, security, formatting
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .

types: $(VENV)/.done ## mypy --strict
	$(BIN)/mypy

layers: $(VENV)/.done ## who may import whom
	$(BIN)/lint-imports --no-logo

templates: $(VENV)/.done ## HTML templates
	$(BIN)/djlint --quiet --lint templates

shape: $(VENV)/.done ## the architecture's own tests
	$(BIN)/python -m pytest --quiet tests/test_architecture.py

browser: setup ## only the tests that drive a browser
	$(BIN)/python -m pytest -m browser

docs: $(VENV)/.done ## write the generated pages of docs/ anew
	$(BIN)/python -m service.coverage > docs/articles.md
	$(BIN)/python -m service.moves > docs/commands.md

mutation: $(VENV)/.done ## does a test notice each change in terms/?
	$(BIN)/mutmut run

clean: ## remove the environment and what tools left behind; data stays
	rm -rf $(VENV) .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache mutants
