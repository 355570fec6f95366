# Fuzzing: fuzz/README.md tells what the targets are and how to use them.
#
#   build/fuzz/TARGET        libFuzzer with the address, undefined and integer sanitizers
#   build/fuzz-msan/TARGET   with the memory sanitizer
#   build/fuzz-cov/TARGET    without a fuzzer, for coverage (fuzz/main.c)
#   build/fuzz-foreign/TARGET  with FUZZ_FOREIGN= for flags and FUZZ_ENGINE= linked by FUZZ_LINKER= (fuzz/build.sh)
#   build/fuzz-afl/TARGET    for afl-fuzz (fuzz/main.c)
#
# -fsanitize=integer is for the core alone, which promises that nothing wraps; BearSSL and hashes wrap on purpose.

FUZZ_PARSERS := link ymodem manifest records journal
FUZZ_LIVES := boot session lifetimes lifetimes-real
FUZZ_FILES := package elf hex pem text answers ledger
FUZZ_HSM := service personalize personalize-real
# what can do without a library that is not built with the memory sanitizer
FUZZ_MSAN_TARGETS := $(FUZZ_PARSERS) $(FUZZ_LIVES) hex text
FUZZ_TARGETS := $(FUZZ_PARSERS) $(FUZZ_LIVES) $(FUZZ_FILES) $(FUZZ_HSM)

# with SANITIZER=memory those that the memory sanitizer can have
FUZZ_LIKE_fuzz-foreign := $(if $(filter memory,$(SANITIZER)),fuzz-msan)
FUZZ_FOREIGN_TARGETS := $(if $(filter memory,$(SANITIZER)),$(FUZZ_MSAN_TARGETS),$(FUZZ_TARGETS))

FUZZ_CLANG := clang-19
FUZZ_VARIANTS := fuzz fuzz-msan fuzz-cov fuzz-foreign fuzz-afl
$(foreach variant,$(FUZZ_VARIANTS),$(eval FUZZ_CC_$(variant) = $$(FUZZ_CLANG)))
FUZZ_CC_fuzz-afl := AFL_QUIET=1 afl-clang-fast
FUZZ_SAN_fuzz := -O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SAN_fuzz-msan := -O2 -g -fno-omit-frame-pointer -fsanitize=memory -fsanitize-memory-track-origins
FUZZ_SAN_fuzz-cov := -O1 -g
FUZZ_SAN_fuzz-afl := -O1 -g -fsanitize=address
FUZZ_STAND_IN_fuzz-afl = $(FUZZ_SAN_fuzz-afl)
FUZZ_LINK_fuzz-afl := -fsanitize=address
FUZZ_SAN_fuzz-foreign = $(FUZZ_FOREIGN)
FUZZ_STAND_IN_fuzz-foreign = $(FUZZ_FOREIGN)
FUZZ_LINK_fuzz-foreign = $(FUZZ_FOREIGN) $(FUZZ_ENGINE)
FUZZ_LINKER ?= $(FUZZ_CLANG)
FUZZ_LINKER_fuzz-foreign = $(FUZZ_LINKER)
FUZZ_SEEN_fuzz := -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp
FUZZ_SEEN_fuzz-msan := $(FUZZ_SEEN_fuzz)
# what is inlined makes loops longer; those that the fuzzer sees turn by turn shall stay so
FUZZ_NEAR := -O3 -include fuzz/near.h -mllvm -unroll-threshold=400
FUZZ_CORE_fuzz := $(FUZZ_SEEN_fuzz) -fsanitize=integer $(FUZZ_NEAR)
FUZZ_CORE_fuzz-msan := $(FUZZ_SEEN_fuzz)
FUZZ_CORE_fuzz-cov := -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc
FUZZ_LINK_fuzz := -fsanitize=fuzzer,address,undefined
FUZZ_LINK_fuzz-msan := -fsanitize=fuzzer,memory
FUZZ_LINK_fuzz-cov := -fprofile-instr-generate
# what asks the sanitizer itself, and is not instrumented
FUZZ_STAND_IN_fuzz := -O2 -g -DSTAND_IN_ASKS
FUZZ_STAND_IN_fuzz-msan = $(FUZZ_SAN_fuzz-msan)
FUZZ_STAND_IN_fuzz-cov := -O2 -g

