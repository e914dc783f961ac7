# Footnote: `make run` and `make test` do all that is needed on a fresh machine.

VENV := .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?=
PIP := $(VENV)/bin/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
INSTALLED := $(VENV)/.installed
TEST_INSTALLED := $(VENV)/.installed-for-tests

.PHONY: run test test-long lint screenshots bench clean

run: $(INSTALLED)
	@$(VENV)/bin/footnote serve --no-browser $(if $(PORT),--port $(PORT))

test: $(TEST_INSTALLED) chromium lint
	$(VENV)/bin/python -m pytest -m "not long"

test-long: $(TEST_INSTALLED) chromium lint
	$(VENV)/bin/python -m pytest --timeout=7200

lint: $(TEST_INSTALLED)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

screenshots: $(TEST_INSTALLED) chromium
	$(VENV)/bin/python -m ui.screenshots

bench: $(TEST_INSTALLED)
	$(VENV)/bin/python -m tests.bench.latency
	$(VENV)/bin/python -m tests.bench.page

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Footnote needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null \
		|| { echo "Footnote needs a C++ compiler to build llama.cpp, once. Debian: apt-get install g++. macOS: xcode-select --install"; exit 1; }
	@echo "Installing into $(VENV); llama.cpp is compiled once, which takes some minutes."
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@# torch first and by itself, so that no other package chooses its build.
	@$(PIP) torch
	@$(PIP) --editable .
	@touch $@

$(TEST_INSTALLED): $(INSTALLED)
	@$(PIP) --editable '.[test]'
	@touch $@

.PHONY: chromium
chromium:
	@if ! command -v chromium >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -qq && apt-get install -y -qq chromium; \
		else \
			echo "The tests drive a headless Chromium, which is not installed. Debian: sudo apt-get install chromium"; exit 1; \
		fi; \
	fi
