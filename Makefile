# Needs: make, and Python 3.10 to 3.13 with its venv module. Everything else is installed into .venv, .venv-compat,
# .venv-engines and .venv-orchestration, pinned by constraints/. A second call of anything finds its environment ready.

VENV ?= .venv
COMPAT := .venv-compat
# Engines beyond DuckDB and Postgres, each with its adapter in an environment of its own.
FURTHER := .venv-engines
ENGINES := clickhouse spark compiled
# Emulated: asked once a week, for they take minutes.
EMULATED := snowflake redshift
# Tools that start builds (examples/orchestration), each in an environment of its own.
ORCHESTRATION := .venv-orchestration
TOOLS := airflow dagster prefect
BIN := $(VENV)/bin
# Tests run in this many processes.
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo 4 || echo $$n)
# More arguments for pytest, for example: make test ARGS="tests/oracle -k psi"
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Certificates of the machine, as pip has them: a company's network may have its own.
export UV_SYSTEM_CERTS := true
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DO_NOT_TRACK := 1
# The environments are make's own: what Python compiles of them once it need not compile at each start.
unexport PYTHONDONTWRITEBYTECODE

# install,<python of the environment>,<arguments>: by uv, or by pip where only pip knows the way to the index.
define install
	@$(BIN)/uv pip install --quiet --python $(1) $(2) || { \
	  echo "uv could not install; trying pip"; \
	  $(BIN)/python -m pip --python $(1) install --quiet $(2); }
endef

.PHONY: help demo demo-spark retrain test test-engines test-left test-weekly $(ENGINES:%=test-%) examples fuzz replay power scoreboard
.PHONY: test-emulated $(EMULATED:%=test-%) test-weekly-clickhouse told matrix orchestration orchestration-cron $(TOOLS:%=orchestration-%) lint lint-js eslint docs site bench clean pins format

help:
	@echo "make demo    build the demo shop's monitors, write the report, say what was found"
	@echo "             (ENGINE=spark: on Spark, needs Java 17; compares with DuckDB)"
	@echo "make retrain after make demo: drift found, retrained, compared, promoted"
	@echo "make test    all tests on DuckDB, some on Postgres too (ARGS=\"tests/oracle -k psi\" for some of them)"
	@echo "make test-engines  later runs on Postgres, other versions of dbt, MetricFlow and Superset, what takes long,"
	@echo "             and some on further engines"
	@echo "             (ARGS as above; ENGINE=clickhouse: on this one alone)"
	@echo "make test-weekly  the rest on Postgres, which make test asks of DuckDB: figures, messages, the command line;"
	@echo "             the loop of a retraining"
	@echo "make test-weekly-clickhouse  what is long on ClickHouse"
	@echo "make test-emulated  on what stands for Snowflake and Redshift"
	@echo "make examples  ten times as many made-up tables against numpy and scipy"
	@echo "make fuzz    2,000 declarations from a seed: built, or refused by the name of the argument"
	@echo "make replay  a year of runs, late rows, changes and kills against one build: all tables equal"
	@echo "make power   what the judge finds of known changes, how soon and how often it says so: a table"
	@echo "make scoreboard  what people are told of five made-up years in which it is known what happened"
	@echo "make told    what is sent of the demo shop as its weeks arrive: 58 builds, each with driftline alert (WEEKS=8: fewer)"
	@echo "make matrix  each dbt Core on each Python, and the oldest of everything (ARGS=\"--dbt 1.12 --python 3.13\" for some)"
	@echo "make orchestration  the examples for cron, GitHub Actions, Airflow, Dagster and Prefect, run on a small project"
	@echo "make lint    style, types, and that every public macro is described"
	@echo "make lint-js  eslint on the script of the report (needs npm)"
	@echo "make docs    write what docs and report say of columns and metrics from their descriptions, and the dashboards"
	@echo "make site    the documentation as a site, in target/site"
	@echo "make format  let ruff put the Python files in shape"
	@echo "make bench   the speed measurements"
	@echo "make pins    resolve constraints/*.in again (VERSIONS=--upgrade for newer versions)"
	@echo "make clean   remove everything that make has made"

# ------------------------------------------------------------------------------------------------------ environments

# python3 itself where it is new enough and not too new for dbt, else the newest fitting one beside it.
$(VENV)/.uv: constraints/uv.txt
	@set -e; for p in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.10; do \
	  $$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 || continue; \
	  found=$$p; \
	  if $$p -c 'import venv, ensurepip' >/dev/null 2>&1; then chosen=$$p; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  if [ -n "$$found" ]; then \
	    echo "$$($$found --version) has no venv/ensurepip: install it (Debian, Ubuntu: apt-get install python3-venv)"; \
	  else echo "No Python 3.10 to 3.13 found: install one, or name it: make PYTHON=/path/to/python3.12"; fi; \
	  exit 1; fi; \
	echo "Setting up $(VENV) with $$($$chosen --version)"; \
	$$chosen -m venv --clear $(VENV); \
	$(BIN)/python -m pip install --quiet -r constraints/uv.txt
	@touch $@

