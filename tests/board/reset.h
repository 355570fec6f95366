#ifndef BOARD_RESET_H
#define BOARD_RESET_H

/* Resets: what causes them, what survives them. RM0090 section 7.1 and 7.3.21. */
#include <stdint.h>

enum board_reset {
	BOARD_RESET_NONE,
	BOARD_RESET_POWER,
	BOARD_RESET_SOFTWARE,
	BOARD_RESET_IWDG,
	BOARD_RESET_WWDG,
	BOARD_RESET_OPTIONS,
	BOARD_RESETS
};

extern const char *const board_reset_names[BOARD_RESETS];
extern uint64_t board_reset_counts[BOARD_RESETS];

void board_reset_request(enum board_reset cause); /* honoured before the next instruction */
enum board_reset board_reset_requested(void);

/* Resets every model and the core. Power-on also fills RAM with noise. */
void board_reset_all(enum board_reset cause, uint64_t seed);

#endif
