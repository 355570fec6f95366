#ifndef BOARD_DEFECT_H
#define BOARD_DEFECT_H

/*
 * A chip with a defect: flash cells that do not take, a flash controller that does not finish, an
 * oscillator that does not start, an RNG that fails in one of the ways of RM0090 24.3.2 or repeats itself.
 */
#include <stdint.h>

enum board_rng_fault {
	BOARD_RNG_SOUND,
	BOARD_RNG_SEED,   /* SECS and SEIS */
	BOARD_RNG_CLOCK,  /* CECS and CEIS */
	BOARD_RNG_LATCHED_SEED,  /* SEIS alone: the error is over, and was not handled */
	BOARD_RNG_LATCHED_CLOCK, /* CEIS alone */
	BOARD_RNG_REPEAT, /* each number is the one before */
	BOARD_RNG_SILENT  /* DRDY never rises */
};

void board_defect_cell(const char *text);  /* ADDR:BIT:0|1[@N] */
void board_defect_hang(const char *text);  /* N[:stall] */
void board_defect_clock(const char *text); /* hse or pll */
void board_defect_rng(const char *text);   /* KIND[@N] */

/* What a word of flash holds after the flash operation under way, if it should hold `word`. */
uint32_t board_defect_word(uint32_t address, uint32_t word);
int board_defect_has_cells(void);

/* Does the flash operation of this number never end? And if so, do accesses to flash stall for ever? */
int board_defect_hangs(uint64_t operation);
int board_defect_stalls(void);

uint32_t board_defect_dead_clocks(void); /* RCC_CR's ready bits that never rise */

/* Called with the number (from 1) of the word that is to be read next. */
enum board_rng_fault board_defect_rng_at(uint64_t number);

#endif