$(VENV)/.demo: $(VENV)/.uv constraints/demo.txt pyproject.toml
	$(call install,$(BIN)/python,-r constraints/demo.txt)
	$(call install,$(BIN)/python,--no-build-isolation -c constraints/demo.txt -e .)
	@touch $@

$(VENV)/.test: $(VENV)/.demo constraints/test.txt
	@echo "Installing what the tests need"
	$(call install,$(BIN)/python,-r constraints/test.txt)
	@touch $@

$(COMPAT)/%/.done: constraints/compat-%.txt $(VENV)/.uv
	@echo "Installing what the tests need in $(COMPAT)/$*"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(COMPAT)/$*
	$(call install,$(COMPAT)/$*/bin/python,-r constraints/compat-$*.txt)
	@touch $@

# The DuckDB that dbt's v2 alpha loads (Linux x86-64), from npm. Without npm the test of it is left out, and says so.
$(COMPAT)/v2-duckdb/.done:
	@mkdir -p $(@D)
	@npm install --silent --no-audit --no-fund --prefix $(@D) @duckdb/node-bindings-linux-x64@1.5.4-r.1 && touch $@ \
	  || echo "npm could not install the DuckDB that dbt v2 loads"

# -------------------------------------------------------------------------------------------------------------- demo

# ENGINE=spark: on Spark, held against DuckDB.
demo: $(VENV)/.demo $(if $(filter spark,$(ENGINE)),$(FURTHER)/spark/.done)
	@.ci/demo $(abspath $(if $(filter spark,$(ENGINE)),$(FURTHER)/spark/bin,$(BIN))) $(ENGINE)

demo-spark:
	@$(MAKE) --no-print-directory demo ENGINE=spark

retrain: $(VENV)/.demo
	@$(BIN)/python demo/retrain/loop.py

$(FURTHER)/%/.done: constraints/engine-%.txt $(VENV)/.uv pyproject.toml
	@echo "Installing what the tests need on $*"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(FURTHER)/$*
	$(call install,$(FURTHER)/$*/bin/python,-r constraints/engine-$*.txt)
	$(call install,$(FURTHER)/$*/bin/python,--no-build-isolation -c constraints/engine-$*.txt -e .)
	@touch $@

$(ORCHESTRATION)/%/.done: constraints/orchestration-%.txt $(VENV)/.uv pyproject.toml
	@echo "Installing $*"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(ORCHESTRATION)/$*
	$(call install,$(ORCHESTRATION)/$*/bin/python,-r constraints/orchestration-$*.txt)
	$(call install,$(ORCHESTRATION)/$*/bin/python,--no-build-isolation -c constraints/orchestration-$*.txt -e .)
	@touch $@

# ------------------------------------------------------------------------------------------------------------- tests

DISTRIBUTED := -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder
PYTEST := $(BIN)/python $(DISTRIBUTED)

test: $(VENV)/.test
	@.ci/browser
	@DRIFTLINE_TEST_ALL=1 $(PYTEST) -m "not left and not weekly" $(ARGS)

test-engines: $(if $(ENGINE),test-$(ENGINE),test-left $(ENGINES:%=test-%))

# What make test leaves out: the marker is set in tests/conftest.py.
test-left: $(VENV)/.test $(COMPAT)/1.10/.done $(COMPAT)/1.12/.done $(COMPAT)/metricflow/.done $(COMPAT)/superset/.done \
    $(COMPAT)/v2-duckdb/.done
	@.ci/browser
	@DRIFTLINE_TEST_ALL=1 $(PYTEST) -m "left and not weekly" $(ARGS)

# The rest on Postgres: figures, messages, sentences, the command line; and the loop of a retraining.
test-weekly: $(VENV)/.test
	@DRIFTLINE_TEST_ALL=1 $(PYTEST) -m weekly $(ARGS)

# Engines that something else stands for.
test-emulated: $(EMULATED:%=test-%)

# What is asked of a further engine: tests/further_engines.py. With ARGS it may be nothing.
$(ENGINES:%=test-%) $(EMULATED:%=test-%): test-%: $(FURTHER)/%/.done
	@DRIFTLINE_TEST_ENGINES=$* $(FURTHER)/$*/bin/python $(DISTRIBUTED) -m "not weekly" $(ARGS) \
	  $(if $(ARGS),|| [ $$? -eq 5 ])

# What is long of it.
test-weekly-clickhouse: $(FURTHER)/clickhouse/.done
	@DRIFTLINE_TEST_ENGINES=clickhouse $(FURTHER)/clickhouse/bin/python $(DISTRIBUTED) -m weekly $(ARGS)

