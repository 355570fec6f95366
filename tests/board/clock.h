#ifndef BOARD_CLOCK_H
#define BOARD_CLOCK_H

/*
 * Virtual time. One instruction is one cycle of HCLK (a simplification: no
 * wait states, no multi-cycle instructions). Time also passes without
 * instructions: the CPU stalls on a busy flash, or sleeps. Everything that
 * happens later is a timer; timers fire between two instructions, in order
 * of time.
 */
#include <stdint.h>

#define BOARD_US UINT64_C(1000000) /* virtual time is counted in picoseconds */
#define BOARD_MS UINT64_C(1000000000)
#define BOARD_S UINT64_C(1000000000000)
#define BOARD_NEVER UINT64_MAX

enum board_timer {
	BOARD_TIMER_FLASH,
	BOARD_TIMER_SYSTICK,
	BOARD_TIMER_IWDG,
	BOARD_TIMER_WWDG,
	BOARD_TIMER_RX,
	BOARD_TIMER_IDLE,
	BOARD_TIMER_TX, /* BOARD_TIMER_TX + i: USART i of four */
	BOARD_TIMER_HOST = BOARD_TIMER_TX + 4,
	BOARD_TIMER_LIMIT,
	BOARD_TIMERS
};

extern uint64_t board_insns;      /* instructions executed in this run */
extern uint64_t board_busy_insns; /* of these, while the flash was busy */
extern uint64_t board_deadline;   /* value of board_insns at which the next timer is due */

uint64_t board_now(void);    /* virtual picoseconds since the run began */
uint64_t board_cycles(void); /* HCLK cycles, without those asleep: what DWT CYCCNT counts */
uint32_t board_hclk(void);
void board_clock_set_hclk(uint32_t hz);
uint64_t board_ticks(uint64_t n, uint32_t hz); /* how long n ticks of a clock last */
uint64_t board_ticks_in(uint64_t time, uint32_t hz);

void board_timer_handle(enum board_timer timer, void (*fire)(void));
void board_timer_set(enum board_timer timer, uint64_t at); /* BOARD_NEVER stops it */
uint64_t board_timer_at(enum board_timer timer);
uint64_t board_timer_next(void);

void board_clock_fire(void); /* fires what is due now */

/* Time passes without instructions, timers firing on the way, until `until` or until stop() says so. */
void board_clock_pass(uint64_t until, int asleep, int (*stop)(void));

#endif
