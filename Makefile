# Centralita. `make run` is all a newcomer needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin
PACKAGES := voice_core ivr_flows ari_apps digital_bridge recorder contact_centre bootstrap
CODE := $(PACKAGES) tests $(wildcard benchmarks)
FAST_TESTS := --ignore=tests/asterisk --ignore=tests/postgres --ignore=tests/browser --ignore=tests/sip --ignore=tests/faults --ignore=tests/apart --ignore=tests/contact_centre/test_openapi.py
LOCK := $(VENV)/uv pip compile --universal --generate-hashes --quiet --python-version 3.11 \
	--no-emit-index-url --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help run install asterisk test check format bench soak lock clean

help: ## what can be done
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

run: install ## install what is missing, then start; Ctrl-C ends everything
	@exec $(VENV)/centralita up

install: ## install what is missing
	@$(PYTHON) -m bootstrap

asterisk: ## only the private Asterisk
	@$(PYTHON) -m bootstrap.asterisk

test: ## everything, with a real Asterisk, callers and a browser; on PostgreSQL and Redis: TEST_OPTIONS=--servers
	@$(PYTHON) -m bootstrap --tests
	$(VENV)/python -m pytest -n 2 --dist loadfile $(TEST_OPTIONS)

check: ## what must be right before a commit, in under a minute
	@$(PYTHON) -m bootstrap --tests --python-only
	$(VENV)/ruff format --check $(CODE)
	$(VENV)/ruff check $(CODE)
	$(VENV)/mypy
	$(VENV)/lint-imports --no-cache
	$(VENV)/python -m pytest -q -n auto -p no:schemathesis --hypothesis-profile=quick -m "not slow" -k "not postgresql" $(FAST_TESTS)

format: ## put the code into its form
	$(VENV)/ruff check --fix-only --quiet $(CODE)
	$(VENV)/ruff format $(CODE)

bench: ## all measures beside app_queue on the same Asterisk; some: MEASURES="idle freed" BENCH_OPTIONS="--rounds 20"
	@$(PYTHON) -m bootstrap --tests
	$(VENV)/python -m benchmarks $(MEASURES) $(BENCH_OPTIONS)

soak: ## each fault in its long form (10 000 calls, 30 s outages), then kills at random until MINUTES=60 have passed
	@$(PYTHON) -m bootstrap --tests
	$(VENV)/python -m tests.faults.soak --minutes $(or $(MINUTES),60)

lock: ## choose versions anew within pyproject.toml's bounds; add UPGRADE=--upgrade for the newest
	$(LOCK) $(UPGRADE) --group build -o requirements-build.lock
	$(LOCK) $(UPGRADE) --group panel -o requirements-panel.lock
	$(LOCK) $(UPGRADE) pyproject.toml --group build -c requirements-build.lock -o requirements.lock
	$(LOCK) $(UPGRADE) pyproject.toml --group build --group dev -c requirements.lock -o requirements-dev.lock

clean: ## remove what was installed and built here, not the home folder
	rm -rf .venv .local panel/node_modules panel/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
