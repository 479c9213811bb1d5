# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := schema resolvers sources cities server sandbox tests

.PHONY: demo serve test check fix schema release-schema record live bench fuzz soak lock clean

demo: $(READY)
	$(BIN)/poche demo

serve: $(READY)
	$(BIN)/poche serve

test: check
	$(BIN)/pytest -n auto

check: $(READY)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

fix: $(READY)
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

schema: $(READY)
	$(BIN)/poche schema > schema.graphql

# What clients know from now on; what broke since the last time stands in docs/schema-changes.md.
release-schema: $(READY)
	$(BIN)/poche schema > docs/released.graphql

record: $(READY)
	$(BIN)/python -m tests.record

live: $(READY)
	$(BIN)/poche check --live

bench: $(READY)
	$(BIN)/python -m bench.reading
	$(BIN)/python -m bench.timetable 1

# atheris, which has no wheels for some machines, comes only when it is called for.
SECONDS ?= 60
fuzz: $(READY)
	$(BIN)/pip install --quiet 'atheris>=3'
	for target in body url document accept manifest; do \
	  $(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS) || exit 1; done

MINUTES ?= 60
soak: $(READY)
	$(BIN)/python -m bench.soak --minutes $(MINUTES)

# Versions and hashes of everything, for any Python we support, and no registry's address.
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-annotate --no-header

lock: $(READY)
	$(BIN)/$(LOCK) -o requirements/run.txt
	$(BIN)/$(LOCK) --extra dev -o requirements/dev.txt

$(READY): requirements/dev.txt pyproject.toml server/explorer/package-lock.json
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

clean:
	rm -rf $(VENV) server/explorer/static
