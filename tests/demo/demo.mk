# The main job, shown: a loader on the emulated STM32F407 is programmed, fed, cut off, cheated.

DEMO_LOADER := $(STM32)/loader-ab-signature-921600.elf
DEMO_APPS := $(foreach v,1.0.0 1.1.0 1.2.0 1.2.0-hang,$(FIRMWARE)/app-$(v)-fast-a.elf $(FIRMWARE)/app-$(v)-fast-b.elf)

.PHONY: demo
demo: $(DEPS) build/sfu build/board $(DEMO_LOADER) $(DEMO_APPS) ## the main job on the emulated board
	@python3 tests/demo/demo.py $(DEMO_LOADER) $(FIRMWARE) build/demo
