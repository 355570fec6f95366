#ifndef BOARD_WATCHDOG_H
#define BOARD_WATCHDOG_H

/* IWDG at 0x40003000 (RM0090 21.4) and WWDG at 0x40002C00 (22.6). */
#include <stdint.h>

void board_watchdog_init(void);
void board_watchdog_reset(void); /* starts the IWDG if the option byte WDG_SW is 0 */
uint32_t board_iwdg_read(unsigned instance, uint32_t offset);
void board_iwdg_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);
uint32_t board_wwdg_read(unsigned instance, uint32_t offset);
void board_wwdg_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);

#endif
