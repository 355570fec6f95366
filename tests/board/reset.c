#include "reset.h"

#include "bus.h"
#include "cpu.h"
#include "dma.h"
#include "flash.h"
#include "gpio.h"
#include "nvic.h"
#include "rcc.h"
#include "report.h"
#include "rng.h"
#include "scs.h"
#include "usart.h"
#include "watchdog.h"

const char *const board_reset_names[BOARD_RESETS] = { "none", "power", "software", "iwdg", "wwdg",
	"options" };
uint64_t board_reset_counts[BOARD_RESETS];

static enum board_reset g_requested;

void board_reset_request(enum board_reset cause)
{
	if (g_requested == BOARD_RESET_NONE)
		g_requested = cause;
	board_cpu_attend();
}

enum board_reset board_reset_requested(void)
{
	return g_requested;
}

void board_reset_all(enum board_reset cause, uint64_t seed)
{
	g_requested = BOARD_RESET_NONE;
	board_reset_counts[cause]++;
	if (cause == BOARD_RESET_POWER)
		board_cpu_lose_ram(seed + board_reset_counts[cause]);
	board_report_reset();
	board_nvic_reset();
	board_scs_reset();
	board_flash_reset(cause);
	board_rcc_reset(cause);
	board_bus_reset(cause == BOARD_RESET_POWER);
	board_gpio_reset();
	board_usart_reset();
	board_dma_reset();
	board_rng_reset();
	board_watchdog_reset();
	board_cpu_reset();
}
