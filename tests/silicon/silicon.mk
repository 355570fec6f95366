# The port and the whole loader on chips with a defect, and what the emulated board sees at hand-over, on the
# line and between two kicks of the watchdog.

SILICON_PROBE := $(FIRMWARE)/silicon-probe.elf
SILICON_LOADERS := $(foreach c,signature seal,$(foreach k,m31 prime,\
	$(STM32)/loader-ab-$(c)$(call stm32-suffix,$(k),115200).elf)) $(STM32)/loader-ab-signature-921600.elf \
	$(STM32)/loader-ab-seal-prime-921600.elf
SILICON_APPS := $(foreach s,a b,$(foreach v,1.0.0-small 1.1.0-small 1.2.0-hang-small,$(FIRMWARE)/app-$(v)-$(s).elf))

$(FIRMWARE)/silicon-probe.o: tests/silicon/probe.c $(STM32_H) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(STM32_CC) $(STM32_FLAGS) $(CORE_FLAGS) -fno-tree-loop-distribute-patterns -c $< -o $@

# The port whole, but of the core nothing.
$(SILICON_PROBE): $(FIRMWARE)/silicon-probe.o $(STM32)/layout/ab.o $(STM32)/obj/port/stm32/baud_115200.o \
		$(patsubst %,$(STM32)/obj/port/stm32/%.o,$(STM32_PORT) $(STM32_BOARD)) $(STM32_SCRIPTS)
	$(Q)$(STM32_CC) $(STM32_CPU) -nostdlib -nostartfiles -Wl,--gc-sections -Wl,-n -Wl,--fatal-warnings \
		-T $(STM32)/layout/ab.ld $(STM32_SCRIPTS:%=-T %) $(filter %.o,$^) -lgcc -o $@

# padded to a size that a package of several records has
$(FIRMWARE)/silicon-quiet-b.elf: tests/silicon/quiet.c tests/firmware/app.ld $(STM32)/layout/ab.stamp $(FIRMWARE)/payload-1.0.0-small.o
	$(Q)$(STM32_CC) $(FIRMWARE_FLAGS) -nostdlib -nostartfiles -Wl,--gc-sections -Wl,-n -T $(STM32)/layout/ab-b.ld \
		-T tests/firmware/app.ld $< $(FIRMWARE)/payload-1.0.0-small.o -o $@

CHECKS += silicon-check

.PHONY: silicon-check
silicon-check: $(DEPS) build/sfu build/board $(SILICON_PROBE) $(SILICON_LOADERS) $(SILICON_APPS) \
		$(FIRMWARE)/silicon-quiet-b.elf ## chips with a defect; hand-over, line and watchdog as the board sees them
	@python3 tests/silicon/run.py $(SILICON_PROBE) $(STM32) $(FIRMWARE)
