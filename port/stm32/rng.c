/* Entropy: RM0090 chapter 24. Switched on for each call, so that its start-up test runs each time. */
#include "stm32.h"

#define WORD_LIMIT 1000u         /* 40 periods of 48 MHz, and some for its start */

/* 24.3.1: the first word is only compared with the second, and so on: FIPS 140-2's continuous test */
static uint32_t draw(uint32_t *previous)
{
	uint32_t word;

	if (sfu_wait(&RNG_R.SR, RNG_SR_DRDY, RNG_SR_DRDY, WORD_LIMIT) != SFU_OK)
		return SFU_E_ENTROPY;
	word = RNG_R.DR;
	if ((RNG_R.SR & RNG_SR_ERRORS) != 0 || word == *previous)
		return SFU_E_ENTROPY;
	*previous = word;
	return SFU_OK;
}

uint32_t sfu_port_entropy(uint8_t out[32])
{
	uint32_t i, word = 0, code;

	RCC_R.AHB2ENR |= RCC_AHB2_RNG;
	(void)RCC_R.AHB2ENR;
	RNG_R.CR = 0;
	RNG_R.SR = 0;
	RNG_R.CR = RNG_CR_RNGEN;
	code = draw(&word);
	for (i = 0; i < 32; i++) {
		if (i % 4u == 0 && code == SFU_OK)
			code = draw(&word);
		out[i] = (uint8_t)(word >> 8u * (i % 4u));
	}
	for (i = 0; i < 32 && code != SFU_OK; i++)
		out[i] = 0;
	RNG_R.CR = 0;
	RCC_R.AHB2ENR &= ~RCC_AHB2_RNG;
	return code;
}
