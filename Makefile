# Everything a developer runs. Needs Python 3.11 or newer, git and make; the rest is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are cores: much of what tests do is waiting for processes.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')

.PHONY: help setup demo test check bench screenshots format clean
.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	mkdir -p .typing && ln -sfn .. .typing/leadline
	touch $@

setup: $(VENV)/.installed ## Make .venv and install Leadline with its development tools

demo: setup ## Fix a real bug in a copy of a small repository
	$(BIN)/leadline demo

test: setup ## Run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: setup ## Formatting, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	PYTHONPATH=.typing $(BIN)/lint-imports

bench: setup ## Run the benchmarks and print their figures
	PYTHONPATH=.typing $(BIN)/python -m leadline.tests.bench

screenshots: setup ## Make the pictures of the README
	PYTHONPATH=.typing $(BIN)/python -m leadline.tests.pictures

format: setup ## Format and fix what can be fixed by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what make made
	rm -rf $(VENV) .typing build dist *.egg-info .pytest_cache .ruff_cache .import_linter_cache
