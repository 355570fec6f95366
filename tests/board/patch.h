#ifndef BOARD_PATCH_H
#define BOARD_PATCH_H

/*
 * Skipping an instruction inside an IT block, or turning its condition round.
 * libunicorn cannot be stopped there: the instruction at hand still executes.
 * So it is made a NOP, or the IT another, before the block begins, and itself
 * again after it.
 */

int board_patch_needed(void); /* an IT block begins: is there something to be done to it? */
int board_patch_make(void);   /* outside of libunicorn: does it */
int board_patch_settle(void); /* before each instruction while nonzero: undoes it after the block */
void board_patch_undo(void);

#endif
