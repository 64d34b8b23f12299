# What can be done here; `make` alone lists it. A second run of a target does no work twice.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test containers check data bench lock clean
BIN := .venv/bin
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14

demo: .venv/.base  ## turn the wheel once: tasks, verified traces, a dataset, exports, replays (FAST=1: a short one)
	@$(BIN)/tracewright demo $(if $(filter-out 0,$(FAST)),--fast)

test: .venv/.dev  ## run every test, with coverage: 85 % overall, 100 % of records, registry and graders
	@$(BIN)/pytest --numprocesses auto --cov --cov-report term:skip-covered
	@report=$$($(BIN)/coverage report --fail-under 100 --show-missing \
		--include 'src/tracewright/records/*,src/tracewright/registry.py,src/tracewright/environments/*/grader.py') \
		|| { echo "$$report"; exit 1; }

containers: .venv/.dev  ## run the tests that need docker, podman and root; what is not here is skipped by name
	@TRACEWRIGHT_TEST_DAEMONS=1 $(BIN)/pytest --numprocesses 2 tests/sandboxes tests/contracts \
		-k 'docker or podman or kubernetes or container or images'

check: .venv/.dev  ## format, lint, types, import contracts, sizes, words: under 90 seconds
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@PYTHONPATH=. $(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/check_sizes.py
	@$(BIN)/python scripts/check_words.py

data: .venv/.base  ## read every recipe, example and fixture: under ten seconds
	@$(BIN)/python scripts/validate_data.py

bench: .venv/.dev  ## measure on this machine: the spine, then each part that has a bench of its own
	@for file in bench/spine.py $(filter-out bench/spine.py,$(wildcard bench/*.py)); do echo "$$file"; $(BIN)/python $$file; done

lock:  ## work out the hashed requirement files anew (needs uv)
	$(COMPILE) --group build --group dev --all-extras pyproject.toml -o requirements/dev.txt
	$(COMPILE) --group build --constraint requirements/dev.txt pyproject.toml -o requirements/base.txt
	$(COMPILE) --group sandbox --constraint requirements/base.txt -o requirements/sandbox.txt
	$(COMPILE) --group sandbox-analytics --constraint requirements/dev.txt -o requirements/sandbox-analytics.txt

clean:  ## remove what was built, not what was collected
	rm -rf .venv dist htmlcov .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.base .venv/.dev: .venv/.%: requirements/%.txt pyproject.toml scripts/setup.sh
	@scripts/setup.sh $*
