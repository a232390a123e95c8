# Two commands do everything: make demo, make test. Both need Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes

.PHONY: setup demo test check bench outside long lock clean

setup: $(VENV)/.runtime

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "npsbot needs Python 3.11 or newer"; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python comes without venv here: apt install python3-venv"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/.python
	@echo "Installing npsbot into $(VENV) ..."
	@$(PIP) -r requirements.lock
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the test tools ..."
	@$(PIP) -r requirements-dev.lock
	@touch $@

demo: setup
	@$(BIN)/npsbot demo $(ARGS)

# Parallel on all cores; the long and the outside tests have targets of their own.
test: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -n auto -m "not outside and not long" $(ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.benchmarks $(ARGS)

# PEERS is the folder with the outside programs (Slack emulator, validators, Postfix, page checks).
outside: $(VENV)/.dev
	@test -n "$(PEERS)" || { echo "usage: make outside PEERS=folder"; exit 2; }
	@PEERS="$(PEERS)" REQUIRE=all $(BIN)/python -m pytest -q -m outside $(ARGS)

# Hours of a programme in minutes: kills, big waves, simulated weeks. Never in CI.
long: $(VENV)/.dev
	@$(BIN)/python -m tests.long $(ARGS)

lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev --extra parquet pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
