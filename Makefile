# Every target makes the virtual environment by itself and keeps it in step with setup.cfg.
# PYTHON=/path/to/python chooses the interpreter; else the newest suitable one on the path is taken.

.DEFAULT_GOAL := help
.PHONY: help demo test lint format install clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CANDIDATES := $(if $(PYTHON),$(PYTHON),python3.14 python3.13 python3.12 python3.11 python3)
# Suitable is 3.11 or later with venv and pip (on Debian and Ubuntu those are the package python3-venv).
SUITABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
MISSING := Relaydesk needs Python 3.11 or later with venv (Debian: apt install python3-venv); tried: $(CANDIDATES). Set PYTHON=/path/to/python.

# Tests wait for sockets, processes and databases a good part of their time, and those that measure real time are given
# to one worker: two workers more than there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 2)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
# Containers often set this. The tests start the service and its commands a thousand times, and each time all of it would
# be compiled anew, which takes as long again.
unexport PYTHONDONTWRITEBYTECODE

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMP)  ## Show the whole service at work against simulated helpdesks; ONCE=1 ends after one round
	@$(BIN)/relaydesk demo $(if $(ONCE),--once)

test: $(STAMP)  ## Run all tests; arguments for pytest in ARGS
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: $(STAMP) $(VENV)/requirements.txt  ## Run all checks of the source: style, types, layers, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

format: $(STAMP)  ## Put the source into its one form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

install: $(STAMP)  ## Make the virtual environment, and nothing else

clean:  ## Remove the virtual environment and all caches
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(STAMP): setup.cfg
	@$(BIN)/python -c '$(SUITABLE)' 2>/dev/null || { \
	    for candidate in $(CANDIDATES); do \
	        if "$$candidate" -c '$(SUITABLE)' 2>/dev/null; then found=$$candidate; break; fi; \
	    done; \
	    [ -n "$$found" ] || { echo '$(MISSING)' >&2; exit 1; }; \
	    echo "Making $(VENV) with $$("$$found" --version)"; \
	    "$$found" -m venv --clear $(VENV); \
	}
	@echo 'Installing what setup.cfg names'
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# deptry reads requirement files, not setup.cfg.
$(VENV)/requirements.txt: $(STAMP)
	@$(BIN)/python -c 'import configparser, pathlib; c = configparser.ConfigParser(); c.read("setup.cfg"); \
	    x = c["options.extras_require"]; p = pathlib.Path("$(VENV)"); \
	    (p / "requirements-dev.txt").write_text(x["dev"]); \
	    (p / "requirements.txt").write_text(c["options"]["install_requires"] + x["postgres"] + x["openai"])'
