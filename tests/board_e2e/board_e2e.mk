# The real loaders on the emulated board, with the real host program.

BOARD_E2E_APPS := $(foreach s,a b,$(foreach v,1.0.0 1.1.0 1.2.0-hang,$(FIRMWARE)/app-$(v)-small-$(s).elf))

CHECKS += board-e2e-check

.PHONY: board-e2e-check glitch-full
board-e2e-check: $(DEPS) build/sfu build/board $(STM32_LOADERS) $(BOARD_E2E_APPS) ## whole lives of a device on the emulated board
	@python3 tests/board_e2e/run.py $(STM32) $(FIRMWARE)

glitch-full: $(DEPS) build/sfu build/board $(STM32_LOADERS) $(BOARD_E2E_APPS) ## single faults all over the boot: an hour
	@python3 tests/board_e2e/run.py $(STM32) $(FIRMWARE) glitch every -v
