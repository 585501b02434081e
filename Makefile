# Two commands matter: `make demo` and `make test`. Both make what they need first: see ops/.
.POSIX:
.SUFFIXES:
.NOTPARALLEL:
.PHONY: help install demo test test-all check ogctests lock clean

VENDOR = src/cityloop/presentation/static/vendor/icons.svg
PO = src/cityloop/presentation/locale/zh_Hans/LC_MESSAGES/django.po
MO = src/cityloop/presentation/locale/zh_Hans/LC_MESSAGES/django.mo

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

install: .venv/.run $(VENDOR) $(MO) ## Install what a city needs to be served: see docs/how-to/put-it-on-the-internet.md

demo: .venv/.run $(VENDOR) $(MO) ## Build an invented city and serve it until Ctrl-C (PORT=8010 chooses the port)
	@exec .venv/bin/cityloop demo $${PORT:+--port $$PORT}

test: .venv/.dev $(VENDOR) $(MO) ## Everything a change must hold: the checks, then the tests
	@exec ops/test

test-all: .venv/.dev $(VENDOR) $(MO) ## All of that and the weekly tests, everything on a PostgreSQL server as well
	@exec ops/test all

check: .venv/.dev $(MO) ## What needs no database: style, types, floors, migrations, generated files
	@exec ops/check

ogctests: .venv/.run $(VENDOR) $(MO) ## Hold the demo city against the conformance tests of OGC API - Features
	ops/ogctests

lock: .venv/.dev ## Renew the pinned requirements from pyproject.toml
	requirements/compile

clean: ## Remove what was made here: the environment and the front-end libraries
	rm -rf .venv frontend/node_modules src/cityloop/presentation/static/vendor $(MO)

.venv/.run: requirements/run.txt pyproject.toml
	ops/environment run

.venv/.dev: requirements/dev.txt pyproject.toml
	ops/environment dev

$(VENDOR): frontend/package-lock.json frontend/build.mjs frontend/icons.mjs
	ops/front-end

$(MO): $(PO)
	.venv/bin/python -m cityloop.presentation.translations