# What make test asks of 28 tables, of 280.
examples: $(VENV)/.test
	@DRIFTLINE_EXAMPLES=10 $(BIN)/python -m pytest -q tests/measures/test_measures_against_scipy.py \
	  tests/measures/test_properties.py $(ARGS)

# More arguments: make fuzz ARGS="--count 500 --first 10000 --minutes 10 --engine postgres"
fuzz: $(VENV)/.test
	@$(BIN)/python tests/fuzz/run.py $(ARGS)

# More arguments: make replay ARGS="--length long --seed 7"
replay: $(VENV)/.test
	@$(BIN)/python tests/replay/run.py $(ARGS)

# More series for each change than the short form that is in make test.
power: $(VENV)/.test
	@DRIFTLINE_POWER=60 $(BIN)/python -m pytest -q tests/judge/test_power.py $(ARGS)

scoreboard: $(VENV)/.test
	@$(BIN)/python -m pytest -q tests/scoreboard $(ARGS)

# Each Monday is built and told; WEEKS makes longer steps.
WEEKS ?= 1
told: $(VENV)/.test
	@DRIFTLINE_ARRIVING_WEEKS=$(WEEKS) $(BIN)/python -m pytest -q tests/scoreboard/arriving.py $(ARGS)

# Each in an environment of its own under .venv-matrix. More arguments: make matrix ARGS="--lowest"
matrix: $(VENV)/.test
	@$(BIN)/python tests/matrix.py $(ARGS)

# Real runs of examples/orchestration, beside what make test asks of the scripts. Environments have no other tests' needs.
REAL := -m pytest -q --confcutdir tests/orchestration $(ARGS) tests/orchestration
orchestration: orchestration-cron $(TOOLS:%=orchestration-%)

orchestration-cron: $(VENV)/.test
	@$(BIN)/python $(REAL)/real_cron.py

$(TOOLS:%=orchestration-%): orchestration-%: $(ORCHESTRATION)/%/.done
	@$(ORCHESTRATION)/$*/bin/python $(REAL)/real_$*.py

PYTHON_CODE := $(wildcard python tests demo bench examples)

lint: $(VENV)/.test
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/lint

docs: export PYTHONPATH := tests
# Not in make lint: eslint is npm's.
ESLINT := 9.39.5
eslint:
	@command -v npx >/dev/null 2>&1 || { echo "eslint needs npm, which is not here: install Node.js" >&2; exit 1; }
	@npx --yes eslint@$(ESLINT) --version >/dev/null
lint-js: eslint
	@npx --yes eslint@$(ESLINT) python/driftline/report/static

docs: $(VENV)/.test
	$(BIN)/python tests/support/tables.py
	$(BIN)/python tests/support/monitor_page.py
	$(BIN)/python tests/support/points.py
	$(BIN)/python tests/support/config_schema.py
	$(BIN)/python tests/support/catalogue.py
	$(BIN)/python tests/support/grafana.py
	$(BIN)/python tests/support/superset.py
	$(BIN)/python tests/support/osi.py

# The variable: a notice of the theme on what comes after MkDocs 1.
site: $(VENV)/.test
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "Site: $(CURDIR)/target/site/index.html"

format: $(VENV)/.test
	$(BIN)/ruff check --fix --quiet $(PYTHON_CODE) || true
	$(BIN)/ruff format $(PYTHON_CODE)

bench: $(VENV)/.test
	@$(BIN)/python bench/run.py $(ARGS)

pins: $(VENV)/.uv
	@set -e; cd constraints; for name in demo test compat-1.10 compat-1.12 compat-metricflow compat-superset $(ENGINES:%=engine-%) \
	  $(EMULATED:%=engine-%) \
	  $(TOOLS:%=orchestration-%); do \
	  more=; case $$name in demo) more=../pyproject.toml;; test) more="../pyproject.toml --extra alerts --extra otlp -c demo.txt";; \
	    engine-compiled|engine-snowflake|orchestration-prefect) more="../pyproject.toml";; orchestration-*) more="../pyproject.toml -c demo.txt";; \
	    engine-*) more="../pyproject.toml -c demo.txt -c test.txt";; esac; \
	  $(abspath $(BIN))/uv pip compile --quiet --universal --python-version 3.10 --no-header --no-annotate $(VERSIONS) \
	    $$name.in $$more -o $$name.txt; \
	done

clean:
	rm -rf $(VENV) $(COMPAT) $(FURTHER) $(ORCHESTRATION) .venv-matrix .pytest_cache .ruff_cache .mypy_cache .hypothesis target logs dbt_packages
	rm -rf demo/target demo/logs demo/dbt_packages bench/target
	rm -rf demo/retrain/target demo/retrain/logs demo/retrain/dbt_packages
	find $(PYTHON_CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
