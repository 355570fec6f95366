#include "watchdog.h"

#include "clock.h"
#include "cpu.h"
#include "part.h"
#include "rcc.h"
#include "reset.h"
#include "store.h"

enum { KR = 0, PR = 4, RLR = 8, SR = 12 };
enum { WWDG_CR = 0, WWDG_CFR = 4, WWDG_SR = 8, WDGA = 0x80, WDG_SW = 0x20 };

static uint32_t g_pr, g_rlr, g_wcr, g_wcfr, g_wsr;
static uint64_t g_pvu, g_rvu, g_wstart;
static int g_open, g_running;
static uint64_t g_kick_insns, g_kick_time; /* at the last kick */

uint64_t board_kick_insns, board_kick_time;
uint32_t board_kick_pc;

static void reload(void)
{
	const uint32_t shift = g_pr > 6 ? 8 : g_pr + 2; /* /4 ... /256 */

	if (g_running)
		board_timer_set(BOARD_TIMER_IWDG,
			board_now() + board_ticks(((uint64_t)g_rlr + 1) << shift, BOARD_LSI_HZ));
}

static void iwdg_fire(void)
{
	board_reset_request(BOARD_RESET_IWDG);
}

static void wwdg_fire(void)
{
	board_reset_request(BOARD_RESET_WWDG);
}

void board_watchdog_init(void)
{
	board_timer_handle(BOARD_TIMER_IWDG, iwdg_fire);
	board_timer_handle(BOARD_TIMER_WWDG, wwdg_fire);
}

void board_watchdog_measure(void)
{
	if (board_insns - g_kick_insns > board_kick_insns) {
		board_kick_insns = board_insns - g_kick_insns;
		board_kick_pc = board_cpu_pc();
	}
	if (board_now() - g_kick_time > board_kick_time)
		board_kick_time = board_now() - g_kick_time;
	g_kick_insns = board_insns;
	g_kick_time = board_now();
}

void board_wwdg_reset(unsigned instance)
{
	(void)instance;
	g_wcr = g_wcfr = 0x7F;
	g_wsr = 0;
	board_timer_set(BOARD_TIMER_WWDG, BOARD_NEVER);
}

void board_watchdog_reset(void)
{
	board_watchdog_measure();
	g_pr = 0;
	g_rlr = 0xFFF;
	g_pvu = g_rvu = 0;
	g_open = 0;
	board_wwdg_reset(0);
	g_running = !(board_store->options & WDG_SW);
	board_timer_set(BOARD_TIMER_IWDG, BOARD_NEVER);
	reload();
}

/* 21.4.4: a new prescaler or reload value takes up to five LSI periods to arrive. */
uint32_t board_iwdg_read(unsigned instance, uint32_t offset)
{
	const uint64_t now = board_now();

	(void)instance;
	switch (offset) {
	case PR:
		return g_pr;
	case RLR:
		return g_rlr;
	case SR:
		return (now < g_pvu ? 1u : 0u) | (now < g_rvu ? 2u : 0u);
	default:
		return 0;
	}
}

static void key(uint32_t value)
{
	g_open = value == 0x5555;
	if (value == 0xCCCC)
		g_running = 1;
	if (value == 0xCCCC || value == 0xAAAA) {
		board_watchdog_measure();
		reload();
	}
}

void board_iwdg_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask)
{
	const uint64_t soon = board_now() + board_ticks(5, BOARD_LSI_HZ);

	(void)instance;
	value &= mask;
	if (offset == KR) {
		key(value & 0xFFFF);
	} else if (offset == PR && g_open) {
		g_pr = value & 7;
		g_pvu = soon;
	} else if (offset == RLR && g_open) {
		g_rlr = value & 0xFFF;
		g_rvu = soon;
	}
}

/* 22.4: PCLK1 / 4096 / 2^WDGTB; reset when T6 falls. */
static uint64_t wwdg_tick(void)
{
	return board_ticks(UINT64_C(4096) << (g_wcfr >> 7 & 3), board_rcc_pclk(1));
}

static uint32_t wwdg_count(void)
{
	const uint32_t set = g_wcr & 0x7F;

	if (!(g_wcr & WDGA))
		return set;
	return (set - (uint32_t)((board_now() - g_wstart) / wwdg_tick())) & 0x7F;
}

uint32_t board_wwdg_read(unsigned instance, uint32_t offset)
{
	(void)instance;
	return offset == WWDG_CR     ? (g_wcr & WDGA) | wwdg_count()
		: offset == WWDG_CFR ? g_wcfr
				     : g_wsr;
}

void board_wwdg_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask)
{
	(void)instance;
	value &= mask;
	if (offset == WWDG_CFR) {
		g_wcfr = value & 0x3FF;
	} else if (offset == WWDG_SR) {
		g_wsr &= value;
	} else if (offset == WWDG_CR) {
		const int early = (g_wcr & WDGA) && wwdg_count() > (g_wcfr & 0x7F);

		g_wcr = (g_wcr & WDGA) | (value & 0xFF);
		g_wstart = board_now();
		if ((g_wcr & WDGA) && (early || !(value & 0x40)))
			board_reset_request(BOARD_RESET_WWDG);
		else if (g_wcr & WDGA)
			board_timer_set(
				BOARD_TIMER_WWDG, g_wstart + ((value & 0x3F) + 1) * wwdg_tick());
	}
}
