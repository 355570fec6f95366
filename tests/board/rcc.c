#include "rcc.h"

#include <string.h>

#include "bus.h"
#include "clock.h"
#include "defect.h"
#include "flash.h"
#include "part.h"
#include "scs.h"
#include "stop.h"

enum {
	CR = 0x00,
	PLLCFGR = 0x04,
	CFGR = 0x08,
	AHB1RSTR = 0x10,
	APB2RSTR = 0x24,
	AHB1ENR = 0x30,
	AHB2ENR = 0x34,
	APB1ENR = 0x40,
	APB2ENR = 0x44,
	BDCR = 0x70,
	CSR = 0x74,
	SIZE = 0x90
};
enum {
	CR_HSION = 1,
	CR_HSIRDY = 2,
	CR_HSEON = 1 << 16,
	CR_HSERDY = 1 << 17,
	CR_PLLON = 1 << 24,
	CR_PLLRDY = 1 << 25,
	CR_I2SON = 1 << 26,
	CR_I2SRDY = 1 << 27
};
enum {
	CSR_LSION = 1,
	CSR_LSIRDY = 2,
	CSR_RMVF = 1 << 24,
	CSR_POWER = 0x0E000000,
	CSR_PIN = 1 << 26,
	CSR_SOFTWARE = 1 << 28,
	CSR_IWDG = 1 << 29,
	CSR_WWDG = 1 << 30
};

static uint32_t g_regs[SIZE / 4], g_pwr_cr, g_pwr_csr, g_flags;

#define REG(offset) g_regs[(offset) / 4]

int board_rcc_enabled(uint32_t enable_register, unsigned bit)
{
	return (int)(REG(enable_register) >> bit & 1);
}

static uint32_t pll_vco(void)
{
	const uint32_t p = REG(PLLCFGR), m = p & 0x3F, n = p >> 6 & 0x1FF;
	const uint32_t input = p >> 22 & 1 ? BOARD_HSE_HZ : BOARD_HSI_HZ;

	return m ? (uint32_t)((uint64_t)input * n / m) : 0;
}

static uint32_t sysclk(void)
{
	switch (REG(CFGR) & 3) {
	case 1:
		return BOARD_HSE_HZ;
	case 2:
		return pll_vco() / (((REG(PLLCFGR) >> 16 & 3) + 1) * 2);
	default:
		return BOARD_HSI_HZ;
	}
}

/* HPRE: 0xxx is 1; 1000 is 2 ... 1011 is 16; 1100 is 64 ... 1111 is 512 (7.3.3). */
static uint32_t hclk(void)
{
	const uint32_t hpre = REG(CFGR) >> 4 & 0xF,
		       shift = hpre < 8 ? 0
		: hpre < 12             ? hpre - 7
					: hpre - 6;

	return sysclk() >> shift;
}

uint32_t board_rcc_pclk(unsigned bus)
{
	const uint32_t ppre = REG(CFGR) >> (bus == 1 ? 10 : 13) & 7;

	return hclk() >> (ppre < 4 ? 0 : ppre - 3);
}

int board_rcc_pll48_runs(void)
{
	return (REG(CR) & CR_PLLRDY) != 0 && (REG(PLLCFGR) >> 24 & 0xF) >= 2;
}

/* DS8626 table 14 and RM0090 table 10 (2.7 V to 3.6 V, voltage scale 1). */
static void check_clock(uint32_t hz)
{
	const uint32_t wait_states = board_flash_read(0) & 7, needed = hz ? (hz - 1) / 30000000 : 0;
	const char *wrong = NULL;

	if (hz == 0)
		wrong = "the PLL's divider M is 0";
	else if (hz > 168000000)
		wrong = "HCLK is above 168 MHz";
	else if (board_rcc_pclk(1) > 42000000 || board_rcc_pclk(2) > 84000000)
		wrong = "PCLK1 is above 42 MHz or PCLK2 above 84 MHz";
	else if (wait_states < needed)
		wrong = "too few flash wait states for this HCLK";
	if (wrong != NULL)
		board_diagnose("rcc: %s (HCLK %u Hz, PCLK1 %u, PCLK2 %u, ACR latency %u)", wrong,
			hz, board_rcc_pclk(1), board_rcc_pclk(2), wait_states);
}

static void apply_clock(void)
{
	const uint32_t hz = hclk();

	check_clock(hz);
	if (hz == 0 || hz == board_hclk())
		return;
	board_scs_clock_changing();
	board_clock_set_hclk(hz);
	board_scs_clock_changed();
}

