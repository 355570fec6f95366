# The core and the host port on a PC, with gcc and with clang's sanitizers.
#
#   build/VARIANT/libcore.a      the core without boot check, curve, layout and configuration
#   build/VARIANT/libport.a      the host port: flash simulator, line, clock
#   build/VARIANT/layout-U-E-S.o layouts of port/host/layouts: unit U, erased value E (ff, 00), S slots
#
# VARIANT is host (gcc) or host-asan (clang, address and undefined-behaviour sanitizers). A program
# links a layout, libport.a, libcore.a, and BearSSL's library of the same variant.

HOST_VARIANTS := host host-asan
HOST_CC_host := gcc -O2 -g
HOST_CC_host-asan := clang -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all

HOST_UNITS := 2 4 8 16 32
HOST_ERASED := ff 00
HOST_SLOTS := 1 2
HOST_LAYOUTS := $(foreach u,$(HOST_UNITS),$(foreach e,$(HOST_ERASED),$(foreach s,$(HOST_SLOTS),$u-$e-$s)))

HOST_PORT_C := port/host/flash.c port/host/port.c
# the port and the tests are hosted C, with the core's warnings
HOST_FLAGS := -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wconversion -Werror \
	-Iport/host -Ifsm -Igen -Iport -Icrypto -Ispec $(BEARSSL_INCLUDE)
HOST_H := $(wildcard port/host/*.h)

# $(call host-rules,VARIANT)
define host-rules
build/$(1)/core/%.o: %.c $$(CORE_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(CORE_FLAGS) -c $$< -o $$@

build/$(1)/port/%.o: port/host/%.c $$(CORE_H) $$(HOST_H) | $$(DEPS)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) -c $$< -o $$@

build/$(1)/libcore.a: $$(CORE_C:%.c=build/$(1)/core/%.o)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^

build/$(1)/libport.a: $$(HOST_PORT_C:port/host/%.c=build/$(1)/port/%.o)
	@rm -f $$@
	$$(Q)ar rcs $$@ $$^

$$(HOST_LAYOUTS:%=build/$(1)/layout-%.o): port/host/layouts/small.c $$(CORE_H)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) $$(call host-layout,$$(@:build/$(1)/layout-%.o=%)) -c $$< -o $$@

build/$(1)/layout-large.o: port/host/layouts/large.c $$(CORE_H)
	@mkdir -p $$(@D)
	$$(Q)$$(HOST_CC_$(1)) $$(HOST_FLAGS) -c $$< -o $$@
endef

# -D of UNIT, ERASED and SLOTS for U-E-S
host-layout = -DUNIT=$(word 1,$(subst -, ,$1)) -DERASED=0x$(word 2,$(subst -, ,$1)) \
	-DSLOTS=$(word 3,$(subst -, ,$1))

$(foreach variant,$(HOST_VARIANTS),$(eval $(call host-rules,$(variant))))
