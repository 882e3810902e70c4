# `make up` runs the product, `make test` proves it. Both install what is missing and nothing twice.
PYTHON ?= python3
BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 8080
CLI := $(BIN)/cryptointel
DASHBOARD := $(shell find dashboard/src dashboard/index.html dashboard/package-lock.json dashboard/vite.config.ts -type f 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help up demo test lint bench secrets clean check-tools test-tools

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

up: secrets dashboard/dist/index.html ## Install, build, migrate, create an admin, serve on http://127.0.0.1:8080
	@$(CLI) dev --host $(HOST) --port $(PORT)

demo: secrets dashboard/dist/index.html ## The same on generated market history, faster than real time
	@$(CLI) dev --host $(HOST) --port $(PORT) --demo

secrets: .venv/runtime.stamp ## Generate the secrets that are missing into .secrets/
	@$(CLI) secrets

test: .venv/test.stamp dashboard/dist/index.html test-tools ## Install what tests need and run them all
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	npm --prefix dashboard run check
	$(BIN)/python -m pytest -n 4 --dist worksteal -q

lint: .venv/test.stamp ## Check style and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv/test.stamp ## Run every benchmark and print ratios to its peers
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean: ## Remove what was built, keep data and secrets
	rm -rf .venv dashboard/dist dashboard/node_modules node_modules tests/webhooks/verify/node_modules

check-tools:
	@sh scripts/check-tools.sh $(PYTHON)

.venv/runtime.stamp: requirements.lock pyproject.toml | check-tools
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/test.stamp: requirements-test.lock .venv/runtime.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

dashboard/dist/index.html: $(DASHBOARD) | check-tools
	npm --prefix dashboard ci --ignore-scripts --no-audit --no-fund
	npm --prefix dashboard run build
	@touch $@

test-tools: node_modules/.stamp tests/webhooks/verify/node_modules/.stamp
	@sh scripts/install-test-tools.sh

node_modules/.stamp: package-lock.json | check-tools
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

tests/webhooks/verify/node_modules/.stamp: tests/webhooks/verify/package-lock.json | check-tools
	npm --prefix tests/webhooks/verify ci --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: docs lock
docs: .venv/test.stamp ## Renew the parts of the docs that are made from code
	$(BIN)/python scripts/generate_docs.py

lock: .venv/test.stamp ## Renew the dependency locks
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate --extra test -c requirements.lock -o requirements-test.lock pyproject.toml