static void write_cr(uint32_t value)
{
	const uint32_t running = REG(CFGR) & 3;

	if ((running == 2 && !(value & CR_PLLON)) || (running == 1 && !(value & CR_HSEON)))
		value |= running == 2
			? CR_PLLON
			: CR_HSEON; /* the source of SYSCLK cannot be stopped (7.3.1) */
	if (running == 0)
		value |= CR_HSION;
	value &= ~(uint32_t)(CR_HSIRDY | CR_HSERDY | CR_PLLRDY | CR_I2SRDY);
	value |= value & CR_HSION ? CR_HSIRDY : 0;
	value |= value & CR_HSEON ? CR_HSERDY : 0;
	value |= value & CR_PLLON ? CR_PLLRDY : 0;
	value |= value & CR_I2SON ? CR_I2SRDY : 0;
	value &= ~board_defect_dead_clocks();
	REG(CR) = value;
}

static void write_cfgr(uint32_t value)
{
	static const uint32_t ready[4] = { CR_HSIRDY, CR_HSERDY, CR_PLLRDY, 0 };

	if (!(REG(CR) & ready[value & 3])) {
		board_diagnose("rcc: SYSCLK switched to source %u, which is not ready", value & 3);
		return;
	}
	REG(CFGR) = (value & ~UINT32_C(0xC)) | (value & 3) << 2;
	apply_clock();
}

uint32_t board_rcc_read(unsigned instance, uint32_t offset)
{
	(void)instance;
	if (offset >= SIZE)
		return 0;
	return offset == CSR ? REG(CSR) | g_flags : REG(offset);
}

void board_rcc_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask)
{
	uint32_t whole;

	(void)instance;
	if (offset >= SIZE)
		return;
	whole = (REG(offset) & ~mask) | (value & mask);
	switch (offset) {
	case CR:
		write_cr(whole);
		break;
	case PLLCFGR:
		if (REG(CR) & CR_PLLON)
			board_diagnose("rcc: PLLCFGR written while the PLL runs");
		REG(PLLCFGR) = whole;
		break;
	case CFGR:
		write_cfgr(whole);
		break;
	case CSR:
		if (value & mask & CSR_RMVF)
			g_flags = 0;
		REG(CSR) = whole & CSR_LSION ? CSR_LSION | CSR_LSIRDY : 0;
		break;
	case BDCR:
		REG(BDCR) = (whole & ~UINT32_C(2)) | (whole & 1) << 1;
		break;
	default:
		REG(offset) = whole;
		if (offset >= AHB1RSTR && offset <= APB2RSTR)
			board_bus_reset_by(offset + 0x20, whole);
		break;
	}
}

int board_rcc_held(uint32_t enable_register, unsigned bit)
{
	return (int)(REG(enable_register - 0x20) >> bit & 1);
}

/* 7.3.21: flags gather until RMVF or power-on; every reset also pulls NRST. */
static uint32_t flags_of(enum board_reset cause)
{
	switch (cause) {
	case BOARD_RESET_SOFTWARE:
		return CSR_SOFTWARE | CSR_PIN;
	case BOARD_RESET_IWDG:
		return CSR_IWDG | CSR_PIN;
	case BOARD_RESET_WWDG:
		return CSR_WWDG | CSR_PIN;
	default:
		return CSR_PIN;
	}
}

void board_pwr_reset(unsigned instance)
{
	(void)instance;
	g_pwr_cr = 0x4000;
	g_pwr_csr = 0;
}

void board_rcc_reset(enum board_reset cause)
{
	memset(g_regs, 0, sizeof g_regs);
	g_flags = cause == BOARD_RESET_POWER ? (uint32_t)CSR_POWER : g_flags | flags_of(cause);
	REG(CR) = 0x83;
	REG(PLLCFGR) = 0x24003010;
	REG(AHB1ENR) = 0x00100000;
	REG(0x50) = 0x7E6791FF;
	REG(0x54) = 0x000000F1;
	REG(0x58) = 1;
	REG(0x60) = 0x36FEC9FF;
	REG(0x64) = 0x00075F33;
	REG(0x84) = 0x20003000;
	board_pwr_reset(0);
	board_clock_set_hclk(BOARD_HSI_HZ);
}

uint32_t board_pwr_read(unsigned instance, uint32_t offset)
{
	(void)instance;
	return offset == 0 ? g_pwr_cr : offset == 4 ? g_pwr_csr | 1 << 14 /* VOSRDY */ : 0;
}

void board_pwr_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask)
{
	(void)instance;
	if (offset == 0)
		g_pwr_cr = ((g_pwr_cr & ~mask) | (value & mask)) & 0x4FF3;
	else if (offset == 4)
		g_pwr_csr = value & mask & 0x300;
}
