# Loaders for STM32F405/407/415/417.
#
#   build/stm32f407/loader-LAYOUT-CHECK[-prime][-921600].elf .hex .bin .map
#
# LAYOUT is a file of port/stm32/layouts/ (ab, single), CHECK the boot check (signature, seal); -prime
# takes the smaller and slower curve, -921600 that baud rate in place of 115200. Everything is chosen
# by linking another object, so a variant shares all objects but those.

STM32 := build/stm32f407
STM32_CC := arm-none-eabi-gcc
STM32_CPU := -mcpu=cortex-m4 -mthumb -mfloat-abi=soft
# -fno-jump-tables: the machines' switches are calls, for which a table is longer. The other -fno- are
# worth 0.2 KiB, found by trying. -flto is worth 1.6 KiB of 26.7; but not for what `sfu factory` fills
# in, and not for the last question before a hand-over (fsm/sfu.c), which an optimizer that sees the
# whole would answer from the one before it; nor for a hash whose context would lie on the stack, 112 bytes, under
# the verification that follows it.
STM32_FLAGS := $(STM32_CPU) -Os -g -ffunction-sections -fdata-sections -fno-common -fno-jump-tables \
	-fno-schedule-insns2 -fno-caller-saves -fno-move-loop-invariants -fipa-pta
STM32_LTO := -flto
STM32_APART := fsm/sfu fsm/digest port/stm32/config port/stm32/mem
# mem.c may not be compiled into calls of itself; its loops are worth 50 bytes more
STM32_MEM_FLAGS := -O2 -fno-tree-loop-distribute-patterns -fno-builtin

STM32_PORT := start clock time flash uart rng watchdog system handover mem config version
STM32_BOARD := board_discovery
STM32_COMMON := $(patsubst %.c,$(STM32)/obj/%.o,$(CORE_C) \
	$(STM32_PORT:%=port/stm32/%.c) $(STM32_BOARD:%=port/stm32/%.c))
STM32_SCRIPTS := port/stm32/f407.ld port/stm32/loader.ld
STM32_H := $(CORE_H) $(wildcard port/stm32/*.h)

STM32_LAYOUTS := ab single
STM32_CHECKS := signature seal
STM32_CHECK_signature = $(CHECK_SIGNATURE_C:%.c=$(STM32)/obj/%.o)
STM32_CHECK_seal = $(CHECK_SEAL_C:%.c=$(STM32)/obj/%.o)
# its stack is larger than the 3200 bytes of loader.ld
STM32_LINK_prime := -Wl,--defsym=sfu_stack_size=4992
STM32_CURVE_m31 = $(CURVE_M31_C:%.c=$(STM32)/obj/%.o)
STM32_CURVE_prime = $(CURVE_PRIME_C:%.c=$(STM32)/obj/%.o)

$(STM32_APART:%=$(STM32)/obj/%.o): STM32_LTO :=
$(STM32)/obj/port/stm32/mem.o: STM32_EXTRA := $(STM32_MEM_FLAGS)

$(STM32)/obj/%.o: %.c $(STM32_H) port/stm32/stm32.mk | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(STM32_CC) $(STM32_FLAGS) $(STM32_LTO) $(CORE_FLAGS) -Iport/stm32 $(STM32_EXTRA) -c $< -o $@

STM32_STAMPS := $(STM32_LAYOUTS:%=$(STM32)/layout/%.stamp)

$(STM32_STAMPS): $(STM32)/layout/%.stamp: port/stm32/layouts/f407-%.layout build-aux/layout.py
	@mkdir -p $(@D)
	$(Q)python3 build-aux/layout.py $< --c $(@D)/$*.c --ld $(@D)/$*.ld --slot-ld a $(@D)/$*-a.ld \
		$(if $(filter ab,$*),--slot-ld b $(@D)/$*-b.ld)
	@touch $@

$(STM32)/layout/%.o: $(STM32)/layout/%.stamp $(STM32_H)
	$(Q)$(STM32_CC) $(STM32_FLAGS) $(STM32_LTO) $(CORE_FLAGS) -c $(@D)/$*.c -o $@

# $(call stm32-loader,LAYOUT,CHECK,CURVE,BAUD,NAME)
define stm32-loader
STM32_LOADERS += $(STM32)/$(5).elf
$(STM32)/$(5).elf: $$(STM32_COMMON) $$(STM32_CHECK_$(2)) $$(STM32_CURVE_$(3)) \
		$(STM32)/obj/port/stm32/baud_$(4).o $(STM32)/layout/$(1).o \
		build/cortex-m4/libbearssl.a $(STM32_SCRIPTS)
	$(Q)$(STM32_CC) $(STM32_CPU) -nostdlib -nostartfiles -Wl,--gc-sections -Wl,-n -Wl,--fatal-warnings \
		-Wl,-u,sfu_layout $$(STM32_LINK_$(3)) -Wl,-Map=$(STM32)/$(5).map -T $(STM32)/layout/$(1).ld $(STM32_SCRIPTS:%=-T %) \
		$$(filter %.o,$$^) build/cortex-m4/libbearssl.a -lgcc -o $$@
	@arm-none-eabi-size $$@
endef

stm32-suffix = $(if $(filter prime,$(1)),-prime)$(if $(filter 921600,$(2)),-921600)

$(foreach l,$(STM32_LAYOUTS),$(foreach k,$(STM32_CHECKS),$(foreach c,m31 prime,\
	$(foreach b,115200 921600,$(eval $(call \
	stm32-loader,$(l),$(k),$(c),$(b),loader-$(l)-$(k)$(call stm32-suffix,$(c),$(b))))))))

$(STM32)/%.hex: $(STM32)/%.elf
	$(Q)arm-none-eabi-objcopy -O ihex $< $@

$(STM32)/%.bin: $(STM32)/%.elf
	$(Q)arm-none-eabi-objcopy -O binary --gap-fill 0xFF $< $@

ALL += $(STM32_LOADERS) $(STM32_LOADERS:.elf=.hex) $(STM32_LOADERS:.elf=.bin)

.PHONY: loaders
loaders: $(STM32_LOADERS) ## the loaders for STM32F407, all variants
