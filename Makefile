# Two commands matter: `make demo` and `make test`. Both set up what they need first.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(PATH)

UV_VERSION := 0.13.9
PACKAGES := libs/contracts libs/chassis libs/testkit services/identity services/profile \
            services/points services/campaign services/gateway infra/allinone
MODULES := contracts chassis testkit identity_service profile_service points_service \
           campaign_service gateway_service allinone
TESTS := $(wildcard libs/*/tests services/*/tests infra/*/tests) tests tools
READY := .venv/.ready
say = @printf '\n\033[1m%s\033[0m\n'

.PHONY: help setup demo test test-spark lint format docs lock clean

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: $(READY) ## virtualenv, pinned packages, the workspace's own packages

.venv/bin/python:
	@python=$$(for name in python3 python3.14 python3.13 python3.12 python3.11; do \
		if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then echo "$$name"; break; fi; done); \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer is needed" >&2; exit 1; fi; \
	if command -v uv >/dev/null; then uv venv --quiet --python "$$python" .venv; \
	else "$$python" -m venv .venv; fi

$(READY): requirements.lock $(addsuffix /pyproject.toml,$(PACKAGES)) | .venv/bin/python
	$(say) 'setting up .venv'
	@command -v uv >/dev/null || python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@uv pip install --quiet --python .venv --require-hashes -r requirements.lock
	@uv pip install --quiet --python .venv --no-build-isolation --no-deps $(addprefix -e ,$(PACKAGES))
	@touch $(READY)

demo: setup ## a year of real shopping through five services
	@exec .venv/bin/huiyuan demo

test: lint ## everything: lint, then the whole suite on real servers
	$(say) 'tests'
	@python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-spark: setup ## the feature job on Spark, compared with DuckDB (400 MB more, and a Java 17)
	$(say) 'Spark'
	@command -v java >/dev/null || { echo 'Spark needs a Java 17: apt-get install openjdk-17-jre-headless' >&2; exit 1; }
	@uv pip install --quiet --python .venv --require-hashes -r requirements-spark.lock
	@python -m pytest -rA services/profile/tests/test_models_spark.py

lint: setup ## style, types, import rules, generated documents
	$(say) 'style'
	@ruff check .
	@ruff format --check .
	$(say) 'import rules'
	@lint-imports --no-logo
	$(say) 'types'
	@mypy $(addprefix -p ,$(MODULES))
	@mypy $(TESTS)
	$(say) 'generated documents'
	@python tools/generate_docs.py --check

format: setup ## let ruff put things in order
	@ruff check --fix .
	@ruff format .

docs: setup ## write docs/events, docs/openapi.json and README's settings
	@python tools/generate_docs.py

lock: setup ## pin the newest allowed versions of everything
	@python tools/lock.py --upgrade

clean: ## remove the virtualenv and caches; data in .huiyuan stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
