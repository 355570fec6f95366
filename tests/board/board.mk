# The emulated board: build/board, and its own checks. It is a program of its own: nothing here is
# linked into anything else, and it includes no header of the loader.

BOARD_DIR := tests/board
BOARD_SRC := $(sort $(wildcard $(BOARD_DIR)/*.c))
BOARD_HDR := $(sort $(wildcard $(BOARD_DIR)/*.h))
BOARD_OBJ := $(BOARD_SRC:$(BOARD_DIR)/%.c=build/board.d/%.o)
BOARD_CC ?= cc
BOARD_CFLAGS ?= -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wconversion -Werror
BOARD_ARM_CC ?= arm-none-eabi-gcc
BLINKY_DIR := $(BOARD_DIR)/blinky
BLINKY_CFLAGS := -mcpu=cortex-m4 -mthumb -mfloat-abi=soft -std=c11 -Os -g -Wall -Wextra -Wconversion \
	-Werror -ffreestanding -ffunction-sections -nostdlib -nostartfiles

ALL += build/board
CHECKS += board-check

.PHONY: board board-check

board: build/board ## the emulated STM32F407, build/board

build/board: $(BOARD_OBJ)
	$(Q)$(BOARD_CC) $(BOARD_CFLAGS) -o $@ $^ $$(pkg-config --libs unicorn)

build/board.d/%.o: $(BOARD_DIR)/%.c $(BOARD_HDR) $(DEPS)
	$(Q)mkdir -p $(@D)
	$(Q)$(BOARD_CC) $(BOARD_CFLAGS) $$(pkg-config --cflags unicorn) -c -o $@ $<

build/board.d/blinky.elf: $(sort $(wildcard $(BLINKY_DIR)/*)) $(DEPS)
	$(Q)mkdir -p $(@D)
	$(Q)$(BOARD_ARM_CC) $(BLINKY_CFLAGS) -T $(BLINKY_DIR)/blinky.ld -o $@ $(filter $(BLINKY_DIR)/%.c $(BLINKY_DIR)/%.S,$^)

board-check: build/board build/board.d/blinky.elf ## checks of the emulated board
	$(Q)$(BOARD_DIR)/check.py build/board build/board.d/blinky.elf
