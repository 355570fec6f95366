#ifndef BOARD_LOCK_H
#define BOARD_LOCK_H

/* A register's lock: two keys in order open it; a wrong one jams it until reset (RM0090 3.6.1). */
#include <stdint.h>

struct board_lock {
	const char *name;
	uint32_t keys[2];
	int open, step, jammed;
};

void board_lock_turn(struct board_lock *lock, uint32_t key);
void board_lock_close(struct board_lock *lock);
void board_lock_reset(struct board_lock *lock);

#endif
