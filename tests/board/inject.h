#ifndef BOARD_INJECT_H
#define BOARD_INJECT_H

/* What goes wrong on purpose: cuts of power, skipped instructions, flipped bits. */
#include <stdint.h>

enum board_cut { BOARD_CUT_NONE, BOARD_CUT_BEFORE, BOARD_CUT_INSIDE, BOARD_CUT_AFTER };

/* Options, as text; each may be given several times. They fail with a sentence. */
void board_inject_cut(const char *text);             /* N:before|inside|after */
void board_inject_cut_instruction(const char *text); /* N */
void board_inject_skip(const char *text);            /* N */
void board_inject_flip(const char *text);            /* ADDR:BIT@N */
void board_inject_ecc(const char *text);             /* ADDR or ADDR:nmi */

void board_inject_start(void);
int board_inject_skips_at(uint64_t insns); /* is the instruction after that many to be skipped? */
enum board_cut board_inject_at_operation(uint64_t number);

#endif
