# The test application, linked for each slot of the A/B layout; slot A's image is the single layout's
# too, as both lie at the same address.
#
#   build/firmware/app-VERSION[-hang][-small|-fast]-SLOT.elf .bin; -fast speaks 921600 baud

FIRMWARE := build/firmware
FIRMWARE_FLAGS := $(STM32_CPU) -Os -g -ffunction-sections -fdata-sections -std=c11 -ffreestanding \
	-fno-tree-loop-distribute-patterns -Wall -Wextra -Wconversion -Werror -Itests/firmware
FIRMWARE_C := startup main line confirm
FIRMWARE_O := $(FIRMWARE_C:%=$(FIRMWARE)/%.o)
FIRMWARE_BYTES := 315392
FIRMWARE_SMALL_BYTES := 12288

$(FIRMWARE_O): $(FIRMWARE)/%.o: tests/firmware/%.c $(wildcard tests/firmware/*.h) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(STM32_CC) $(FIRMWARE_FLAGS) -c $< -o $@

# $(call firmware-payload,NAME,SEED,BYTES)
define firmware-payload
$(FIRMWARE)/payload-$(1).o: tests/firmware/payload.py | $(DEPS)
	@mkdir -p $$(@D)
	$(Q)python3 $$< $(2) $(3) $$(@:.o=.bin)
	$(Q)printf '.section .payload, "a"\n.incbin "%s"\n' $$(@:.o=.bin) | $(STM32_CC) $(STM32_CPU) \
		-x assembler -c - -o $$@
endef

# $(call firmware-app,NAME,PAYLOAD,VERSION,HANG,BAUD): NAME is the version and what is special
define firmware-app
FIRMWARE_APPS += $(FIRMWARE)/app-$(1)-a.elf $(FIRMWARE)/app-$(1)-b.elf
$(FIRMWARE)/variant-$(1).o: tests/firmware/app.h tests/firmware/firmware.mk | $(DEPS)
	@mkdir -p $$(@D)
	$(Q)printf '#include "app.h"\nconst struct app app = { "%s", %s, %s };\n' $(3) $(4) $(5) | $(STM32_CC) \
		$(FIRMWARE_FLAGS) -x c -c - -o $$@
$(FIRMWARE)/app-$(1)-%.elf: $(FIRMWARE_O) $(FIRMWARE)/variant-$(1).o $(FIRMWARE)/payload-$(2).o \
		$(STM32)/layout/ab.stamp tests/firmware/app.ld
	$(Q)$(STM32_CC) $(STM32_CPU) -nostdlib -nostartfiles -Wl,--gc-sections -Wl,-n \
		-T $(STM32)/layout/ab-$$*.ld -T tests/firmware/app.ld $$(filter %.o,$$^) -lgcc -o $$@
endef

# $(call firmware-version,VERSION,SEED)
define firmware-version
$(call firmware-payload,$(1),$(2),$(FIRMWARE_BYTES))
$(call firmware-payload,$(1)-small,$(2),$(FIRMWARE_SMALL_BYTES))
$(call firmware-app,$(1),$(1),$(1),0,115200)
$(call firmware-app,$(1)-fast,$(1),$(1),0,921600)
$(call firmware-app,$(1)-hang,$(1),$(1),1,115200)
$(call firmware-app,$(1)-hang-fast,$(1),$(1),1,921600)
$(call firmware-app,$(1)-small,$(1)-small,$(1),0,115200)
$(call firmware-app,$(1)-hang-small,$(1)-small,$(1),1,115200)
endef

$(eval $(call firmware-version,1.0.0,1))
$(eval $(call firmware-version,1.1.0,2))
$(eval $(call firmware-version,1.2.0,3))

$(FIRMWARE)/%.bin: $(FIRMWARE)/%.elf
	$(Q)arm-none-eabi-objcopy -O binary --gap-fill 0xFF $< $@

ALL += $(FIRMWARE_APPS) $(FIRMWARE_APPS:.elf=.bin)
CHECKS += layout-check firmware-check

.PHONY: firmware layout-check firmware-check
firmware: $(FIRMWARE_APPS) $(FIRMWARE_APPS:.elf=.bin) ## the test application, all variants

layout-check: $(DEPS) ## the layouts are sound, and unsound ones are refused
	@python3 tests/firmware/test_layout.py

firmware-check: firmware ## the application's constants are those of spec/formats.md
	@python3 tests/firmware/test_firmware.py $(FIRMWARE)

FIRMWARE_PROBE := $(FIRMWARE)/probe.elf

$(FIRMWARE)/probe.o: tests/firmware/probe.c $(STM32_H) | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(STM32_CC) $(STM32_FLAGS) $(CORE_FLAGS) -fno-tree-loop-distribute-patterns \
		-fno-optimize-sibling-calls -Wno-infinite-recursion -Iport/stm32 -c $< -o $@

# The port whole, but of the core nothing.
$(FIRMWARE_PROBE): $(FIRMWARE)/probe.o $(STM32)/layout/ab.o $(STM32)/obj/port/stm32/baud_115200.o \
		$(patsubst %,$(STM32)/obj/port/stm32/%.o,$(STM32_PORT) $(STM32_BOARD)) $(STM32_SCRIPTS)
	$(Q)$(STM32_CC) $(STM32_CPU) -nostdlib -nostartfiles -Wl,--gc-sections -Wl,-n -Wl,--fatal-warnings \
		-T $(STM32)/layout/ab.ld $(STM32_SCRIPTS:%=-T %) $(filter %.o,$^) -lgcc -o $@

CHECKS += port-check

.PHONY: port-check
port-check: $(FIRMWARE_PROBE) build/board ## the port of STM32F407 on the emulated board, at every edge
	@python3 tests/firmware/test_port.py build/board $(FIRMWARE_PROBE)
