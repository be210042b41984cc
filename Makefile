# Two commands for a newcomer: `make demo` and `make test`. Each sets up what it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DOCS ?=

export GENWRIGHT_MODELS_DIR ?= $(CURDIR)/.models
export HF_HUB_OFFLINE ?= 1

AXE := axe-core@4.14.1
AXE_SHA256 := 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

.PHONY: help setup dev models clients browser-tools demo test lint check docs cli-docs bench bench-answers clean

help:
	@echo "make demo   documents in, cited answers out (DOCS=folder for your own)"
	@echo "make test   everything the tests need, and the tests"
	@echo "make check  format, lint, types, layers, docs"
	@echo "make docs   the documentation as a site in site/, its links checked"
	@echo "make cli-docs  write docs/cli.md from the program"
	@echo "make bench  the quick benchmarks; benchmarks/README.md has all"
	@echo "make bench-answers  answers to 144 questions over six real collections"

setup: $(VENV)/.base
dev: $(VENV)/.dev
models: $(GENWRIGHT_MODELS_DIR)/.pulled-e5

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

$(VENV)/.docs: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[docs]'
	@touch $@

$(GENWRIGHT_MODELS_DIR)/.pulled-e5: | $(VENV)/.base
	$(BIN)/genwright models pull
	@touch $@

# Some tests hold the smaller embedder to its figures.
$(GENWRIGHT_MODELS_DIR)/.pulled-minilm: | $(VENV)/.base
	$(BIN)/genwright models pull all-minilm-l6-v2
	@touch $@

clients: .clients/.made

# Other programs' clients want another openai than ours: they get an environment of their own.
.clients/.made: tests/clients-constraints.txt
	$(PYTHON) -m venv .clients
	.clients/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

browser-tools: .browser/axe.min.js

.browser/axe.min.js:
	@mkdir -p .browser
	@if command -v npm >/dev/null; then cd .browser && npm pack --silent $(AXE) >/dev/null \
	  && tar -xzf axe-core-*.tgz package/axe.min.js && rm axe-core-*.tgz \
	  && echo "$(AXE_SHA256)  package/axe.min.js" | sha256sum --quiet -c - \
	  && mv package/axe.min.js . && rmdir package; \
	else echo "no npm: tests with axe-core are skipped"; fi

demo: setup models
	$(BIN)/python examples/demo.py $(DOCS)

test: dev models $(GENWRIGHT_MODELS_DIR)/.pulled-minilm clients browser-tools
	$(BIN)/python -m pytest -n 2 --durations=25 --ignore=tests/browser
	$(BIN)/python -m pytest --durations=25 tests/browser

lint: dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

check: lint docs
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/docs tests/journeys/test_help.py

cli-docs: dev
	$(BIN)/python docs/build/cli_page.py

# Nothing is fetched while it is built, nor by whoever reads it; both are checked.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict
	$(BIN)/python docs/build/check_site.py site
	@echo "open site/index.html; search needs a server: python -m http.server -d site"

bench: dev models
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/search.py

bench-answers: dev models
	$(BIN)/python benchmarks/answers.py --workspace .cache/answers --answers .cache/answers/given

clean:
	rm -rf demo-workspace build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
