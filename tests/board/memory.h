#ifndef BOARD_MEMORY_H
#define BOARD_MEMORY_H

/* The memories the core sees, and what is remembered of each address. RM0090 2.3. */
#include <stdint.h>
#include <unicorn/unicorn.h>

#include "cpu.h"
#include "part.h"
#include "thumb.h"

/* One byte of thumb.h flags for each halfword of flash; code in RAM is decoded each time. */
extern uint8_t board_flash_flags[];
extern uint64_t *board_counts; /* per halfword of flash, SRAM, CCM; NULL unless asked for */
extern unsigned board_stores_open;

void board_memory_map(uc_engine *uc);
void board_memory_hook(void (*hook)(int type, void (*function)(void), uint32_t from, uint32_t to));
/* From now on a CPU load from this word of flash gives a bus fault, or an NMI after the load. */
void board_memory_make_unreadable(uint32_t address, int nmi);

void board_memory_forget(uint32_t from, uint32_t size);
uint8_t board_memory_decode(uint32_t pc);
void board_memory_count_slow(uint32_t pc);

/* A store to flash, OTP or option bytes; 0 if the address is none of these. */
int board_memory_flash_store(uint32_t address, unsigned size, uint64_t value);
void board_memory_settle_slow(void);

static inline int board_memory_is_flash(uint32_t address)
{
	return address - BOARD_FLASH_BASE < BOARD_FLASH_SIZE || address < BOARD_FLASH_SIZE;
}

/* libunicorn writes the raw value after the hook returns: put back what the cells hold. */
static inline void board_memory_settle(void)
{
	if (board_stores_open != 0)
		board_memory_settle_slow();
}

static inline unsigned board_memory_flags(uint32_t pc)
{
	const uint32_t offset = pc & (BOARD_FLASH_SIZE - 1);

	if (board_memory_is_flash(pc) && board_flash_flags[offset / 2] != 0)
		return board_flash_flags[offset / 2];
	return board_memory_decode(pc);
}

static inline void board_memory_count(uint32_t pc)
{
	if (board_counts != NULL)
		board_memory_count_slow(pc);
}

#endif
