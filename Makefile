# Everything runs from a clean clone with only Python >= 3.11, git and make.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.14 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
REGION ?= regions/northern-virginia.toml
BIN := .venv/bin

.PHONY: score check test test-all docs site axe rankings bench clean

score: .venv/ready  ## rank a bundled region
	$(BIN)/powerwall score $(REGION)

check: .venv/ready  ## lint, types, generated pages and committed rankings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m powerwall.output.reference --check
	$(BIN)/powerwall score regions/*.toml --check

test: .venv/ready  ## the tests, without the slow ones
	$(BIN)/pytest -n auto -m "not slow"

test-all: .venv/ready
	$(BIN)/pytest -n auto

docs: .venv/ready  ## write the generated reference pages
	$(BIN)/python -m powerwall.output.reference

site: .venv/ready  ## the documentation site, in .site; SITE_GALLERY=false leaves the pictures out
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict -f .mkdocs.yml

axe: .venv/ready  ## the accessibility checker that the browser tests use, where npm is at hand
	npm install --silent --no-audit --no-fund --prefix .venv/axe axe-core

rankings: .venv/ready  ## rank every bundled region anew
	for region in regions/*.toml; do $(BIN)/powerwall score $$region --quiet --format csv -o $${region%.toml}/ranking.csv >/dev/null || exit; done

bench: .venv/ready  ## time everything beside its bounds; BENCH="--only startup" and the like
	$(BIN)/python tests/benchmarks/run.py $(BENCH)

.venv/ready: pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

clean:
	rm -rf .venv .site .pytest_cache .ruff_cache .mypy_cache
