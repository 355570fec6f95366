#ifndef BOARD_SCS_H
#define BOARD_SCS_H

/*
 * The private peripheral bus: SysTick, SCB, DWT cycle counter, MPU registers
 * (remembered, not enforced), DBGMCU. ARMv7-M ARM, B3.2, B3.3, C1.8; PM0214 4.
 */
#include <stdint.h>

void board_scs_init(void);

/* Every register of SysTick, NVIC, SCB, DWT and DBGMCU that is not 0, and the core's own mask registers. */
void board_scs_tell(void (*tell)(const char *name, uint32_t offset, uint32_t value));
void board_scs_reset(void);
uint32_t board_scs_read(uint32_t address);
void board_scs_write(uint32_t address, uint32_t value, uint32_t mask);

uint32_t board_scs_vtor(void);
uint32_t board_scs_cfsr(void);
int board_scs_fp_enabled(void); /* CPACR grants coprocessors 10 and 11 */
void board_scs_fault(uint32_t cfsr, uint32_t address, int valid, int escalated);

/* HCLK is about to change and has changed: SysTick keeps its count. */
void board_scs_clock_changing(void);
void board_scs_clock_changed(void);

#endif
