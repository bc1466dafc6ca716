# The ways into Marquee. `make help` lists them.

PORT ?= 8080
NAME ?=
ARGS ?=
TARGET := $(or $(CARGO_TARGET_DIR),target)

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fmt

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1	/' | expand -t 16
	@echo 'Options: PORT=8090 (another demo beside the first), FRESH=1 (its data anew), YES=1 (install without asking)'

demo: ## build and run everything on http://*.localhost:8080 until Ctrl-C
	@infra/demo/setup.sh
	@cargo build --release -p marquee-server -p stripe-sim -p marquee-demo
	@exec env PORT=$(PORT) FRESH=$(FRESH) $(TARGET)/release/marquee-demo

test: ## everything that must pass before a release
	@infra/demo/setup.sh --with-tests
	@infra/checks/test.sh

check: ## format, lints, types, licences, documentation: fast, for each commit
	@infra/demo/setup.sh
	@infra/checks/check.sh

fmt: ## put the code into shape
	@cargo fmt --all
	@npm --prefix tenant-themes run --silent --if-present format

bench: ## the benchmarks, or one with NAME=…: holds, onsale, browse, hold_time, slow_report, checkout
	@infra/demo/setup.sh --with-tests
	@cargo build --release -p marquee-server -p stripe-sim -p marquee-demo -p marquee-bench
	@exec $(TARGET)/release/marquee-bench $(NAME) $(ARGS)
