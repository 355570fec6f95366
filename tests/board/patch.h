#ifndef BOARD_PATCH_H
#define BOARD_PATCH_H

/*
 * Skipping an instruction inside an IT block. libunicorn cannot be stopped
 * there: the instruction at hand still executes. So it is made a NOP before
 * the block begins, and itself again after it.
 */

int board_patch_needed(void); /* an IT block begins: is one of its instructions to be skipped? */
int board_patch_make(void);   /* outside of libunicorn: makes the NOP, if one is needed */
int board_patch_settle(void); /* before each instruction while nonzero: undoes it after the block */
void board_patch_undo(void);

#endif
