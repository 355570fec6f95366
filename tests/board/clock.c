#include "clock.h"

#include <stddef.h>

#include "part.h"

__extension__ typedef unsigned __int128 wide;

uint64_t board_insns, board_busy_insns, board_deadline = BOARD_NEVER;

static uint32_t g_hclk = BOARD_HSI_HZ;
static uint64_t g_base_time, g_base_insns, g_stalled_cycles;
static struct {
	uint64_t at;
	void (*fire)(void);
} g_timers[BOARD_TIMERS];
static int g_started;

uint64_t board_ticks(uint64_t n, uint32_t hz)
{
	return (uint64_t)((wide)n * BOARD_S / hz);
}

uint64_t board_ticks_in(uint64_t time, uint32_t hz)
{
	return (uint64_t)((wide)time * hz / BOARD_S);
}

uint64_t board_now(void)
{
	return g_base_time + board_ticks(board_insns - g_base_insns, g_hclk);
}

uint64_t board_cycles(void)
{
	return board_insns + g_stalled_cycles;
}

uint32_t board_hclk(void)
{
	return g_hclk;
}

static void rebase(uint64_t now)
{
	g_base_time = now;
	g_base_insns = board_insns;
}

/* The first instruction count whose time is not before the earliest timer. */
static void plan(void)
{
	const uint64_t at = board_timer_next();
	wide insns;

	if (at == BOARD_NEVER) {
		board_deadline = BOARD_NEVER;
		return;
	}
	if (at <= g_base_time) {
		board_deadline = g_base_insns;
		return;
	}
	insns = ((wide)(at - g_base_time) * g_hclk + BOARD_S - 1) / BOARD_S + g_base_insns;
	board_deadline = insns < BOARD_NEVER ? (uint64_t)insns : BOARD_NEVER;
}

void board_clock_set_hclk(uint32_t hz)
{
	rebase(board_now());
	g_hclk = hz;
	plan();
}

static void start(void)
{
	unsigned i;

	for (i = 0; !g_started && i < BOARD_TIMERS; i++)
		g_timers[i].at = BOARD_NEVER;
	g_started = 1;
}

void board_timer_handle(enum board_timer timer, void (*fire)(void))
{
	start();
	g_timers[timer].fire = fire;
}

void board_timer_set(enum board_timer timer, uint64_t at)
{
	start();
	g_timers[timer].at = at;
	plan();
}

uint64_t board_timer_at(enum board_timer timer)
{
	return g_timers[timer].at;
}

static unsigned earliest(void)
{
	unsigned i, first = 0;

	for (i = 1; i < BOARD_TIMERS; i++)
		if (g_timers[i].at < g_timers[first].at)
			first = i;
	return first;
}

uint64_t board_timer_next(void)
{
	start();
	return g_timers[earliest()].at;
}

void board_clock_fire(void)
{
	const uint64_t now = board_now();
	unsigned i;

	while (i = earliest(), g_timers[i].at <= now && g_timers[i].at != BOARD_NEVER) {
		g_timers[i].at = BOARD_NEVER;
		if (g_timers[i].fire != NULL)
			g_timers[i].fire();
	}
	plan();
}

static void jump(uint64_t to, int asleep)
{
	const uint64_t now = board_now();

	if (to <= now)
		return;
	if (!asleep)
		g_stalled_cycles += (uint64_t)((wide)(to - now) * g_hclk / BOARD_S);
	rebase(to);
}

void board_clock_pass(uint64_t until, int asleep, int (*stop)(void))
{
	uint64_t next;

	while (!stop() && (next = board_timer_next()) <= until && next != BOARD_NEVER) {
		jump(next, asleep);
		board_clock_fire();
	}
	if (!stop() && until != BOARD_NEVER)
		jump(until, asleep);
	plan();
}
