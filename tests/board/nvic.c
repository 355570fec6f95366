#include "nvic.h"

#include <string.h>

#include "cpu.h"

#define LOWEST 256 /* priority of thread mode: below every exception */

static struct {
	uint8_t pending, active, enabled, line, priority;
} g_exception[BOARD_EXCEPTIONS];
static unsigned g_group;

void board_nvic_reset(void)
{
	unsigned i;

	memset(g_exception, 0, sizeof g_exception);
	g_group = 0;
	for (i = 1; i < BOARD_IRQ0; i++)
		g_exception[i].enabled = i < BOARD_MEMFAULT || i > BOARD_USAGEFAULT;
}

void board_nvic_pend(unsigned exception)
{
	g_exception[exception].pending = 1;
	board_cpu_attend();
}

void board_nvic_unpend(unsigned exception)
{
	g_exception[exception].pending = 0;
}

int board_nvic_is_pending(unsigned exception)
{
	return g_exception[exception].pending;
}

int board_nvic_is_active(unsigned exception)
{
	return g_exception[exception].active;
}

int board_nvic_any_active(void)
{
	unsigned i;

	for (i = 1; i < BOARD_EXCEPTIONS; i++)
		if (g_exception[i].active)
			return 1;
	return 0;
}

/* B3.4.1: a level that is still high when its handler returns pends again. */
void board_nvic_line(unsigned irq, int level)
{
	const unsigned n = BOARD_IRQ0 + irq;

	if (level && !g_exception[n].line && !g_exception[n].pending)
		board_nvic_pend(n);
	g_exception[n].line = level != 0;
}

static int fixed_priority(unsigned n)
{
	return n == BOARD_NMI ? -2 : n == BOARD_HARDFAULT ? -1 : g_exception[n].priority;
}

/* Only the group part of a priority decides who preempts (AIRCR.PRIGROUP). */
static int group_priority(int priority)
{
	return priority < 0 ? priority : (int)((unsigned)priority & ~((2u << g_group) - 1) & 0xFF);
}

static int execution_priority(int with_primask)
{
	const int basepri = (int)board_reg(UC_ARM_REG_BASEPRI) & 0xFF;
	int lowest = LOWEST;
	unsigned i;

	for (i = 1; i < BOARD_EXCEPTIONS; i++)
		if (g_exception[i].active && group_priority(fixed_priority(i)) < lowest)
			lowest = group_priority(fixed_priority(i));
	if (basepri != 0 && group_priority(basepri) < lowest)
		lowest = group_priority(basepri);
	if (with_primask && (board_reg(UC_ARM_REG_PRIMASK) & 1) && lowest > 0)
		lowest = 0;
	if ((board_reg(UC_ARM_REG_FAULTMASK) & 1) && lowest > -1)
		lowest = -1;
	return lowest;
}

static unsigned best_pending(void)
{
	unsigned i, best = 0;

	for (i = 1; i < BOARD_EXCEPTIONS; i++)
		if (g_exception[i].pending && g_exception[i].enabled &&
			(best == 0 || fixed_priority(i) < fixed_priority(best)))
			best = i;
	return best;
}

unsigned board_nvic_next(void)
{
	const unsigned best = best_pending();

	if (best == 0 || group_priority(fixed_priority(best)) >= execution_priority(1))
		return 0;
	return best;
}

int board_nvic_wakes(void)
{
	const unsigned best = best_pending();

	return best != 0 && group_priority(fixed_priority(best)) < execution_priority(0);
}

void board_nvic_take(unsigned exception)
{
	g_exception[exception].pending = 0;
	g_exception[exception].active = 1;
}

void board_nvic_done(unsigned exception)
{
	g_exception[exception].active = 0;
	if (g_exception[exception].line)
		g_exception[exception].pending = 1;
	board_cpu_attend();
}

unsigned board_nvic_escalate(unsigned exception)
{
	const int now = execution_priority(1);

	if (g_exception[exception].enabled && group_priority(fixed_priority(exception)) < now)
		return exception;
	return now > -1 ? BOARD_HARDFAULT : 0;
}

/* The F407 implements the upper four bits of a priority (PM0214 4.3.7). */
void board_nvic_set_priority(unsigned exception, uint8_t priority)
{
	g_exception[exception].priority = priority & 0xF0;
	board_cpu_attend();
}

uint8_t board_nvic_priority(unsigned exception)
{
	return g_exception[exception].priority;
}

void board_nvic_set_group(unsigned prigroup)
{
	g_group = prigroup;
	board_cpu_attend();
}

void board_nvic_enable_fault(unsigned exception, int enabled)
{
	g_exception[exception].enabled = enabled != 0;
}

static uint32_t bit_of(uint32_t bank, unsigned n)
{
	switch (bank) {
	case 0x100:
	case 0x180:
		return g_exception[n].enabled;
	case 0x200:
	case 0x280:
		return g_exception[n].pending;
	default:
		return g_exception[n].active;
	}
}

/* The banks are 0x80 apart; ISER, ICER, ISPR, ICPR, IABR. */
uint32_t board_nvic_read(uint32_t offset)
{
	const uint32_t first = (offset & 0x7F) * 8, bank = offset & 0x780;
	uint32_t value = 0;
	unsigned i;

	if (offset >= 0x400) {
		for (i = 0; i < 4; i++)
			if (offset - 0x400 + i < BOARD_IRQS)
				value |= (uint32_t)g_exception[BOARD_IRQ0 + offset - 0x400 + i]
						 .priority
					<< 8 * i;
		return value;
	}
	for (i = 0; i < 32; i++)
		if (first + i < BOARD_IRQS)
			value |= bit_of(bank, BOARD_IRQ0 + first + i) << i;
	return value;
}

static void write_bit(uint32_t bank, unsigned n)
{
	switch (bank) {
	case 0x100:
		g_exception[n].enabled = 1;
		break;
	case 0x180:
		g_exception[n].enabled = 0;
		break;
	case 0x200:
		g_exception[n].pending = 1;
		break;
	case 0x280:
		g_exception[n].pending = g_exception[n].line && !g_exception[n].active;
		break;
	default:
		break;
	}
}

void board_nvic_write(uint32_t offset, uint32_t value, uint32_t mask)
{
	const uint32_t first = (offset & 0x7F) * 8;
	unsigned i;

	for (i = 0; offset >= 0x400 && i < 4; i++)
		if (offset - 0x400 + i < BOARD_IRQS && (mask >> 8 * i & 0xFF))
			board_nvic_set_priority(
				BOARD_IRQ0 + offset - 0x400 + i, (uint8_t)(value >> 8 * i));
	for (i = 0; offset < 0x400 && i < 32; i++)
		if (first + i < BOARD_IRQS && (value & mask) >> i & 1)
			write_bit(offset & 0x780, BOARD_IRQ0 + first + i);
	board_cpu_attend();
}
