/* The independent watchdog: RM0090 chapter 21. Once started only a reset stops it, so a boot that
 * ends in a confirmed image never starts it, and who opened the line leaves by a reset. */
#include "stm32.h"

#define UPDATE_LIMIT 2000u       /* 21.4.4: 5 cycles of the 32 kHz oscillator, which may be at 17 */

void sfu_watchdog_start(uint32_t scale, uint32_t reload)
{
	IWDG_R.KR = IWDG_KR_START; /* first: it is what starts the oscillator */
	IWDG_R.KR = IWDG_KR_ACCESS;
	IWDG_R.PR = scale;
	IWDG_R.RLR = reload;
	(void)sfu_wait(&IWDG_R.SR, IWDG_SR_UPDATE, 0, UPDATE_LIMIT);
	sfu_port_kick();
}

void sfu_port_kick(void)
{
	IWDG_R.KR = IWDG_KR_RELOAD;
}
