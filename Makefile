# Everything a developer runs. Recipes of more than a few lines stand in tools/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:

GRAPHIQL := web/graphiql
CLIENTS := tests/node
STAMPS := target/stamps

.PHONY: help run test lint fmt bench bench-stream graphiql requirements-run requirements-test

help: ## Show the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 20

run: requirements-run graphiql ## Build and serve with the examples as a demo (ARGS="…" is handed on)
	tools/run.sh $(ARGS)

test: requirements-test graphiql $(CLIENTS)/node_modules/.package-lock.json $(STAMPS)/check-jsonschema $(STAMPS)/nuget $(STAMPS)/kubernetes-tools ## Lint, then every test on SQLite and PostgreSQL
	tools/test.sh

lint: ## Formatting, clippy, layering and file rules
	tools/lint.sh

bench: requirements-test ## Seed a world and measure the product's operations (ARGS="scale seconds")
	tools/bench.sh $(ARGS)

bench-stream: requirements-test ## Measure subscriptions of thousands of WebSockets (ARGS="subscribers events rate")
	tools/bench-stream.sh $(ARGS)

fmt: ## Format the Rust code
	tools/with-env.sh cargo fmt --all

graphiql: $(GRAPHIQL)/dist/THIRD-PARTY.txt ## Build the GraphiQL files that the server embeds

requirements-run:
	@tools/requirements.sh run

requirements-test:
	@tools/requirements.sh test

# npm writes this file last, so it is younger than the lock file exactly when the install is complete.
$(GRAPHIQL)/node_modules/.package-lock.json $(CLIENTS)/node_modules/.package-lock.json: %/node_modules/.package-lock.json: %/package.json %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	touch $@

$(GRAPHIQL)/dist/THIRD-PARTY.txt: $(GRAPHIQL)/node_modules/.package-lock.json $(GRAPHIQL)/build.mjs $(wildcard $(GRAPHIQL)/src/*)
	node $(GRAPHIQL)/build.mjs

$(STAMPS)/check-jsonschema: tools/install-check-jsonschema.sh
	tools/install-check-jsonschema.sh
	mkdir -p $(@D)
	touch $@

$(STAMPS)/kubernetes-tools: tools/install-kubernetes-tools.sh
	tools/install-kubernetes-tools.sh
	mkdir -p $(@D)
	touch $@

$(STAMPS)/nuget: tools/install-nuget.sh
	tools/install-nuget.sh
	mkdir -p $(@D)
	touch $@
