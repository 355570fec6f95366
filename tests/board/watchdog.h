#ifndef BOARD_WATCHDOG_H
#define BOARD_WATCHDOG_H

/* IWDG at 0x40003000 (RM0090 21.4) and WWDG at 0x40002C00 (22.6). */
#include <stdint.h>

void board_watchdog_init(void);
void board_watchdog_reset(void); /* starts the IWDG if the option byte WDG_SW is 0 */
void board_wwdg_reset(unsigned instance);

/* The longest way from one kick of the IWDG, or reset, to the next, or the end of the run: instructions,
 * and time; where the longer way in instructions ended. */
extern uint64_t board_kick_insns, board_kick_time;
extern uint32_t board_kick_pc;
void board_watchdog_measure(void); /* the way ends here */

uint32_t board_iwdg_read(unsigned instance, uint32_t offset);
void board_iwdg_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);
uint32_t board_wwdg_read(unsigned instance, uint32_t offset);
void board_wwdg_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);

#endif
