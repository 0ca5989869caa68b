# Each target is one command on a fresh machine: git, make, Python 3.11 or later and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/fleetline
# One worker more than cores (`tests/conftest.py`), each with a database, ports and a browser of its own. A file stays
# with one worker: what it starts, it starts once.
PYTEST := $(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --no-loadscope-reorder --durations=10
# Without bytecode every process that the tests start would compile all modules again, which takes seconds.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test test-services test-installation test-firefox check guards bench lock install install-dev screens messages

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/.uv:
	@command -v $(PYTHON) >/dev/null || { echo "Fleetline needs Python 3.11 or later: install python3, or say PYTHON=/path/to/python make $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Fleetline needs Python 3.11 or later, and $(PYTHON) is older: say PYTHON=/path/to/python3.11 make $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Could not make a virtual environment: install python3-venv, or free some disk space" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv && touch $@

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.uv
	@echo "Installing what requirements.lock names (about half a minute, once)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e . && touch $@

$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/.uv
	@echo "Installing what requirements-dev.lock names (about a minute, once)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e . && touch $@ $(VENV)/.installed

demo: install ## start the product with demo data on http://localhost:8000
	@$(RUN) demo

demo-reset: install ## forget the demo's data, then start again
	@$(RUN) demo --reset

test: install-dev ## every test, on all cores, the embedded PostgreSQL and in a real browser
	@$(BIN)/python -m tests.support.chromium
	@$(PYTEST) --ignore=tests/installation --ignore=tests/firefox

test-installation: install-dev ## `make demo` in fresh clones, as root and as an ordinary user
	@$(BIN)/python -m pytest tests/installation

test-firefox: install-dev ## five journeys and the menus in Firefox ESR
	@$(BIN)/python -m tests.support.firefox
	@$(BIN)/python -m pytest tests/firefox

# What needs none of the servers is left out: the demo brings its own database, the sandbox its own memory, and what is
# compared with documents from outside is the same on every server.
test-services: install-dev ## the tests that talk to servers, on servers of your own (CONTRIBUTING.md)
	@$(PYTEST) tests/faults tests/integration --ignore=tests/integration/test_demo.py \
	  --ignore-glob='tests/integration/test_sandbox_*.py'

check: install-dev ## lint, format, types, import rules, spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/codespell

guards: install-dev ## take each guard away in a copy, and see that a test notices (takes long)
	@$(BIN)/python -m tests.guards

bench: install-dev ## speed and memory, each row against its floor in the same run
	@$(BIN)/python -m tests.support.chromium
	@$(BIN)/python -m tests.bench

messages: install-dev ## bring the translations in line with the code
	@$(BIN)/python -m tests.support.messages

screens: install-dev ## pictures of every page, into docs/screens
	@$(BIN)/python -m tests.support.chromium
	@FLEETLINE_SCREENS=docs/screens $(BIN)/python -m pytest tests/browser/test_screens.py

lock: $(VENV)/.uv ## resolve the dependencies again
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --extra dev pyproject.toml -o requirements-dev.lock
