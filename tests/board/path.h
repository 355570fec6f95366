#ifndef BOARD_PATH_H
#define BOARD_PATH_H

/* What executes from one instruction to another, or the first and the last time that each place of flash does: a line for
 * each, with what a fault can spoil of it. */
#include <stdint.h>

void board_path_begin(uint64_t first, uint64_t last, int ends); /* 1 is the first */
uint64_t board_path_next(void);                       /* the value of board_insns at which to tell */
void board_path_tell(void);                           /* before an instruction */
void board_path_finish(void);

#endif
