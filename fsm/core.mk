# The core: what every build compiles, host or target. A build adds one boot check, one curve, one
# layout, one configuration, and its port.
#
#   CORE_C       the sources
#   CORE_FLAGS   what they are compiled with, besides the platform's own flags
#   CHECK_SEAL_C, CHECK_SIGNATURE_C   the two boot checks
#   CURVE_M31_C, CURVE_PRIME_C        the two implementations of P-256

CORE_MACHINES := $(patsubst fsm/%.rl,%,$(wildcard fsm/*.rl))
CHECK_SEAL_C := fsm/check_seal.c
CHECK_SIGNATURE_C := fsm/check_signature.c
CURVE_M31_C := crypto/curve_m31.c
CURVE_PRIME_C := crypto/curve_prime.c

CORE_C := $(CORE_MACHINES:%=gen/%.c) \
	$(filter-out $(CHECK_SEAL_C) $(CHECK_SIGNATURE_C),$(sort $(wildcard fsm/*.c))) \
	crypto/crypto.c crypto/curves.c

# ragel falls from state to state on purpose, and numbers states it then does not use
CORE_FLAGS := -std=c11 -ffreestanding -Wall -Wextra -Wconversion -Werror \
	-Wno-implicit-fallthrough -Wno-unused-const-variable \
	-Ifsm -Igen -Iport -Icrypto -Ispec $(BEARSSL_INCLUDE)

# every source depends on every header: they are few, and a stale object costs more than a compile
CORE_H := $(wildcard fsm/*.h gen/*.h port/port.h crypto/*.h)

CHECKS += core-check

.PHONY: core-check
core-check: $(DEPS) ## the core has no #if, heap, recursion or function pointer
	@python3 build-aux/core_check.py
