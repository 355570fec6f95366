#ifndef BOARD_EFFECT_H
#define BOARD_EFFECT_H

/* What a Thumb instruction does that a fault can spoil: the registers it writes, where a condition leads. ARMv7-M ARM, A5
 * and A7.7; of coprocessors nothing. */
#include <stdint.h>

/* A bit for each of R0 to R14 that the instruction writes; for an IT block's, if its condition holds. */
uint16_t board_effect_writes(uint16_t first, uint16_t second);

/* B<c>, CBZ, CBNZ: 1, and where the branch leads. */
int board_effect_branches(uint32_t pc, uint16_t first, uint16_t second, uint32_t *target);

/* The branch at pc goes the other way: 1, it is not to execute. What is in an IT block, or one itself: see patch.h. */
int board_effect_turn(void);

void board_effect_set(unsigned r, uint32_t value); /* R0 to R14 */

/* The IT with the condition of its i-th instruction (from 1) turned round, or of all (0); 0 if it has none: AL. */
uint16_t board_effect_turned(uint16_t it, unsigned i);

#endif
