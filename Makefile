# Every entry point of sfu. The rules are in the fragments, each beside what it builds; a fragment
# adds its checks to CHECKS and its programs to ALL, and starts target names that people type with
# a `##` comment, which is what `make help` prints.

SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

comma := ,

# `make V=1` prints the commands.
Q = $(if $(V),,@)

# The stamp of build-aux/deps.sh. What includes or runs anything that a bare machine lacks has it
# among its prerequisites; nothing may be asked of such a tool while make still reads.
DEPS := build/deps/stamp

# Prover list of this tree, not of the user.
export WHY3CONFIG := $(CURDIR)/build/deps/why3.conf
export PYTHONDONTWRITEBYTECODE := 1

ALL :=
CHECKS := gen-check gen-lint-check

-include crypto/bearssl.mk
-include fsm/core.mk
-include port/host/host.mk
-include port/stm32/stm32.mk
-include tools/tools.mk
-include tests/tests.mk
-include tests/secrets/secrets.mk
-include fuzz/fuzz.mk
-include tests/model/model.mk
-include spec/spec.mk
-include tests/board/board.mk
-include tests/firmware/firmware.mk
-include tests/bench/bench.mk
-include tests/demo/demo.mk
-include tests/board_e2e/board_e2e.mk
-include tests/silicon/silicon.mk
-include tests/evidence/evidence.mk
-include proofs/proofs.mk

.PHONY: help all check deps gen gen-check gen-lint-check clean distclean

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | sort | \
		awk -F '\t' '{ printf "  %-18s %s\n", $$1, $$2 }'

all: $(ALL) ## builds everything

check: $(DEPS) ## builds everything and runs every check
	@$(MAKE) --no-print-directory -j2 all
	@python3 build-aux/check.py $(CHECKS)

deps: ## installs the packages and sources that the build needs
	@build-aux/deps.sh

$(DEPS): build-aux/deps.sh build-aux/packages.txt
	@build-aux/deps.sh

gen: $(DEPS) ## makes gen/ from fsm/*.rl, spec/formats.md and spec/codes.md
	@python3 build-aux/gen.py

gen-check: $(DEPS) ## gen/ is what its sources make, and every machine is total
	@python3 build-aux/gen.py --check

gen-lint-check: $(DEPS) ## the generators refuse what they must
	@python3 tests/gen/test_gen.py

clean: ## removes what was built, but not what was fetched
	@for entry in build/*; do [ "$$entry" = build/deps ] || rm -rf "$$entry"; done

distclean: ## removes build/ whole
	@rm -rf build
