# Two commands do all the set-up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SOURCES := schema resolvers sources cities server sandbox tests bench

.PHONY: demo serve test check fix home schema published record live bench bench-ours bench-peers fuzz differences soak cluster replicas compatibility container sbom audit lock clean

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

# What codegen makes of the citizens' page's documents, and whether its types hold; the same of
# the app of the guide. It needs npm.
home: $(READY)
	cd server/home && npm ci --no-audit && npm run generate && npm run check
	cd examples/first-app && npm ci --no-audit && npm run generate && npm run check

schema: $(READY)
	$(BIN)/poche schema > schema.graphql

# What clients know from now on; what broke since the last time stands in docs/schema-changes.md.
published: $(READY)
	$(BIN)/poche schema > docs/released.graphql

record: $(READY)
	$(BIN)/python -m tests.record

live: $(READY)
	$(BIN)/poche check --live

# Hours, on a quiet machine: ours by itself, then beside other servers. What fails is told in the
# end: a promise that is not kept, or what is not installed, leaves the others to be measured.
bench: $(READY)
	$(MAKE) --keep-going bench-ours bench-peers

BENCHES ?= start reading timetable executor features tracing transport stalls search atlas merging \
  door overload subscribers city
bench-ours: $(READY)
	failed=; for one in $(BENCHES); do $(BIN)/python -m bench.$$one || failed="$$failed $$one"; done; \
	test -z "$$failed" || { echo "failed:$$failed"; exit 1; }

# The others are installed outside of this folder: bench/peers/README.md.
PEERS ?=
bench-peers: $(READY)
	bench/peers/install.sh
	$(BIN)/python -m bench.peers $(PEERS)
	$(BIN)/python -m bench.peers.starts
	$(BIN)/python -m bench.alone

# atheris, which has no wheels for some machines, comes only when it is called for.
SECONDS ?= 60
fuzz: $(READY)
	$(BIN)/pip install --quiet 'atheris>=3'
	for target in body url document compiled accept manifest; do \
	  $(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS) || exit 1; done

# Documents of which the compiled executor and graphql-core are asked the same.
EXAMPLES ?= 5000
differences: $(READY)
	EXAMPLES=$(EXAMPLES) $(BIN)/pytest tests/compiled/test_random.py

MINUTES ?= 60
soak: $(READY)
	$(BIN)/python -m bench.soak --minutes $(MINUTES)

# Three replicas, their Valkey and HAProxy, over the sandbox.
cluster: $(READY)
	$(BIN)/python examples/cluster/run.py

# Three real replicas behind a real balancer: started anew, killed, cut from their store.
replicas: $(READY)
	$(BIN)/pytest -q tests/cluster/replicas.py

# Apollo's own tests of subgraphs; it needs npm, and ports 4000, 4002 and 4003.
compatibility: $(READY)
	$(BIN)/pytest -q tests/federation/apollo/suite.py

# The Dockerfile's steps, without an engine; as another user where it may become one.
container: $(READY)
	PYTHON=$(PYTHON) $(BIN)/pytest -q -p no:cacheprovider tests/container.py

# What is in it (CycloneDX); npm wants a version, which front ends that nobody publishes lack.
SBOM := dist/sbom
sbom: $(READY)
	rm -rf $(SBOM) && mkdir -p $(SBOM)
	$(BIN)/uvx --quiet --from 'cyclonedx-bom==7.5.0' cyclonedx-py requirements requirements/run.txt \
	  --pyproject pyproject.toml --output-reproducible -o $(SBOM)/python.cdx.json
	for page in explorer home; do \
	  room=$$(mktemp -d) && cp server/$$page/package.json server/$$page/package-lock.json $$room && \
	  (cd $$room && npm pkg set version=0.0.0 && \
	  npm sbom --package-lock-only --omit=dev --sbom-format=cyclonedx) > $(SBOM)/$$page.cdx.json && \
	  rm -r $$room || exit 1; done
	$(BIN)/pytest -q -p no:cacheprovider tests/sbom.py

# What is known against it, as far as PyPI and npm tell.
audit: $(READY)
	$(BIN)/python -m tests.audit

# Versions and hashes of everything, for any Python we support, and no registry's address.
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-annotate --no-header

lock: $(READY)
	$(BIN)/$(LOCK) --extra tracing -o requirements/run.txt
	$(BIN)/$(LOCK) --extra tracing --extra dev -o requirements/dev.txt

$(READY): requirements/dev.txt pyproject.toml server/explorer/package-lock.json server/home/package-lock.json
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	$(BIN)/pip install --quiet --no-deps --editable .
	touch $@

clean:
	rm -rf $(VENV) server/explorer/static server/home/static
