# Every target does its own set-up; nothing needs to be activated or installed first.
VENV ?= .venv
PY := $(VENV)/bin/python
export VENV

.PHONY: help demo test lint bench docs setup clean

help:
	@echo "make demo    the whole loop in simulation; ARGS='--scenario mixed --seed 2 --seconds 60'"
	@echo "make test    linters, type checks and tests; ARGS='tests/launch -k ctrl_c'"
	@echo "make lint    linters and type checks only"
	@echo "make bench   benchmarks, as JSON"
	@echo "make docs    write docs/parameters.md"
	@echo "make clean   remove .venv and caches (not runs/)"

demo:
	@sh tools/setup.sh sim
	@$(VENV)/bin/pose-ssl demo $(ARGS)

test: lint
	@$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

lint:
	@sh tools/setup.sh dev
	@$(PY) -m ruff check .
	@$(PY) -m mypy

bench:
	@sh tools/setup.sh dev
	@for script in benchmarks/*.py; do $(PY) "$$script" || exit 1; done

docs:
	@sh tools/setup.sh dev
	@$(VENV)/bin/pose-ssl docs parameters --write

setup:
	@sh tools/setup.sh dev

clean:
	rm -rf $(VENV) build install log *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
