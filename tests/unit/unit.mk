# Unit tests of the core's persistence and of crypto/. Each of U-E-S below is a flash: program unit,
# erased value, slots. test_crypto and
# test_agree run with both implementations of P-256.
#
#   make unit-check             every layout with gcc, one with the sanitizers
#   SFU_CUT_STRIDE=1 make ...   second cuts at every operation, for every program unit: hours

UNIT_FLASHES := $(foreach u,$(HOST_UNITS),$(foreach e,$(HOST_ERASED),$u-$e-2))
UNIT_FLASHES_host := $(UNIT_FLASHES)
UNIT_FLASHES_host-asan := 8-ff-2
UNIT_FLASH_TESTS := test_store test_journal
# these include the C of the machine they test
UNIT_LINE_TESTS := test_link test_ymodem

# the machines whose step is not hidden, and what the others need
UNIT_MACHINES := gen/boot gen/session gen/upgrade gen/personalize fsm/bytes fsm/crc

# what reads the formats
UNIT_PARSERS := fsm/authority fsm/digest fsm/manifest fsm/config fsm/journal_cell fsm/bytes fsm/crc

build/unit/moves.h: tests/unit/moves.py build-aux/gen.py $(CORE_MACHINES:%=fsm/%.rl) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)python3 $< >$@

# $(call unit-rules,VARIANT)
define unit-rules
build/$(1)/unit/%.o: tests/unit/%.c $$(CORE_H) $$(HOST_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) -c $$< -o $$@

build/$(1)/unit/test_layout: build/$(1)/unit/test_layout.o build/$(1)/core/fsm/layout.o \
		build/$(1)/core/fsm/bytes.o
	$$(Q)$$(HOST_CC_$(1)) $$^ -lcmocka -o $$@

build/$(1)/unit/test_grammar: build/$(1)/unit/test_grammar.o \
		$$(UNIT_PARSERS:%=build/$(1)/core/%.o)
	$$(Q)$$(HOST_CC_$(1)) $$^ -lcmocka -o $$@

$$(UNIT_LINE_TESTS:%=build/$(1)/unit/%.o): build/$(1)/unit/%.o: tests/unit/%.c gen/link.c gen/ymodem.c \
		$$(CORE_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) -D_DEFAULT_SOURCE -D_XOPEN_SOURCE=700 -Wno-unused-const-variable -c $$< -o $$@

$$(UNIT_LINE_TESTS:%=build/$(1)/unit/%): %: %.o build/$(1)/core/fsm/crc.o build/$(1)/core/fsm/bytes.o
	$$(Q)$$(HOST_CC_$(1)) $$^ -lcmocka -o $$@

build/$(1)/unit/test_machines.o: tests/unit/test_machines.c build/unit/moves.h gen/journal.c gen/link.c gen/ymodem.c \
		$$(CORE_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) -Ibuild/unit -Wno-unused-const-variable -Wno-unused-function -c $$< -o $$@

build/$(1)/unit/test_machines: build/$(1)/unit/test_machines.o $$(UNIT_MACHINES:%=build/$(1)/core/%.o)
	$$(Q)$$(HOST_CC_$(1)) $$^ -lcmocka -o $$@

build/$(1)/unit/test_effects.o: tests/unit/test_effects.c build/unit/moves.h fsm/boot_run.c fsm/upgrade_events.c \
		$$(CORE_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) -Ibuild/unit -Wno-unused-const-variable -c $$< -o $$@

build/$(1)/unit/test_effects: build/$(1)/unit/test_effects.o build/$(1)/core/gen/boot.o build/$(1)/core/gen/upgrade.o \
		build/$(1)/core/fsm/bytes.o
	$$(Q)$$(HOST_CC_$(1)) -Wl,--wrap=sfu_boot_step $$^ -lcmocka -o $$@

build/$(1)/unit/test_curve: tests/unit/test_curve.c crypto/curve_m31.c build/$(1)/libbearssl.a
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) -Wno-unused-variable -Wno-unused-function $$(filter %.c %.a,$$<) \
		build/$(1)/libbearssl.a -lcmocka -lcrypto -o $$@

build/$(1)/unit/test_crypto-%: build/$(1)/unit/test_crypto.o build/$(1)/core/crypto/%.o \
		build/$(1)/core/crypto/crypto.o build/$(1)/core/crypto/curves.o build/$(1)/core/fsm/crc.o build/$(1)/core/fsm/bytes.o \
		build/$(1)/libbearssl.a
	$$(Q)$$(HOST_CC_$(1)) $$^ -lcmocka -o $$@

build/$(1)/unit/test_agree-%: build/$(1)/unit/test_agree.o build/$(1)/core/crypto/%.o \
		build/$(1)/core/crypto/crypto.o build/$(1)/core/crypto/curves.o build/$(1)/core/fsm/bytes.o \
		build/$(1)/libbearssl.a
	$$(Q)$$(HOST_CC_$(1)) $$^ -lcmocka -lcrypto -o $$@

$$(foreach t,$$(UNIT_FLASH_TESTS),$$(UNIT_FLASHES_$(1):%=build/$(1)/unit/$$t-%)): \
		$$(UNIT_FLASH_TESTS:%=build/$(1)/unit/%.o) $$(UNIT_CORE:%=build/$(1)/core/%.o) \
		$$(UNIT_FLASHES_$(1):%=build/$(1)/layout-%.o) build/$(1)/port/flash.o \
		build/$(1)/port/port.o build/$(1)/libbearssl.a
	$$(Q)$$(HOST_CC_$(1)) build/$(1)/unit/$$(firstword $$(subst -, ,$$(@F))).o \
		$$(UNIT_CORE:%=build/$(1)/core/%.o) \
		build/$(1)/layout-$$(patsubst $$(firstword $$(subst -, ,$$(@F)))-%,%,$$(@F)).o \
		build/$(1)/port/flash.o build/$(1)/port/port.o build/$(1)/libbearssl.a -lcmocka -o $$@
endef

UNIT_CORE := fsm/bytes fsm/crc fsm/layout fsm/store fsm/keys fsm/journal_cell fsm/journal_append gen/journal \
	crypto/crypto crypto/curves crypto/curve_m31

$(foreach variant,$(HOST_VARIANTS),$(eval $(call unit-rules,$(variant))))

UNIT_PROGRAMS := $(foreach v,$(HOST_VARIANTS),build/$v/unit/test_layout build/$v/unit/test_grammar \
	$(UNIT_LINE_TESTS:%=build/$v/unit/%) build/$v/unit/test_machines build/$v/unit/test_effects \
	build/$v/unit/test_curve build/$v/unit/test_crypto-curve_m31 build/$v/unit/test_crypto-curve_prime \
	build/$v/unit/test_agree-curve_m31 build/$v/unit/test_agree-curve_prime \
	$(foreach t,$(UNIT_FLASH_TESTS),$(UNIT_FLASHES_$v:%=build/$v/unit/$t-%)))

# make would remove them as intermediate
.SECONDARY:

CHECKS += unit-check
.PHONY: unit-check
unit-check: $(UNIT_PROGRAMS) ## unit tests: machines, line, flash layouts, switches, keys, journal, cryptography
	@python3 tests/e2e/run.py $^
	@build/host/unit/test_machines 2>&1 | grep '^transitions'