FUZZ_FLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Wall -Wextra -Wconversion -Werror \
	-Wno-deprecated-declarations -Ifuzz -Iport/host -Ifsm -Igen -Iport -Icrypto -Ispec -Itests/e2e -Itools $(BEARSSL_INCLUDE) $$(pkg-config --cflags p11-kit-1)
FUZZ_H := $(wildcard fuzz/*.h tests/e2e/*.h tools/*.h) $(CORE_H) $(HOST_H)

# what is compiled without instrumentation: what no fuzzer shall learn from, and what is no part of what is judged
FUZZ_QUIET := stand_in crypt_stand_in sums flat grammar keyring_stand_in keyring_real token_memory exchange

# what each target needs beside the core
FUZZ_WITH_link := grammar
FUZZ_WITH_ymodem := grammar
FUZZ_WITH_manifest := manifest_host grammar geometry stand_in crypt_stand_in config_object tool/package_manifest tool/number
FUZZ_WITH_records := sums geometry stand_in stand_in_signer flat config_object maker
FUZZ_WITH_journal := sums grammar geometry stand_in flat pages
FUZZ_WITH_boot = pages $(FUZZ_WITH_lifetimes)
FUZZ_WITH_session = talk $(FUZZ_WITH_lifetimes)
FUZZ_MUTATOR_session := session_mutator
FUZZ_WITH_lifetimes := sums grammar geometry stand_in stand_in_signer world rig station maker config_object flash port
FUZZ_WITH_package := memory_file tool/package tool/package_manifest tool/package_signature tool/certificate \
	tool/point tool/number tool/crypt
FUZZ_WITH_elf := memory_file tool/loader tool/image tool/elffile tool/hexfile tool/spans tool/number tool/crypt
FUZZ_WITH_hex := memory_file tool/hexfile tool/spans tool/number tool/crypt
FUZZ_WITH_pem := memory_file tool/keyfile tool/oemkey tool/number tool/crypt tool/out
# the HSM's box: the host program's own service, desk and ledger; with the stand-in where OpenSSL would be
FUZZ_BOX := hsm_box exchange token_memory memory_file tool/service tool/desk tool/permit tool/message tool/hsm tool/order \
	tool/ledger tool/ledger_row tool/ledger_find tool/ledger_head tool/ledger_meet tool/ledger_source tool/ledger_check \
	tool/number tool/lock_profile tool/locked
FUZZ_WITH_service = $(FUZZ_BOX) stand_in crypt_stand_in keyring_stand_in
FUZZ_LIBS_service := -Wl,--wrap=sfu_hsm_hkdf -lcrypto -lsqlite3
FUZZ_WITH_ledger = $(FUZZ_WITH_service) tool/reconcile tool/json tool/hsm_record tool/textfile tool/out
FUZZ_LIBS_ledger = $(FUZZ_LIBS_service) -Wl,--wrap=fopen
FUZZ_WITH_text := memory_file tool/oemkey tool/hsm_record tool/textfile tool/hsm_folder tool/number tool/crypt
FUZZ_LIBS_text := -lcrypto
FUZZ_WITH_text_fuzz-msan = $(filter-out tool/crypt,$(FUZZ_WITH_text)) stand_in crypt_stand_in
FUZZ_LIBS_text_fuzz-msan :=
FUZZ_WITH_answers := grammar memory_file tool/hsm_client tool/message tool/station tool/wire tool/codes tool/window tool/transfer \
	tool/package tool/package_manifest tool/package_signature tool/certificate tool/point tool/number tool/crypt
FUZZ_LIBS_answers := -lssl -lcrypto
FUZZ_WITH_personalize = $(FUZZ_WITH_service) sums stand_in_signer geometry rig station maker config_object flash port
FUZZ_LIBS_personalize = $(FUZZ_LIBS_service)
FUZZ_MAIN_personalize-real := personalize
FUZZ_WITH_personalize-real = $(filter-out stand_in stand_in_signer crypt_stand_in keyring_stand_in,$(FUZZ_WITH_personalize)) signer keyring_real \
	tool/crypt tool/point tool/box core/crypto/crypto core/crypto/curve_m31 core/crypto/curves
FUZZ_ARCHIVES_personalize-real := libbearssl
FUZZ_LIBS_personalize-real := -lcrypto -lsqlite3
# the same lives with the real cryptography
FUZZ_MAIN_lifetimes-real := lifetimes
FUZZ_WITH_lifetimes-real = $(filter-out stand_in stand_in_signer,$(FUZZ_WITH_lifetimes)) signer \
	core/crypto/crypto core/crypto/curve_m31 core/crypto/curves
FUZZ_ARCHIVES_lifetimes-real := libbearssl
FUZZ_LIBS_lifetimes-real := -lcrypto
# what of BearSSL signs, besides what the core links
FUZZ_BEARSSL_SIGNS := ec/ecdsa_i31_sign_raw rand/hmac_drbg mac/hmac
FUZZ_WITH_lifetimes-real_fuzz-msan = $(filter-out signer,$(FUZZ_WITH_lifetimes-real)) signer_bearssl \
	$(FUZZ_BEARSSL_SIGNS:%=bearssl/%)
FUZZ_LIBS_lifetimes-real_fuzz-msan :=
FUZZ_LIBS_package := -lcrypto
FUZZ_LIBS_elf := -lelf -lcrypto
FUZZ_LIBS_hex := -lcrypto
FUZZ_WITH_hex_fuzz-msan = $(filter-out tool/crypt,$(FUZZ_WITH_hex)) stand_in crypt_stand_in
FUZZ_LIBS_hex_fuzz-msan :=
FUZZ_LIBS_pem := -lcrypto

# $(call fuzz-rules,VARIANT)
define fuzz-rules
$$(eval $$(call bearssl-library,build/$(1),$$(FUZZ_CC_$(1)),ar,$$(FUZZ_SAN_$(1))))

build/$(1)/core/%.o: %.c $$(CORE_H) fuzz/near.h fsm/bytes.c | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_SAN_$(1)) $$(FUZZ_CORE_$(1)) $$(CORE_FLAGS) -c $$< -o $$@

# a loop each: counting how often it turns tells a fuzzer nothing
build/$(1)/core/fsm/crc.o build/$(1)/core/fsm/bytes.o: build/$(1)/core/%.o: %.c $$(CORE_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_SAN_$(1)) $$(filter-out $$(FUZZ_SEEN_$(1)) $$(filter-out -O3,$$(FUZZ_NEAR)),$$(FUZZ_CORE_$(1))) $$(CORE_FLAGS) -c $$< -o $$@

# BearSSL's arithmetic is in it
build/$(1)/core/crypto/curve_m31.o: crypto/curve_m31.c $$(CORE_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_SAN_$(1)) $$(FUZZ_SEEN_$(1)) $$(CORE_FLAGS) -c $$< -o $$@

build/$(1)/libcore.a: $$(filter-out build/$(1)/core/crypto/%,$$(CORE_C:%.c=build/$(1)/core/%.o)) \
		build/$(1)/core/fsm/check_seal.o
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^

build/$(1)/%.o: fuzz/%.c $$(FUZZ_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_SAN_$(1)) $$(FUZZ_SEEN_$(1)) $$(FUZZ_FLAGS) -c $$< -o $$@

$(FUZZ_QUIET:%=build/$(1)/%.o): build/$(1)/%.o: fuzz/%.c $$(FUZZ_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_STAND_IN_$(1)) $$(FUZZ_FLAGS) -c $$< -o $$@

build/$(1)/%.o: tests/e2e/%.c $$(FUZZ_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_STAND_IN_$(1)) $$(FUZZ_FLAGS) -c $$< -o $$@

# what simulates, and is not judged
build/$(1)/%.o: port/host/%.c $$(FUZZ_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_STAND_IN_$(1)) $$(FUZZ_FLAGS) -c $$< -o $$@

build/$(1)/config_object.o: tests/e2e/config_object.c $$(FUZZ_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_SAN_$(1)) $$(FUZZ_FLAGS) -c $$< -o $$@

build/$(1)/tool/%.o: tools/%.c $$(FUZZ_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC_$(1)) $$(FUZZ_SAN_$(1)) $$(FUZZ_SEEN_$(1)) $$(FUZZ_FLAGS) -D_GNU_SOURCE $$$$(pkg-config --cflags $$(TOOL_PACKAGES)) -c $$< -o $$@

$$(foreach t,$$(FUZZ_TARGETS),$$(eval $$(call fuzz-program,$(1),$$t)))
endef

# $(call fuzz-of,VARIANT,TARGET,WHAT): FUZZ_WHAT_TARGET, or what there is in its place in a variant, or in what that is like
fuzz-like = $(or $(FUZZ_LIKE_$1),$1)
fuzz-of = $(if $(filter-out undefined,$(origin FUZZ_$3_$2_$(fuzz-like))),$(FUZZ_$3_$2_$(fuzz-like)),$(FUZZ_$3_$2))

# $(call fuzz-program,VARIANT,TARGET): the memory sanitizer takes what libFuzzer's own mutations write for undefined,
# so there is no mutator with it
define fuzz-program
build/$(1)/$(2): build/$(1)/$$(or $$(FUZZ_MAIN_$(2)),$(2)).o build/$(1)/fuzz.o \
		$$(if $$(filter fuzz-cov fuzz-afl,$(1)),build/$(1)/main.o,$$(if $$(filter-out fuzz-msan,$$(call fuzz-like,$(1))),$$(FUZZ_MUTATOR_$(2):%=build/$(1)/%.o))) \
		$$(patsubst %,build/$(1)/%.o,$$(call fuzz-of,$(1),$(2),WITH)) build/$(1)/libcore.a \
		$$(FUZZ_ARCHIVES_$(2):%=build/$(1)/%.a)
	$$(Q)$$(or $$(FUZZ_LINKER_$(1)),$$(FUZZ_CC_$(1))) $$(FUZZ_LINK_$(1)) $$^ $$(call fuzz-of,$(1),$(2),LIBS) -o $$@
endef

$(foreach variant,$(FUZZ_VARIANTS),$(eval $(call fuzz-rules,$(variant))))

.SECONDARY:

FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=build/fuzz/%)

build/fuzz/dict/stamp: fuzz/dictionary.py build-aux/formats.py spec/formats.md | $(DEPS)
	@mkdir -p $(@D)
	$(Q)python3 $< $(@D) && touch $@

CHECKS += fuzz-check
.PHONY: fuzz-build fuzz fuzz-check fuzz-bench fuzz-campaign fuzz-merge fuzz-seeds fuzz-replay

fuzz-build: $(FUZZ_PROGRAMS) build/fuzz/dict/stamp

fuzz: fuzz-build ## every fuzz target for a minute
	@python3 fuzz/run.py check 60 $(FUZZ_TARGETS)

fuzz-check: fuzz-build ## every fuzz target for five seconds, and what was ever found
	@python3 fuzz/run.py check 5 $(FUZZ_TARGETS)
	@python3 fuzz/planted.py --apply

fuzz-bench: fuzz-build ## executions a second
	@python3 fuzz/run.py bench 10 $(FUZZ_TARGETS)

fuzz-campaign: fuzz-build ## HOURS= of all targets on all processors (JOBS=); goes on where the last one stopped
	@python3 fuzz/run.py campaign $(or $(HOURS),1) $(FUZZ_TARGETS)

fuzz-merge: fuzz-build ## the least of the campaign's corpora becomes the committed one
	@python3 fuzz/run.py merge $(FUZZ_TARGETS)

fuzz-seeds: fuzz-build build/sfu
	@python3 fuzz/seeds.py build/fuzz/seeds build/sfu
	@python3 fuzz/run.py seeds $(FUZZ_TARGETS)

fuzz-replay: fuzz-build ## CASE=: runs a case and tells what happens in it
	@python3 fuzz/run.py replay $(CASE)

.PHONY: fuzz-foreign fuzz-list
fuzz-foreign: $(FUZZ_FOREIGN_TARGETS:%=build/fuzz-foreign/%)

.PHONY: fuzz-build-check
fuzz-build-check: ## the targets as ClusterFuzzLite builds them, without a network: each has its files and runs
	@python3 fuzz/build_check.py $(SANITIZER)

fuzz-list:
	@echo $(FUZZ_FOREIGN_TARGETS)

.PHONY: fuzz-afl fuzz-msan
fuzz-afl: $(FUZZ_TARGETS:%=build/fuzz-afl/%) ## targets for afl-fuzz, in build/fuzz-afl

fuzz-msan: $(FUZZ_MSAN_TARGETS:%=build/fuzz-msan/%) build/fuzz/dict/stamp ## targets with the memory sanitizer, five seconds each
	@python3 fuzz/run.py --build build/fuzz-msan check 5 $(FUZZ_MSAN_TARGETS)

.PHONY: fuzz-planted
fuzz-planted: fuzz-build ## planted bugs: each is found within ten minutes on two processors (fuzz/planted.tsv)
	@python3 fuzz/planted.py

# The contracts as an oracle (fuzz/eacsl.py): the core as E-ACSL writes it, and beside it what each target needs as it is.
#
#   build/fuzz-eacsl/TARGET       runs files
#   build/fuzz-eacsl-afl/TARGET   the same for afl-fuzz, which gives it a file: @@
FUZZ_EACSL := link ymodem manifest journal records
EACSL_VARIANTS := fuzz-eacsl fuzz-eacsl-afl
EACSL_CC_fuzz-eacsl := gcc
EACSL_CC_fuzz-eacsl-afl := AFL_QUIET=1 afl-clang-fast
EACSL_FLAGS = -O2 -g -DE_ACSL_SEGMENT_MMODEL -DE_ACSL_EXTERNAL_ASSERT -isystem $$(frama-c -print-share-path)/e-acsl
EACSL_LIBS = $$(frama-c -print-lib-path)/e-acsl/libeacsl-dlmalloc.a -lgmp -lm -lpthread
EACSL_WITH_manifest := fuzz/manifest_host fuzz/geometry fuzz/grammar fuzz/stand_in fuzz/crypt_stand_in \
	tests/e2e/config_object tools/package_manifest tools/number
EACSL_WITH_journal := fuzz/flat fuzz/pages fuzz/geometry fuzz/grammar fuzz/stand_in
EACSL_WITH_records := fuzz/flat fuzz/geometry fuzz/stand_in fuzz/stand_in_signer tests/e2e/config_object tests/e2e/maker

$(FUZZ_EACSL:%=build/fuzz-eacsl/%.c): build/fuzz-eacsl/%.c: fuzz/%.c fuzz/eacsl.py fuzz/contracts.c fuzz/fuzz.c fuzz/grammar.c \
		$(CORE_C) $(CHECK_SEAL_C) $(FUZZ_H) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)python3 fuzz/eacsl.py translate $* $@

build/fuzz-eacsl/rtl.o: | $(DEPS)
	@mkdir -p $(@D)
	$(Q)gcc $(EACSL_FLAGS) -w -c $$(frama-c -print-share-path)/e-acsl/e_acsl_rtl.c -o $@

build/fuzz-eacsl/as_it_is/%.o: %.c $(FUZZ_H) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)gcc $(EACSL_FLAGS) $(FUZZ_FLAGS) -D_GNU_SOURCE -c $< -o $@

# $(call eacsl-program,VARIANT,TARGET)
define eacsl-program
build/$(1)/$(2): build/fuzz-eacsl/$(2).c build/fuzz-eacsl/as_it_is/fuzz/contracts_world.o \
		$$(EACSL_WITH_$(2):%=build/fuzz-eacsl/as_it_is/%.o) build/fuzz-eacsl/rtl.o
	@mkdir -p $$(@D)
	$$(Q)$$(EACSL_CC_$(1)) $$(EACSL_FLAGS) -w -c $$< -o $$@.o
	$$(Q)$$(EACSL_CC_$(1)) -Wl,--wrap=sfu_verify $$@.o $$(filter %.o,$$^) $$(EACSL_LIBS) -o $$@
endef

$(foreach v,$(EACSL_VARIANTS),$(foreach t,$(FUZZ_EACSL),$(eval $(call eacsl-program,$v,$t))))

.PHONY: fuzz-eacsl fuzz-eacsl-afl
fuzz-eacsl: $(FUZZ_EACSL:%=build/fuzz-eacsl/%) ## the contracts are checked while the corpora of the parsers run
	@python3 fuzz/eacsl.py check build/fuzz-eacsl $(FUZZ_EACSL)

fuzz-eacsl-afl: $(FUZZ_EACSL:%=build/fuzz-eacsl-afl/%) ## the same for afl-fuzz, in build/fuzz-eacsl-afl

# Coverage: the same tests once more, for what all of them reach together.
FUZZ_COV_CC := $(FUZZ_CLANG) -O1 -g -fprofile-instr-generate -fcoverage-mapping -fcoverage-mcdc
HOST_CC_host-cov := $(FUZZ_COV_CC)
UNIT_FLASHES_host-cov := 8-ff-2
FUZZ_COV_FLASHES := 8-ff-2 4-00-1
$(eval $(call bearssl-library,build/host-cov,$(FUZZ_CLANG),ar,-O2 -g))
$(eval $(call host-rules,host-cov))
$(eval $(call unit-rules,host-cov))
$(eval $(call e2e-rules,host-cov))
$(call e2e-make,host-cov,seal,$(E2E_TALKS) $(CUTS_TESTS),$(FUZZ_COV_FLASHES))
$(call e2e-make,host-cov,signature,$(E2E_TALKS) $(CUTS_TESTS),8-ff-2)
$(call e2e-make,host-cov,seal,test_checkpoints,large)
FUZZ_COV_TESTS := $(call e2e-programs,host-cov,seal,$(E2E_TALKS) $(CUTS_TESTS),$(FUZZ_COV_FLASHES)) \
	build/host-cov/e2e/seal/test_checkpoints-large \
	$(call e2e-programs,host-cov,signature,$(E2E_TALKS) $(CUTS_TESTS),8-ff-2) \
	build/host-cov/unit/test_layout build/host-cov/unit/test_grammar build/host-cov/unit/test_crypto-curve_m31 \
	$(UNIT_FLASH_TESTS:%=build/host-cov/unit/%-8-ff-2) $(UNIT_LINE_TESTS:%=build/host-cov/unit/%) \
	build/host-cov/unit/test_machines build/host-cov/unit/test_effects

.PHONY: fuzz-coverage
fuzz-coverage: $(FUZZ_TARGETS:%=build/fuzz-cov/%) $(FUZZ_COV_TESTS) ## lines, branches and MC/DC of the core, by the corpus and by all tests; HTML
	@python3 fuzz/coverage.py '$(FUZZ_TARGETS)' '$(FUZZ_COV_TESTS)'
