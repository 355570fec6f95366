/* The way out: the application finds the chip as reset leaves it, and nothing of the loader in RAM. */
#include <string.h>
#include "stm32.h"

extern uint32_t sfu_ram_start[], sfu_ram_end[];

#define TRIAL_RELOAD (SFU_TIME_TRIAL / 8u - 1u) /* in steps of 8 ms: IWDG_PR_256 at 32 kHz */

_Static_assert(TRIAL_RELOAD <= 0xFFFu, "the watchdog counts 12 bits");

/* Wipes [from, to), a multiple of 16 bytes and the stack with it, so from here on there are only
 * registers; those are cleared too. Interrupts are let through last: none is on or pending, and
 * after reset they are not masked either. */
__attribute__((naked, noreturn)) static void leave(uint32_t stack, uint32_t entry, uint32_t *from, uint32_t *to)
{
	__asm__ volatile(
		"msr	msp, r0\n\t"
		"mov	lr, r1\n\t"
		"movs	r0, #0\n\t"
		"movs	r1, #0\n\t"
		"movs	r4, #0\n\t"
		"movs	r5, #0\n"
	"1:	stmia	r2!, {r0, r1, r4, r5}\n\t"
		"cmp	r2, r3\n\t"
		"blo	1b\n\t"
		"movs	r2, #0\n\t"
		"movs	r3, #0\n\t"
		"movs	r6, #0\n\t"
		"movs	r7, #0\n\t"
		"mov	r8, r0\n\t"
		"mov	r9, r0\n\t"
		"mov	r10, r0\n\t"
		"mov	r11, r0\n\t"
		"mov	r12, r0\n\t"
		"msr	psp, r0\n\t"
		"dsb\n\t"
		"isb\n\t"
		"cpsie	i\n\t"
		"bx	lr");
	(void)stack;
	(void)entry;
	(void)from;
	(void)to;
}

static void reset_peripherals(void)
{
	uint32_t ports = RCC_AHB1_GPIO(sfu_board.port) | RCC_AHB1_GPIO(sfu_board.button_port);

	RCC_R.AHB1RSTR = ports | RCC_AHB1_DMA1;
	RCC_R.AHB2RSTR = RCC_AHB2_RNG;
	RCC_R.APB1RSTR = RCC_APB1_USART(sfu_board.usart);
	sfu_barrier();
	RCC_R.AHB1RSTR = 0;
	RCC_R.AHB2RSTR = 0;
	RCC_R.APB1RSTR = 0;
	RCC_R.AHB1ENR = RCC_AHB1_CCM;
	RCC_R.AHB2ENR = 0;
	RCC_R.APB1ENR = 0;
}

static void quiet_interrupts(void)
{
	uint32_t i;

	for (i = 0; i < NVIC_WORDS; i++) {
		NVIC_R.ICER[i] = 0xFFFFFFFFu;
		NVIC_R.ICPR[i] = 0xFFFFFFFFu;
	}
	SCB_R.ICSR = SCB_ICSR_PENDSTCLR | SCB_ICSR_PENDSVCLR;
}

void sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
	uint32_t first[2];

	if (sfu_port_flash_read(vectors, (uint8_t *)first, sizeof first) != SFU_OK ||
	    !sfu_port_stack_ok(first[0]))
		sfu_port_reset();
	memcpy((void *)(uintptr_t)sfu_exchange, report, SFU_EXCHANGE_SIZE);
	reset_peripherals();
	if (trial != 0)
		sfu_watchdog_start(IWDG_PR_256, TRIAL_RELOAD);
	sfu_clock_stop();
	sfu_time_stop();
	quiet_interrupts();
	SCB_R.VTOR = vectors;
	sfu_barrier();
	leave(first[0], first[1], sfu_ram_start, sfu_ram_end);
}
