#ifndef BOARD_IT_H
#define BOARD_IT_H

/*
 * libunicorn's code hook does not fire for an instruction whose condition
 * fails inside an IT block, though silicon spends a cycle on it. This keeps
 * the addresses such a block governs and says how many were passed unseen.
 */
#include <stdint.h>

extern unsigned board_it_left;

static inline int board_it_inside(void)
{
	return board_it_left != 0;
}

void board_it_begin(uint32_t it);       /* an IT instruction is about to execute */
unsigned board_it_skipped(uint32_t pc); /* pc is executing: instructions skipped before it */
void board_it_end(void);                /* the block is left for good */
void board_it_advance(void);
uint32_t board_it_address(
	unsigned i); /* of the i-th instruction; 0 is the IT, the last is what follows */

static inline void board_it_step(void) /* the instruction at the last pc has executed */
{
	if (board_it_left != 0)
		board_it_advance();
}

#endif
