# The system model in Promela (spec/model/README.md), and the program that makes traces of the C for it; the model of
# personalization for Maude (spec/model/personalize/README.md).

MODEL := build/model
MODEL_FLASHES := 32-ff-2 32-00-1
MODEL_WRAPPED := sfu_boot_step sfu_upgrade_step sfu_session_step sfu_journal_append sfu_link_send sfu_port_entry \
	sfu_port_flash_erase sfu_port_flash_program sfu_port_hand_over sfu_port_reset

$(MODEL)/%.o: tests/model/%.c tests/model/log.h $(CORE_H) $(HOST_H) $(E2E_H) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(HOST_CC_host) $(E2E_FLAGS) -Itests/model -c $< -o $@

$(MODEL_FLASHES:%=$(MODEL)/trace-%): $(MODEL)/trace-%: $(MODEL)/trace.o $(MODEL)/log.o \
		$(E2E_RIG:%=build/host/e2e/%.o) build/host/layout-%.o build/host/libport.a \
		build/host/core/$(E2E_CHECK_seal).o build/host/libcore.a build/host/core/crypto/curve_m31.o \
		build/host/libbearssl.a
	$(Q)$(HOST_CC_host) $(MODEL_WRAPPED:%=-Wl,--wrap=%) -Wl,--start-group $^ -Wl,--end-group -lcmocka -lcrypto -o $@

CHECKS += model-check model-personalize
.PHONY: model-check model-full model-personalize model-personalize-full

model-check: $(MODEL_FLASHES:%=$(MODEL)/trace-%) ## spin: the model's properties, errors it must find, traces of the C replayed
	@python3 spec/model/check.py

model-full: $(MODEL_FLASHES:%=$(MODEL)/trace-%) ## the same with larger bounds: some twenty minutes, at most 8 GB
	@python3 spec/model/check.py --full

model-personalize: $(DEPS) ## maude, eprover: what an intruder can do to personalization, and what he cannot
	@python3 spec/model/personalize/check.py
	@python3 spec/model/personalize/unbounded.py

model-personalize-full: $(DEPS) ## the same with larger bounds: some ten minutes
	@python3 spec/model/personalize/check.py --full
	@python3 spec/model/personalize/unbounded.py --full
