# Everything a developer runs. Recipes of more than a few lines stand in tools/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

DASHBOARD := web
GRAPHIQL := web/graphiql
CLIENTS := tests/node
STAMPS := target/stamps

.PHONY: help run test lint fmt web bench bench-stream dashboard graphiql requirements-run requirements-test

help: ## Show the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 20

run: requirements-run dashboard graphiql ## Build and serve with the examples as a demo (ARGS="…" is handed on)
	tools/run.sh $(ARGS)

test: requirements-test dashboard graphiql $(CLIENTS)/node_modules/.package-lock.json $(STAMPS)/check-jsonschema $(STAMPS)/nuget $(STAMPS)/kubernetes-tools ## Lint, then every test: on SQLite, on PostgreSQL with Redis, and in a browser
	tools/test.sh

lint: ## Formatting, clippy, layering and file rules
	tools/lint.sh

web: requirements-run $(DASHBOARD)/node_modules/.package-lock.json ## Serve the dashboard with hot reload, against the server at SLUICE_URL
	cd $(DASHBOARD) && npm run dev

bench: requirements-test ## Seed a world and measure the product's operations (ARGS="scale seconds")
	tools/bench.sh $(ARGS)

bench-stream: requirements-test ## Measure subscriptions of thousands of WebSockets (ARGS="subscribers events rate")
	tools/bench-stream.sh $(ARGS)

fmt: ## Format the Rust code
	tools/with-env.sh cargo fmt --all

dashboard: $(DASHBOARD)/dist/index.html ## Build the dashboard that the server embeds

graphiql: $(GRAPHIQL)/dist/THIRD-PARTY.txt ## Build the GraphiQL files that the server embeds

requirements-run:
	@tools/requirements.sh run

requirements-test:
	@tools/requirements.sh test

# npm writes this file last, so it is younger than the lock file exactly when the install is complete.
$(DASHBOARD)/node_modules/.package-lock.json $(GRAPHIQL)/node_modules/.package-lock.json $(CLIENTS)/node_modules/.package-lock.json: %/node_modules/.package-lock.json: %/package.json %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --loglevel=error
	touch $@

# Everything that the page is made of; the types of its operations come from the schema.
$(DASHBOARD)/dist/index.html: $(DASHBOARD)/node_modules/.package-lock.json $(DASHBOARD)/index.html $(DASHBOARD)/vite.config.ts $(DASHBOARD)/codegen.ts $(shell find $(DASHBOARD)/src $(DASHBOARD)/public $(DASHBOARD)/tools -type f -not -path '*/gql/*') schema/schema.graphql $(wildcard schema/operations/*.graphql)
	cd $(DASHBOARD) && npm run --silent build
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
