# No branch, address or byte on the line depends on a key: the core under valgrind (tests/secrets/secrets.c).
# With gcc's -O2 and -Os, which make different branches of the same C.

SECRETS_WRAP := sfu_port_flash_read sfu_port_flash_program sfu_port_entropy sfu_port_tx sfu_port_hand_over sfu_equal \
	sfu_hmac sfu_onetime_mac
SECRETS_RIG := config_object maker rig signer station
SECRETS_CHECKS := seal signature
HOST_CC_host-small := gcc -Os -g

$(eval $(call bearssl-library,build/host-small,gcc,ar,-Os -g))
$(eval $(call host-rules,host-small))
$(eval $(call e2e-rules,host-small))

# $(call secrets-program,VARIANT,CHECK)
define secrets-program
build/$(1)/secrets/$(2): tests/secrets/secrets.c $$(SECRETS_RIG:%=build/$(1)/e2e/%.o) build/$(1)/layout-8-ff-2.o \
		build/$(1)/libport.a build/$(1)/core/fsm/check_$(2).o build/$(1)/libcore.a \
		build/$(1)/core/crypto/curve_m31.o build/$(1)/libbearssl.a
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(E2E_FLAGS) $$(SECRETS_WRAP:%=-Wl,--wrap=%) $$< -Wl,--start-group $$(filter-out %.c,$$^) \
		-Wl,--end-group -lcrypto -o $$@
endef

$(foreach v,host host-small,$(foreach c,$(SECRETS_CHECKS),$(eval $(call secrets-program,$v,$c))))
SECRETS_PROGRAMS := $(foreach v,host host-small,$(SECRETS_CHECKS:%=build/$v/secrets/%))

CHECKS += secrets-check
.PHONY: secrets-check
secrets-check: $(SECRETS_PROGRAMS) ## no branch, address or byte on the line depends on a key (valgrind)
	@python3 tests/secrets/run.py $^
