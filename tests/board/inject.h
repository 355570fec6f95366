#ifndef BOARD_INJECT_H
#define BOARD_INJECT_H

/* What goes wrong on purpose: cuts of power, skipped instructions, flipped bits, wrong results, wrong branches. */
#include <stdint.h>

enum board_cut { BOARD_CUT_NONE, BOARD_CUT_BEFORE, BOARD_CUT_INSIDE, BOARD_CUT_AFTER };

/* Options, as text; each may be given several times. They fail with a sentence. */
void board_inject_cut(const char *text);             /* N:before|inside|after */
void board_inject_cut_instruction(const char *text); /* N */
void board_inject_skip(const char *text);            /* N */
void board_inject_flip(const char *text);            /* ADDR:BIT@N */
void board_inject_ecc(const char *text);             /* ADDR or ADDR:nmi */
void board_inject_result(const char *text);          /* N:R:VALUE */
void board_inject_turn(const char *text);            /* N */
void board_inject_path(const char *text);            /* N-M[:ends] */

void board_inject_tries(uint64_t instruction); /* before it, board_tries_fork is called */

void board_inject_start(void);
/* Is the instruction after that many to be skipped, or its condition to be turned round? */
int board_inject_skips_at(uint64_t insns);
int board_inject_turns_at(uint64_t insns);
enum board_cut board_inject_at_operation(uint64_t number);

#endif
