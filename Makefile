# Everything a newcomer, a developer and the build machine call. `make help` lists it.

# The first Python on the path that is new enough; the scripts say so in words when there is none.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 || continue; \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
ifeq ($(strip $(PYTHON)),)
PYTHON := python3
endif

BIN := .venv/bin
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
PYTEST_FLAGS ?=
LOCK_FLAGS ?=
ROOMS := core accounts partners lifecycle deals engagement enablement health workspace privacy portal prm

.PHONY: help setup demo run test check bench messages lock format clean
.DEFAULT_GOAL := help

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## .venv with the tools of a developer, and the front-end files
	@$(PYTHON) tools/environment.py --dev

demo: ## the product with believable data on http://127.0.0.1:8000 (PORT=9000 for another port)
	@$(PYTHON) tools/demo.py --host $(HOST) --port $(PORT)

run: ## the same without demo data, for your own
	@$(PYTHON) tools/demo.py --host $(HOST) --port $(PORT) --without-demo-data

test: setup ## the whole suite on SQLite (PYTEST_FLAGS="-k health" for a part)
	@env -u DATABASE_URL -u REDIS_URL $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST_FLAGS)

check: setup ## style, types, import contracts, templates, migrations, security
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/house_rules.py
	$(BIN)/mypy
	git ls-files -co --exclude-standard 'templates/*.html' | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/bandit --quiet --recursive --severity-level high $(ROOMS) tools
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python tools/production_check.py
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

bench: setup ## every figure the documents claim, as JSON lines
	@set -e; for script in bench/[a-z]*.py; do echo "## $$script" >&2; PYTHONPATH=. $(BIN)/python "$$script"; done

messages: setup ## put new texts into the catalogues below locale/ (needs GNU gettext)
	$(BIN)/python tools/messages.py gather

lock: ## write the two lock files anew (LOCK_FLAGS=--upgrade for newer versions)
	$(PYTHON) tools/lock.py $(LOCK_FLAGS)

format: setup ## let the formatters change the files
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	git ls-files -co --exclude-standard 'templates/*.html' | xargs $(BIN)/djade --target-version 5.2

clean: ## remove what the tools and set-up made; var/ with your data stays
	rm -rf .venv node_modules staticfiles static/vendor .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
