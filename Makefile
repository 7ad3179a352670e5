# Two commands on a fresh machine: `make up` runs everything, `make test` tests it.
# Only python3 (3.11 or newer) with venv and a pip that reaches a package index are assumed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Bytecode is compiled at install: a Dagster run imports its code afresh, and every run would pay for it.
INSTALLED := $(VENV)/installed

# Ours is compiled once, too, and not by each of the hundreds of processes that tests start.
export PYTHONDONTWRITEBYTECODE :=
# One worker a core, whole files to each in the order of collection: tests/conftest.py says which stay together.
WORKERS := --numprocesses auto --maxprocesses 4 --no-loadscope-reorder

.PHONY: help up test test-browser test-reader test-clients lanes lint types arrows lock bench clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

up: $(INSTALLED)  ## Start everything: database, gateway, pipeline, dashboards (Ctrl-C stops it)
	@exec $(BIN)/jarvis up

test: $(INSTALLED)  ## Every test that needs no browser, no card reader and no stock client
	@$(BIN)/python -m pytest -m "not browser and not reader and not clients" $(WORKERS) $(ARGS)

test-browser: $(INSTALLED)  ## The pages in a real Chromium (installs it with apt where it is missing)
	@sh tests/browser/install.sh
	@JARVIS_BROWSER_LANE=1 $(BIN)/python -m pytest -m browser $(WORKERS) $(ARGS)

test-reader: $(INSTALLED)  ## A virtual card reader through pcscd (installs it with apt where it is missing)
	@sh tests/reader/install.sh $(BIN)/python
	@$(BIN)/python -m pytest -m reader $(ARGS)

test-clients: $(INSTALLED)  ## Stock Realtime clients against the gateway (installs them; node with apt where it is missing)
	@sh tests/clients/install.sh $(BIN)/uv $(BIN)/python
	@$(BIN)/python -m pytest -m clients $(ARGS)

lanes: $(INSTALLED)  ## Install what those three lanes need, without running them
	@sh tests/browser/install.sh
	@sh tests/reader/install.sh $(BIN)/python
	@sh tests/clients/install.sh $(BIN)/uv $(BIN)/python

lint: $(INSTALLED)  ## Style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(INSTALLED)  ## mypy --strict on our packages
	@$(BIN)/mypy

arrows: $(INSTALLED)  ## The direction of imports
	@$(BIN)/lint-imports

# No option of an index: a lock file installs from whatever index its reader trusts.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

lock: $(INSTALLED)  ## Write the lock files anew from pyproject.toml
	@$(LOCK) --group dev pyproject.toml -o requirements.lock
	@echo uv | $(LOCK) - --constraint requirements.lock -o requirements.uv.lock
	@echo pyscard | $(LOCK) - -o requirements.kiosk.lock
	@$(LOCK) tests/clients/requirements.in -o tests/clients/requirements.lock
	@cd tests/clients && npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund

bench: $(INSTALLED)  ## Every benchmark; each prints one JSON line
	@for file in bench/[a-z]*.py; do $(BIN)/python -m bench.$$(basename $$file .py) || exit 1; done

clean:  ## Remove the virtual environment and all state
	rm -rf $(VENV) .venv-clients tests/clients/node_modules .jarvis

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("found Python %d.%d, expected 3.11 or newer: set PYTHON to one" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "[install] making $(VENV) and installing requirements.lock; this takes a minute or two the first time"
	@date +%s > .install-started
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@echo "[install] done in $$(( $$(date +%s) - $$(cat .install-started) )) s"
	@rm -f .install-started
	@touch $@
