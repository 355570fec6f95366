#ifndef BOARD_THUMB_H
#define BOARD_THUMB_H

/* What the board must know of a Thumb instruction before it executes. ARMv7-M ARM, A5 and A7.7. */
#include <stdint.h>

enum {
	BOARD_THUMB_KNOWN = 1,     /* set in every answer, so that 0 can mean "not yet decoded" */
	BOARD_THUMB_IT = 2,        /* IT: the next 1 to 4 instructions may be skipped unseen */
	BOARD_THUMB_LOWERS_SP = 4, /* may move the stack pointer down */
	BOARD_THUMB_MASKS = 8,     /* CPS, MSR: may unmask an interrupt */
	BOARD_THUMB_SLEEPS = 16,   /* WFE, WFI, SEV */
	BOARD_THUMB_FP = 32,       /* coprocessor 10 or 11: needs CPACR */
	BOARD_THUMB_WATCHED = 64   /* not decoded: the caller's mark */
};

static inline unsigned board_thumb_size(uint16_t first)
{
	return first >= 0xE800 ? 4 : 2;
}

uint8_t board_thumb_decode(uint16_t first, uint16_t second);
unsigned board_thumb_it_length(uint16_t it); /* instructions an IT governs */

#endif
