# The host program, build/sfu, and build/asan/sfu, which is the same under sanitizers for its tests.

TOOL_SOURCES := $(sort $(wildcard tools/*.c)) fsm/bytes.c fsm/crc.c
TOOL_OBJECTS := $(TOOL_SOURCES:%.c=build/tool/%.o)
TOOL_ASAN_OBJECTS := $(TOOL_SOURCES:%.c=build/asan/tool/%.o)
TOOL_PACKAGES := libserialport libelf libssl libcrypto p11-kit-1 sqlite3

TOOL_CC ?= gcc
TOOL_CFLAGS ?= -O2 -g
TOOL_FLAGS = -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wconversion -Werror -Itools -Ifsm -Igen -Iport -Ispec
TOOL_HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
TOOL_ASAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

ALL += build/sfu
CHECKS += tool-check hsm-check

build/tool/%.o: %.c gen/sfu_format.h gen/sfu_codes.h | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(TOOL_CC) $(TOOL_FLAGS) $(TOOL_CFLAGS) $(TOOL_HARDEN) $$(pkg-config --cflags $(TOOL_PACKAGES)) -MMD -MP -c -o $@ $<

build/asan/tool/%.o: %.c gen/sfu_format.h gen/sfu_codes.h | $(DEPS)
	@mkdir -p $(@D)
	$(Q)$(TOOL_CC) $(TOOL_FLAGS) $(TOOL_ASAN) $$(pkg-config --cflags $(TOOL_PACKAGES)) -MMD -MP -c -o $@ $<

build/sfu: $(TOOL_OBJECTS)
	$(Q)$(TOOL_CC) $(TOOL_CFLAGS) -pie -Wl,-z,relro,-z,now -o $@ $^ $$(pkg-config --libs $(TOOL_PACKAGES))

build/asan/sfu: $(TOOL_ASAN_OBJECTS)
	$(Q)$(TOOL_CC) $(TOOL_ASAN) -o $@ $^ $$(pkg-config --libs $(TOOL_PACKAGES))

-include $(TOOL_OBJECTS:.o=.d) $(TOOL_ASAN_OBJECTS:.o=.d)

.PHONY: tool tool-check hsm-check
tool: build/sfu ## the host program, build/sfu

tool-check: build/sfu build/asan/sfu ## tests the host program: commands, failures, a peer on a pty
	@python3 tests/tool/run.py

hsm-check: build/sfu build/asan/sfu ## personalization: HSM, ledger, stations, simulated devices; kill -9 at every write
	@python3 tests/tool/run_hsm.py
