#ifndef BOARD_FLASH_H
#define BOARD_FLASH_H

/*
 * The embedded flash interface at 0x40023C00 (RM0090 3.5 to 3.9).
 *
 * Strict, as the board is unless --lenient: whatever would set an error flag,
 * a second program of a byte since its erase, a write while BSY, a write to a
 * locked register or a wrong key ends the run with a diagnosis. Lenient: what
 * silicon does.
 */
#include <stdint.h>

#include "reset.h"

extern int board_flash_busy_flag;
extern int board_lenient;
extern uint64_t board_flash_operations; /* erases, programs, option writes begun in this run */

static inline int board_flash_is_busy(void)
{
	return board_flash_busy_flag;
}

uint64_t board_flash_busy_until(void);

void board_flash_init(uint64_t seed);
void board_flash_reset(enum board_reset cause);
void board_flash_end(void); /* the run is over: an operation under way stays torn */
uint32_t board_flash_read(uint32_t offset);
void board_flash_write(uint32_t offset, uint32_t value, uint32_t mask);

/* The CPU stores to flash, OTP or the option area. Afterwards the memory holds what the cells hold. */
void board_flash_store(uint32_t address, unsigned size, uint64_t value);

#endif
