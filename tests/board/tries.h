#ifndef BOARD_TRIES_H
#define BOARD_TRIES_H

/*
 * Many faults, one at a time, from one state: where the first of them may
 * happen the board forks for each, and the fork runs on with it, on flash of
 * its own. The parent tells how each ended, then runs on without any.
 */
void board_tries_load(const char *path); /* "skip N", "result N:R:VALUE" or "turn N" a line */
void board_tries_fork(void);             /* returns in each fork, and in the end in the parent */
void board_tries_end(int reason);        /* a fork ends here */

#endif
