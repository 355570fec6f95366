# The emulated board: build/board, and its own tests. Included by the top Makefile.

BOARD_DIR := tests/board
BOARD_SRC := $(sort $(wildcard $(BOARD_DIR)/*.c))
BOARD_OBJ := $(BOARD_SRC:$(BOARD_DIR)/%.c=build/board.d/%.o)
BOARD_CC ?= $(CC)
BOARD_CFLAGS ?= -std=gnu11 -O2 -g -Wall -Wextra -Wconversion -Werror
ARM_CC ?= arm-none-eabi-gcc

BLINKY_DIR := $(BOARD_DIR)/blinky
BLINKY_CFLAGS := -mcpu=cortex-m4 -mthumb -mfloat-abi=soft -std=c11 -Os -g -Wall -Wextra -Wconversion -Werror \
	-ffreestanding -ffunction-sections -nostdlib -nostartfiles

.PHONY: board board-check board-clean

board: build/board

build/board: $(BOARD_OBJ)
	$(BOARD_CC) $(BOARD_CFLAGS) -o $@ $^ $(shell pkg-config --libs unicorn)

build/board.d/%.o: $(BOARD_DIR)/%.c $(wildcard $(BOARD_DIR)/*.h)
	@mkdir -p $(@D)
	$(BOARD_CC) $(BOARD_CFLAGS) $(shell pkg-config --cflags unicorn) -c -o $@ $<

build/board.d/blinky.elf: $(wildcard $(BLINKY_DIR)/*)
	@mkdir -p $(@D)
	$(ARM_CC) $(BLINKY_CFLAGS) -T $(BLINKY_DIR)/blinky.ld -o $@ $(filter %.c %.S,$^)

board-check: build/board build/board.d/blinky.elf
	$(BOARD_DIR)/check.py build/board build/board.d/blinky.elf

board-clean:
	rm -rf build/board build/board.d
