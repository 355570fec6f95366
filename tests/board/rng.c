#include "rng.h"

#include <sys/random.h>

#include "clock.h"
#include "defect.h"
#include "nvic.h"
#include "random.h"
#include "rcc.h"
#include "stop.h"

enum { CR = 0, SR = 4, DR = 8, CR_RNGEN = 4, CR_IE = 8 };
enum { SR_DRDY = 1, SR_CECS = 2, SR_SECS = 4, SR_CEIS = 0x20, SR_SEIS = 0x40 };

/* 24.3.1: a number every 40 periods of the 48 MHz clock. */
#define PERIOD board_ticks(40, 48000000)

static uint32_t g_cr, g_latched, g_last;
static uint64_t g_numbers; /* of this run */
static uint64_t g_ready;
static struct board_random g_random;
static int g_seeded, g_fails;

void board_rng_init(int seeded, uint64_t seed, int fails)
{
	g_seeded = seeded;
	g_random.state = seed;
	g_fails = fails;
}

void board_rng_reset(void)
{
	g_cr = g_latched = 0;
	board_nvic_line(BOARD_IRQ_RNG, 0);
}

static uint32_t status(void)
{
	const enum board_rng_fault fault = board_defect_rng_at(g_numbers + 1);
	uint32_t sr = 0;

	if (!(g_cr & CR_RNGEN))
		return g_latched;
	if (!board_rcc_pll48_runs() || fault == BOARD_RNG_CLOCK)
		sr |= SR_CECS | SR_CEIS;
	if (g_fails || fault == BOARD_RNG_SEED)
		sr |= SR_SECS | SR_SEIS;
	/* the error is over when somebody looks, and left its mark; numbers come all the same */
	if (fault == BOARD_RNG_LATCHED_SEED || fault == BOARD_RNG_LATCHED_CLOCK)
		g_latched |= fault == BOARD_RNG_LATCHED_SEED ? SR_SEIS : SR_CEIS;
	if (sr == 0 && board_now() >= g_ready && fault != BOARD_RNG_SILENT)
		sr |= SR_DRDY;
	g_latched |= sr & (SR_CEIS | SR_SEIS);
	return sr | g_latched;
}

static void update_irq(void)
{
	board_nvic_line(BOARD_IRQ_RNG, (g_cr & CR_IE) && status() != 0);
}

static uint32_t number(void)
{
	uint32_t value = 0;

	if (!(status() & SR_DRDY))
		return 0;
	if (g_seeded)
		value = (uint32_t)(board_random_next(&g_random) >> 16);
	else if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
		board_fail(BOARD_EX_SOFTWARE, "the host gives no random numbers");
	g_ready = board_now() + PERIOD;
	if (board_defect_rng_at(++g_numbers) == BOARD_RNG_REPEAT)
		value = g_last;
	g_last = value;
	return value;
}

uint32_t board_rng_read(unsigned instance, uint32_t offset)
{
	(void)instance;
	return offset == CR ? g_cr : offset == SR ? status() : offset == DR ? number() : 0;
}

void board_rng_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask)
{
	(void)instance;
	if (offset == CR) {
		if (!(g_cr & CR_RNGEN) && (value & CR_RNGEN))
			g_ready = board_now() + PERIOD;
		g_cr = value & mask & (CR_RNGEN | CR_IE);
	} else if (offset == SR) {
		g_latched &= ~mask | value; /* the two interrupt flags are cleared by writing 0 */
	}
	update_irq();
}
