#ifndef BOARD_RCC_H
#define BOARD_RCC_H

/* Reset and clock control at 0x40023800 (RM0090 7.3) and PWR at 0x40007000 (5.4). */
#include <stdint.h>

#include "reset.h"

void board_rcc_reset(enum board_reset cause);
uint32_t board_rcc_read(unsigned instance, uint32_t offset);
void board_rcc_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);
uint32_t board_pwr_read(unsigned instance, uint32_t offset);
void board_pwr_reset(unsigned instance);
void board_pwr_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);

int board_rcc_enabled(uint32_t enable_register, unsigned bit);
int board_rcc_held(uint32_t enable_register, unsigned bit); /* in reset, by its bit in xRSTR */
uint32_t board_rcc_pclk(unsigned bus); /* 1 or 2 */
int board_rcc_pll48_runs(void);        /* what the RNG is clocked by */

#endif
