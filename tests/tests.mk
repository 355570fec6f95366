# The checks that run the core on the host port. U-E-S names a flash: program unit, erased value, slots.
#
#   tests/unit/   one module each (tests/unit/unit.mk)
#   tests/e2e/    the whole core with a station, an application and a power supply
#
#   build/VARIANT/e2e/CHECK/TEST-U-E-S   one test on one flash, with boot check `seal` or `signature`

-include tests/unit/unit.mk

E2E_RIG := config_object desk maker rig signer station
# EC_KEY is enough to sign with, and simpler than what replaces it
E2E_FLAGS := $(HOST_FLAGS) -Wno-deprecated-declarations -Itests/e2e
E2E_H := $(wildcard tests/e2e/*.h)
E2E_CHECK_seal := fsm/check_seal
E2E_CHECK_signature := fsm/check_signature
# more objects of some tests
E2E_test_cuts := cuts
E2E_test_faults := cuts
E2E_test_personalize := cuts hsm
# calls that a test stands between
E2E_LINK_test_attacks := $(foreach call,verify equal cipher boot layout_sector port_flash_read port_flash_program,-Wl$(comma)--wrap=sfu_$(call))

# $(call e2e-rules,VARIANT)
define e2e-rules
build/$(1)/e2e/%.o: tests/e2e/%.c $$(CORE_H) $$(HOST_H) $$(E2E_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(E2E_FLAGS) -c $$< -o $$@
endef

$(foreach variant,$(HOST_VARIANTS),$(eval $(call e2e-rules,$(variant))))

# $(call e2e-program,VARIANT,CHECK,TEST,U-E-S)
define e2e-program
build/$(1)/e2e/$(2)/$(3)-$(4): build/$(1)/e2e/$(3).o $$(E2E_$(3):%=build/$(1)/e2e/%.o) \
		$$(E2E_RIG:%=build/$(1)/e2e/%.o) build/$(1)/layout-$(4).o build/$(1)/libport.a \
		build/$(1)/core/$$(E2E_CHECK_$(2)).o build/$(1)/libcore.a \
		build/$(1)/core/crypto/curve_m31.o build/$(1)/libbearssl.a
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(E2E_LINK_$(3)) -Wl,--start-group $$^ -Wl,--end-group -lcmocka -lcrypto -o $$@
endef

# $(call e2e-programs,VARIANT,CHECK,TESTS,FLASHES): their names
e2e-programs = $(foreach t,$3,$(foreach f,$4,build/$1/e2e/$2/$t-$f))

# $(call e2e-make,VARIANT,CHECK,TESTS,FLASHES): their rules
e2e-make = $(foreach t,$3,$(foreach f,$4,$(eval $(call e2e-program,$1,$2,$t,$f))))

# Conversations: a flash of each kind, the sanitizers on one, the other boot check on one.
E2E_TALKS := $(filter-out test_cuts test_faults test_checkpoints test_lengths,$(patsubst tests/e2e/%.c,%,$(wildcard tests/e2e/test_*.c)))
E2E_TALK_FLASHES := 2-00-1 8-ff-2 32-00-2
E2E_SANITIZED := 8-ff-2 4-ff-1
$(call e2e-make,host,seal,$(E2E_TALKS),$(E2E_TALK_FLASHES))
$(call e2e-make,host,signature,$(E2E_TALKS),8-ff-2)
$(call e2e-make,host-asan,seal,$(E2E_TALKS),$(E2E_SANITIZED))
# has a flash of its own
$(call e2e-make,host,seal,test_checkpoints,large)
$(call e2e-make,host-asan,seal,test_checkpoints,large)
# thousands of lives, each with a number that a fault has changed
$(call e2e-make,host,seal,test_lengths,8-ff-2 2-00-1)
$(call e2e-make,host-asan,seal,test_lengths,8-ff-2)
E2E_PROGRAMS := build/host/e2e/seal/test_checkpoints-large build/host-asan/e2e/seal/test_checkpoints-large \
	$(call e2e-programs,host,seal,$(E2E_TALKS),$(E2E_TALK_FLASHES)) \
	$(call e2e-programs,host,seal,test_lengths,8-ff-2 2-00-1) \
	$(call e2e-programs,host-asan,seal,test_lengths,8-ff-2) \
	$(call e2e-programs,host,signature,$(E2E_TALKS),8-ff-2) \
	$(call e2e-programs,host-asan,seal,$(E2E_TALKS),$(E2E_SANITIZED))

# Power cuts and failures: every flash with the seal, some with the signature, and some sanitized.
CUTS_TESTS := test_cuts test_faults
CUTS_SIGNATURE := 2-ff-1 8-ff-2 32-00-2
CUTS_SANITIZED := 16-00-1 32-ff-2
$(call e2e-make,host,seal,$(CUTS_TESTS),$(HOST_LAYOUTS))
$(call e2e-make,host,signature,$(CUTS_TESTS),$(CUTS_SIGNATURE))
$(call e2e-make,host-asan,seal,$(CUTS_TESTS),$(CUTS_SANITIZED))
CUTS_PROGRAMS := $(call e2e-programs,host,seal,$(CUTS_TESTS),$(HOST_LAYOUTS)) \
	$(call e2e-programs,host,signature,$(CUTS_TESTS),$(CUTS_SIGNATURE)) \
	$(call e2e-programs,host-asan,seal,$(CUTS_TESTS),$(CUTS_SANITIZED))

CHECKS += e2e-check cuts-check
.PHONY: e2e-check cuts-check cuts-full cuts-mutants

e2e-check: $(E2E_PROGRAMS) ## conversations with the whole core: refusals, order, limits, rollback, YMODEM
	@python3 tests/e2e/run.py $(sort $^)

cuts-check: $(CUTS_PROGRAMS) ## power cuts, failures and torn units in whole lives, on every kind of flash
	@python3 tests/e2e/run.py --cuts check '$(HOST_LAYOUTS)' '$(CUTS_SIGNATURE)' '$(CUTS_SANITIZED)'

cuts-full: $(CUTS_PROGRAMS) ## the same at every operation, with second cuts, five seeds: hours
	@python3 tests/e2e/run.py --cuts full '$(HOST_LAYOUTS)' '$(CUTS_SIGNATURE)' '$(CUTS_SANITIZED)'

cuts-mutants: build/host/e2e/seal/test_cuts-32-ff-2 build/host/unit/test_journal.o build/host/unit/test_store.o ## changes of journal and store for the worse: which does a test of power cuts notice?
	@python3 tests/e2e/mutants.py
