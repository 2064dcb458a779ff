# `make help` lists the commands. All that they make lies in .venv and build/; downloads are cached by uv, outside this folder.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

UV_VERSION := 0.13.9
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
UV := .venv/uv/bin/uv
BIN := .venv/dev/bin
# uv reads none of pip's settings: hand on the certificate.
export SSL_CERT_FILE := $(or $(SSL_CERT_FILE),$(PIP_CERT))
ifeq ($(SSL_CERT_FILE),)
unexport SSL_CERT_FILE
endif
export UV_PYTHON_DOWNLOADS := never
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV PYTHONPATH
PYTEST := $(BIN)/python -W error -m pytest -q

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

$(UV):
	@test -n "$(PYTHON)" || { echo "no Python 3.11, 3.12 or 3.13 with venv on the PATH; name one: make PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv/uv
	@.venv/uv/bin/python -m pip --disable-pip-version-check install --quiet "uv==$(UV_VERSION)"

.venv/dev/ready: pyproject.toml requirements/dev.txt $(UV)
	@$(UV) venv --quiet --clear --python .venv/uv/bin/python .venv/dev
	@$(UV) pip install --quiet --compile-bytecode --python .venv/dev/bin/python -r requirements/dev.txt
	@$(UV) pip install --quiet --python .venv/dev/bin/python --no-deps --editable .
	@touch $@

.PHONY: setup
setup: .venv/dev/ready ## the development environment

.PHONY: demo
demo: $(UV) ## install pipegen, generate a repository from the bundled sample, run that repository's own `make demo`
	@$(UV) venv --quiet --allow-existing --python .venv/uv/bin/python .venv/run
	@$(UV) pip install --quiet --compile-bytecode --reinstall-package pipegen-cli --python .venv/run/bin/python .
	@rm -rf build/demo && mkdir -p build/demo
	@cd build/demo && ../../.venv/run/bin/pipegen new shop --source sample: --yes --no-git
	@UV_CACHE_DIR="$$($(UV) cache dir)" $(MAKE) --no-print-directory -C build/demo/shop demo

.PHONY: test
test: static test-unit test-golden ## all that a change must pass: static checks, unit tests, golden trees in their real engines

.PHONY: static
static: .venv/dev/ready ## ruff, mypy, import contracts
	@mkdir -p build
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >build/lint-imports.log 2>&1 || { cat build/lint-imports.log; exit 1; }

.PHONY: test-unit
test-unit: .venv/dev/ready ## unit and property tests
	@$(PYTEST) -n 2 -m "not engines and not real and not servers and not update and not monitoring" tests

.PHONY: test-golden
test-golden: .venv/dev/ready ## golden trees: rendered, compared, linted, parsed by real dbt and Airflow, two run whole
	@$(PYTEST) -m "engines and not servers" tests

.PHONY: test-update
test-update: .venv/dev/ready ## updates of whole repositories: every golden tree from every release, edits, kills, templates
	@$(PYTEST) -n 2 -m update tests

# The suites from here on start servers of their own.
.PHONY: has-servers
has-servers: has-postgres
	@for p in mariadbd sshd openssl mvn; do PATH="$$PATH:/usr/sbin" command -v $$p >/dev/null || { \
		echo "\`$$p\` is not on this machine; on Debian: apt-get install mariadb-server openssh-server openssl maven" >&2; exit 1; }; done

.PHONY: has-postgres
has-postgres:
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || { \
		echo "PostgreSQL's programs (initdb, postgres) are not on this machine; on Debian: apt-get install postgresql" >&2; exit 1; }

.PHONY: test-probe
test-probe: has-servers .venv/dev/ready ## the probe against real servers: PostgreSQL, MariaDB, S3, SFTP, REST, Kafka
	@$(PYTEST) -n 2 -m servers tests

.PHONY: has-monitoring
has-monitoring: has-postgres
	@for p in prometheus promtool prometheus-pushgateway; do command -v $$p >/dev/null || { \
		echo "\`$$p\` is not on this machine; on Debian: apt-get install prometheus prometheus-pushgateway" >&2; exit 1; }; done
	@PATH="$$PATH:/usr/local/go/bin" command -v go >/dev/null || { \
		echo "Go is not on this machine: it builds Alertmanager and statsd_exporter, which Debian has not, or not new enough" >&2; exit 1; }

.PHONY: test-monitoring
test-monitoring: has-monitoring .venv/dev/ready ## rules, routes, dashboards, runbooks and reports; a pipeline is broken, and the right alert arrives
	@$(PYTEST) -n 3 --dist loadfile -m monitoring tests/monitoring

.PHONY: test-drill
test-drill: has-postgres .venv/dev/ready ## the short drill of generated repositories that have every pattern
	@$(PYTEST) -m real tests/drills

.PHONY: test-real
test-real: has-servers .venv/dev/ready ## slower: data nobody here wrote through whole pipelines, the real scheduler, the wheel
	@$(PYTEST) -m "real and not servers" --ignore=tests/drills tests

.PHONY: prove
prove: has-postgres .venv/dev/ready ## hours: every scenario of every drill, written to docs/proof.md and proof/; NAME=… for one repository
	@$(BIN)/python -m tests.drills $(NAME) $(if $(CATALOG),--catalog $(CATALOG))

.PHONY: golden
golden: .venv/dev/ready ## render the golden trees anew, for a change of a blueprint that is meant
	@$(BIN)/python -m tests.golden_trees

.PHONY: benchmark
benchmark: .venv/dev/ready ## measure, and write docs/benchmarks.md
	@$(BIN)/python -m benchmarks

.PHONY: lock
lock: $(UV) ## resolve the development environment anew
	@$(UV) pip compile --quiet --universal --python-version 3.11 --no-annotate --no-header --no-emit-index-url \
		pyproject.toml requirements/dev.in --output-file requirements/dev.txt

.PHONY: clean
clean: ## remove what these commands made
	@rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
