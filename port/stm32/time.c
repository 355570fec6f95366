/* Time. Awake it is told by the cycle counter, which goes on while an erase stalls the processor for
 * a second and interrupts are lost; asleep by SysTick, as the cycle counter then stands still. */
#include "stm32.h"

/* How long a sleep lasts: what arrives meanwhile waits in the ring, 370 bytes at 921600 baud. */
#define TICK 4u /* milliseconds; the counter has 24 bits */

static uint32_t milliseconds, rest, seen; /* `rest` cycles are less than one millisecond */

static void advance(uint32_t cycles)
{
	uint32_t one = sfu_clock_mhz * 1000u;

	milliseconds += cycles / one;
	rest += cycles % one;
	if (rest >= one) {
		rest -= one;
		milliseconds++;
	}
}

void sfu_time_start(void)
{
	DEMCR_R |= DEMCR_TRCENA;
	DWT_R.CYCCNT = 0;
	DWT_R.CTRL |= DWT_CTRL_CYCCNTENA;
}

void sfu_time_tick(void)
{
	SYSTICK_R.LOAD = sfu_clock_mhz * 1000u * TICK - 1u;
	SYSTICK_R.VAL = 0;
	SYSTICK_R.CTRL = SYSTICK_CTRL_RUN;
	seen = DWT_R.CYCCNT;
}

void sfu_time_stop(void)
{
	SYSTICK_R.CTRL = 0;
	SYSTICK_R.LOAD = 0;
	SYSTICK_R.VAL = 0;
	DWT_R.CTRL &= ~DWT_CTRL_CYCCNTENA;
	DWT_R.CYCCNT = 0;
	DEMCR_R &= ~DEMCR_TRCENA;
}

/* The counter wraps after 25 s: flash operations, idle and the core call this far more often. */
uint32_t sfu_port_time(void)
{
	uint32_t now = DWT_R.CYCCNT;

	advance(now - seen);
	seen = now;
	return milliseconds;
}

/* Interrupts are masked, so a tick that comes between looking at SysTick and sleeping only makes the
 * sleep end at once (ARMv7-M B1.5.19), and no sleep is longer than one period. */
void sfu_port_idle(void)
{
	uint32_t before, after;

	sfu_port_kick();
	(void)sfu_port_time();
	SCB_R.ICSR = SCB_ICSR_PENDSTCLR;
	before = SYSTICK_R.VAL;
	__asm__ volatile("dsb\n\twfi" ::: "memory");
	after = SYSTICK_R.VAL;
	seen = DWT_R.CYCCNT;
	advance(before >= after ? before - after : before + sfu_clock_mhz * 1000u * TICK - after);
}

uint32_t sfu_wait(const volatile uint32_t *reg, uint32_t mask, uint32_t value, uint32_t us)
{
	uint32_t start = DWT_R.CYCCNT, limit = us * sfu_clock_mhz;

	do {
		if ((*reg & mask) == value)
			return SFU_OK;
		sfu_port_kick();
	} while (DWT_R.CYCCNT - start < limit);
	return SFU_E_TIMEOUT;
}
