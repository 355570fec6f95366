/* What the files of this port share among themselves; the core sees port/port.h only. */
#ifndef SFU_STM32_H
#define SFU_STM32_H

#include <stddef.h>
#include <stdint.h>
#include "f407.h"
#include "layout.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

/* made by build-aux/layout.py of the layout's `ram` lines: where an application's stack may lie */
extern const uint32_t sfu_ram_count;
extern const struct sfu_area sfu_ram[];

/* the one fact of the line that stations must know, so it has an object file of its own */
extern const uint32_t sfu_port_baud;

/* which pins the loader uses: the line is one of USART2, USART3, UART4, UART5 (0 to 3) */
struct sfu_board {
	uint8_t usart;
	uint8_t stream, channel;       /* of DMA1, for its receiver: RM0090 table 42 */
	uint8_t port, tx, rx;          /* port A is 0 */
	uint8_t alternate;             /* function of both pins: the part's data sheet */
	uint8_t button_port, button;
	uint8_t button_pressed;        /* level: 1 with a pull-down, 0 with a pull-up */
};

extern const struct sfu_board sfu_board;

/* the first 32 bytes of RAM, struct EXCHANGE */
extern volatile uint32_t sfu_exchange[SFU_EXCHANGE_SIZE / 4];

/* clock.c: core cycles in a microsecond, and the clock of the line */
extern uint32_t sfu_clock_mhz, sfu_clock_line;

/* Takes the fastest clock there is: crystal and PLL, internal oscillator and PLL, or the latter alone. */
void sfu_clock_start(void);

/* Everything back as reset leaves it: internal oscillator, no wait state, caches off and empty. */
void sfu_clock_stop(void);

/* time.c: starts the cycle counter, before sfu_clock_start; then the tick, after it. */
void sfu_time_start(void);
void sfu_time_tick(void);
void sfu_time_stop(void);

/* Waits until (*reg & mask) == value, kicking the watchdog: SFU_OK, or SFU_E_TIMEOUT after `us`. */
uint32_t sfu_wait(const volatile uint32_t *reg, uint32_t mask, uint32_t value, uint32_t us);

/* flash.c: empties the caches that stand before flash, and leaves them as they were */
void sfu_flash_flush(void);

/* Number of the erase sector that begins at `address`, as the controller counts, or FLASH_SECTORS. */
uint32_t sfu_flash_sector(uint32_t address, uint32_t *size);

/* watchdog.c: starts it; it cannot be stopped but by reset. `scale` is IWDG_PR_64 or _256. */
void sfu_watchdog_start(uint32_t scale, uint32_t reload);

/* What was written is where it goes before anything that follows begins. */
static inline void sfu_barrier(void)
{
	__asm__ volatile("dsb\n\tisb" ::: "memory");
}

#endif
