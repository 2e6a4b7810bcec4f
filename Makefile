# Everything a fresh machine needs: CPython >= 3.11 with pip and venv, and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A slow or flaky link is normal: long time-outs, many retries, and pip's cache makes a second run cheap.
PIP := $(BIN)/python -m pip --disable-pip-version-check --timeout 120 --retries 10
ARGS ?=
SEEDS ?= 100
FIRST ?= 0

FOR ?= 60

# What a wheel is made of. The wheels of everything lie in build/wheels, the system's own Python decides which ones.
SOURCES := $(shell find numtrustd config systemd packaging man completions docs pipelines -type f -not -name '*.pyc' 2>/dev/null) \
  pyproject.toml hatch_build.py README.md README.zh-CN.md CHANGELOG.md LICENSE
SYSTEM_PYTHON ?= /usr/bin/python3

.PHONY: help venv demo test check format docs bench simulate soak nightly wheels dist deb clean

help:
	@echo "make demo [ARGS='--for 60 --numbers 24']   the main job on simulated platforms"
	@echo "make test    the test suite          make check   format, lint, types, import contracts, tests"
	@echo "make venv    .venv with numtrustd and numtrustctl      make bench   the benchmarks"
	@echo "make simulate SEEDS=500, make soak FOR=60, make nightly   more of what the tests do a little of"
	@echo "make dist    wheel and sdist          make deb     the Debian package"
	@echo "make format  put the code into shape  make docs    write the generated documents anew"
	@echo "make clean   remove the environment and the caches"

# The stamps name what was installed; a half-finished install leaves none, so a re-run continues.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@

venv: $(VENV)/.run

demo: venv
	$(BIN)/numtrustd demo $(ARGS)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

simulate: $(VENV)/.dev
	$(BIN)/python -m tests.simulation --first $(FIRST) --seeds $(SEEDS)

soak: $(VENV)/.dev
	$(BIN)/python -m tests.soak --for $(FOR)

# What takes too long for every commit: hours, on a machine that has nothing else to do.
nightly: $(VENV)/.dev
	$(BIN)/python -m tests.simulation --nightly
	$(BIN)/python -m tests.disk power-cut --states 2000
	$(BIN)/python -m tests.disk power-cut --states 2000 --threads --rounds 40
	$(BIN)/python -m tests.disk faults
	$(BIN)/python -m tests.disk damage
	for target in varlink extract answer settings store log; do \
	  $(BIN)/python -m tests.fuzz $$target --seconds 3600 || exit 1; done
	$(BIN)/python -m tests.soak --for 1500  # a day a second: four years of a daemon's life

docs: $(VENV)/.dev
	$(BIN)/python -m docs.generate

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

dist/.built: $(VENV)/.dev $(SOURCES)
	rm -f dist/*.whl dist/*.tar.gz
	$(BIN)/python -m hatchling build -t wheel -t sdist
	@touch $@

# pip itself is among them because pipx wants a new one.
build/.wheels: $(VENV)/.dev pyproject.toml dist/.built
	@mkdir -p build/wheels
	@rm -f build/wheels/numtrustd-*.whl
	$(PIP) --python $(SYSTEM_PYTHON) wheel --quiet --find-links build/wheels --wheel-dir build/wheels dist/*.whl 'pip>=26'
	@touch $@

dist/.deb: build/.wheels
	rm -f dist/*.deb
	$(BIN)/python packaging/deb.py --wheels build/wheels --python $(SYSTEM_PYTHON) --out dist
	@touch $@

dist: dist/.built

wheels: build/.wheels

deb: dist/.deb

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist
