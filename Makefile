# Only Python 3.11 or newer and make must be there; everything else is built into .venv, by uv
# where it is installed and by venv and pip where it is not, from the hashed locks alone.

.DEFAULT_GOAL := help
.PHONY: help setup dev test proofs check fix lock openapi screenshots

BIN := .venv/bin
LOCKS := requirements.lock requirements-dev.lock
TEST_WORKERS ?= 2
UV := $(shell command -v uv 2>/dev/null)

help:      ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

setup: .venv/dev.stamp  ## Install everything (instant when nothing changed)

dev: .venv/runtime.stamp  ## Run the whole product on this machine; options with ARGS="--port 9000"
	@$(BIN)/dream-api dev $(ARGS)

test: setup  ## Run the tests; pick some with T=tests/unit
	$(BIN)/pytest -n $(TEST_WORKERS) $(T)

proofs: setup  ## Kill servers and databases, thirty rounds each, and judge every answer
	PROOF_ROUNDS=30 $(BIN)/pytest tests/proofs

check: setup  ## Everything CI runs, in CI's order
	@! grep -n '://' $(LOCKS) || { echo 'A lock names a host; run: make lock'; exit 1; }
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/codespell
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n $(TEST_WORKERS) $(T)

fix: setup  ## Format, and repair what ruff can repair
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock:      ## Resolve the dependencies anew into both locks (needs uv)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra dev --output-file requirements-dev.lock

openapi: setup  ## Renew docs/api.md from the routes, and write openapi.json for generators
	$(BIN)/python -m tests.contract.api_reference
	$(BIN)/dream-api openapi > .venv/openapi.json && mv .venv/openapi.json openapi.json

screenshots: setup  ## Take every page, and the pictures of the README; ARGS="--widths 768 1920"
	$(BIN)/python -m tests.browser.gallery $(ARGS)

# --------------------------------------------------------------------------------------------------

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url pyproject.toml --extra build

# Both tools take the same options. Hashes are demanded, and the project itself is installed by the
# pinned backend that the lock has just brought (no build isolation), so nothing unpinned is fetched.
ifeq ($(UV),)
PREPARE := $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip
INSTALL := $(BIN)/python -m pip --disable-pip-version-check install --quiet
SYNC := $(INSTALL) --require-hashes --requirement
else
PREPARE := true
INSTALL := uv pip install --quiet --python $(BIN)/python
SYNC := uv pip sync --quiet --python $(BIN)/python --require-hashes
endif
INSTALL_SELF := $(INSTALL) --no-deps --no-build-isolation --editable .

.venv/dev.stamp: requirements-dev.lock pyproject.toml | $(BIN)/python
	@$(PREPARE)
	$(SYNC) requirements-dev.lock
	$(INSTALL_SELF)
	@touch .venv/runtime.stamp $@

# Adds and never removes, so that `make dev` leaves the tools of `make setup` in place.
.venv/runtime.stamp: requirements.lock pyproject.toml | $(BIN)/python
	@$(PREPARE)
	$(INSTALL) --require-hashes --requirement requirements.lock
	$(INSTALL_SELF)
	@touch $@

ifeq ($(UV),)
$(BIN)/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "$$python -m venv .venv"; \
		$$python -m venv --clear .venv && exit 0; \
		rm -rf .venv; echo 'Install venv (on Debian: apt-get install python3-venv) or uv.'; exit 1; \
	done; echo 'Python 3.11 or newer is needed.'; exit 1
else
$(BIN)/python:
	uv venv --quiet --clear --python '>=3.11' .venv
endif
