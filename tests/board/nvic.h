#ifndef BOARD_NVIC_H
#define BOARD_NVIC_H

/*
 * Exceptions: which are pending, active, enabled, and which one the core takes
 * next. Numbers are ARM's: 2 NMI, 3 HardFault ... 15 SysTick, 16 + n for IRQ n.
 * ARMv7-M ARM, B1.5 (exception model), B3.4 (NVIC).
 */
#include <stdint.h>

#include "part.h"

enum {
	BOARD_NMI = 2,
	BOARD_HARDFAULT = 3,
	BOARD_MEMFAULT = 4,
	BOARD_BUSFAULT = 5,
	BOARD_USAGEFAULT = 6,
	BOARD_SVCALL = 11,
	BOARD_PENDSV = 14,
	BOARD_SYSTICK = 15,
	BOARD_IRQ0 = 16,
	BOARD_EXCEPTIONS = BOARD_IRQ0 + BOARD_IRQS
};

/* Positions of RM0090 table 62 that the models raise. */
enum {
	BOARD_IRQ_FLASH = 4,
	BOARD_IRQ_DMA1_S0 = 11,
	BOARD_IRQ_USART1 = 37,
	BOARD_IRQ_USART2 = 38,
	BOARD_IRQ_USART3 = 39,
	BOARD_IRQ_DMA1_S7 = 47,
	BOARD_IRQ_DMA2_S0 = 56,
	BOARD_IRQ_DMA2_S5 = 68,
	BOARD_IRQ_USART6 = 71,
	BOARD_IRQ_RNG = 80
};

void board_nvic_reset(void);
void board_nvic_pend(unsigned exception);
void board_nvic_unpend(unsigned exception);
int board_nvic_is_pending(unsigned exception);
int board_nvic_is_active(unsigned exception);
int board_nvic_any_active(void);
void board_nvic_line(unsigned irq, int level); /* a peripheral's level-triggered request */

/* The exception to take now, or 0. Needs the core's mask registers. */
unsigned board_nvic_next(void);
int board_nvic_wakes(void); /* would end WFI: as above, PRIMASK ignored */
void board_nvic_take(unsigned exception);
void board_nvic_done(unsigned exception);

/* A synchronous fault: that exception, or HardFault if it cannot be taken. 0: lockup. */
unsigned board_nvic_escalate(unsigned exception);

void board_nvic_set_priority(unsigned exception, uint8_t priority);
uint8_t board_nvic_priority(unsigned exception);
void board_nvic_set_group(unsigned prigroup);
void board_nvic_enable_fault(unsigned exception, int enabled); /* SHCSR */

/* NVIC registers, 0xE000E100 to 0xE000E4FF, as an offset from 0xE000E000. */
uint32_t board_nvic_read(uint32_t offset);
void board_nvic_write(uint32_t offset, uint32_t value, uint32_t mask);

#endif
