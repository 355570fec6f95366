/* The clock: 168 MHz from an 8 MHz crystal, so that verification takes a tenth of the time. */
#include "stm32.h"

/* RM0090 7.3.2: 2 MHz into the PLL as it recommends; VCO, core and 48 MHz (RNG) in the order of terms */
#define PLL(m, n, q) ((m) | (n) << 6 | 0u << 16 | (q) << 24)

#define HSE_LIMIT 20000u        /* the data sheet says 2 ms, typically */
#define PLL_LIMIT 2000u         /* 0.3 ms */
#define SWITCH_LIMIT 1000u

static const struct source {
	uint32_t on, ready, pll, mhz;
} source[2] = {
	{ RCC_CR_HSEON, RCC_CR_HSERDY, PLL(4u, 168u, 7u) | RCC_PLLCFGR_HSE, 168 },
	/* 144, not 168: the internal oscillator may be 4.5 % too fast, and 168 MHz is the limit */
	{ RCC_CR_HSION, RCC_CR_HSIRDY, PLL(8u, 144u, 6u), 144 },
};

uint32_t sfu_clock_mhz, sfu_clock_line;

static uint32_t run(const struct source *s)
{
	RCC_R.CR |= s->on;
	if (sfu_wait(&RCC_R.CR, s->ready, s->ready, HSE_LIMIT) != SFU_OK)
		return SFU_E_TIMEOUT;
	RCC_R.PLLCFGR = s->pll;
	RCC_R.CR |= RCC_CR_PLLON;
	if (sfu_wait(&RCC_R.CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY, PLL_LIMIT) != SFU_OK)
		return SFU_E_TIMEOUT;
	/* 3.5.1: the wait states must be in force, which reading them back shows, before the clock rises */
	FLASH_R.ACR = FLASH_ACR_5WS | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
	if (sfu_wait(&FLASH_R.ACR, 7u, FLASH_ACR_5WS, SWITCH_LIMIT) != SFU_OK)
		return SFU_E_TIMEOUT;
	RCC_R.CFGR = RCC_CFGR_APB1_DIV4 | RCC_CFGR_APB2_DIV2;
	RCC_R.CFGR = RCC_CFGR_APB1_DIV4 | RCC_CFGR_APB2_DIV2 | RCC_CFGR_PLL;
	return sfu_wait(&RCC_R.CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL, SWITCH_LIMIT);
}

void sfu_clock_start(void)
{
	uint32_t i;

	sfu_clock_mhz = 16;
	sfu_clock_line = 16000000u;
	for (i = 0; i < 2; i++) {
		if (run(&source[i]) == SFU_OK) {
			sfu_clock_mhz = source[i].mhz;
			sfu_clock_line = source[i].mhz * 250000u;
			return;
		}
		sfu_clock_stop();
	}
}

void sfu_clock_stop(void)
{
	RCC_R.CR |= RCC_CR_HSION;
	(void)sfu_wait(&RCC_R.CR, RCC_CR_HSIRDY, RCC_CR_HSIRDY, SWITCH_LIMIT);
	RCC_R.CFGR = 0;
	(void)sfu_wait(&RCC_R.CFGR, RCC_CFGR_SWS, 0, SWITCH_LIMIT);
	sfu_clock_mhz = 16;
	RCC_R.CR = RCC_CR_RESET;
	(void)sfu_wait(&RCC_R.CR, RCC_CR_PLLRDY, 0, PLL_LIMIT);
	RCC_R.PLLCFGR = RCC_PLLCFGR_RESET;
	FLASH_R.ACR &= ~(FLASH_ACR_ICEN | FLASH_ACR_DCEN);
	sfu_flash_flush();
	FLASH_R.ACR = 0;
}
