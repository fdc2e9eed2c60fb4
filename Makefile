# Everything a newcomer needs: `make demo`, then `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile
TORCH := 2.13.0
# PyPI's Linux wheel of torch brings gigabytes of CUDA along. The CPU build is taken from pip's configured
# sources when they have it, and otherwise from PyTorch's own index of CPU builds.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

# Tests run in so many processes, a file of them in one; each computes on one thread.
WORKERS ?= 2

.PHONY: install demo test lint types walls pytest bench golden notebooks client lock clean

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the CPU build of torch $(TORCH)"
	@if [ "$$(uname -s)" = Linux ]; then \
		$(PIP) "torch==$(TORCH)+cpu" 2>/dev/null || $(PIP) --index-url $(TORCH_INDEX) "torch==$(TORCH)"; \
	fi
	@echo "Installing shelfsight and its tools"
	@$(PIP) --constraint constraints.txt --editable '.[cpu,dev]'
	@touch $@

demo: install
	$(BIN)/shelfsight demo

test: lint types walls pytest

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy
	$(BIN)/mypy benchmarks tests/typed_usage.py clients/generate.py

walls: install
	$(BIN)/lint-imports --no-cache

pytest: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: install
	$(BIN)/python -m benchmarks

golden: install
	$(BIN)/python -m tests.models.golden

notebooks: install
	$(BIN)/python -m notebooks

client: install
	$(BIN)/python -m clients.generate

lock: install
	$(BIN)/python -m pip freeze --exclude-editable > constraints.txt

clean:
	rm -rf $(VENV) demo
