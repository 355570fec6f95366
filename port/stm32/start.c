/* From reset to the core. The loader serves no interrupt: they stay masked, and only wake it. */
#include "stm32.h"
#include "sfu.h"

extern uint32_t sfu_stack_top[], sfu_bss_start[], sfu_bss_end[];
extern const uint32_t sfu_vectors[];

_Noreturn void sfu_start(void);

struct vectors {
	uint32_t *stack;
	void (*handler[15])(void);
};

/* ARMv7-M B1.5.2: reset, NMI, faults, system calls, SysTick; interrupts of the chip are never on.
 * A fault leaves nothing to trust but a reset. What led to it is not kept: a journal written from
 * here would be written by a program that has just gone wrong. */
__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
	sfu_stack_top, {
		sfu_start, sfu_port_reset, sfu_port_reset, sfu_port_reset, sfu_port_reset,
		sfu_port_reset, sfu_port_reset, sfu_port_reset, sfu_port_reset, sfu_port_reset,
		sfu_port_reset, sfu_port_reset, sfu_port_reset, sfu_port_reset, sfu_port_reset,
	},
};

_Noreturn void sfu_start(void)
{
	uint32_t *to;

	__asm__ volatile("cpsid i");
	SCB_R.VTOR = (uint32_t)(uintptr_t)sfu_vectors; /* not at the alias at 0, whatever BOOT0 says */
	/* no variable has a value other than 0 to begin with: loader.ld asserts it */
	for (to = sfu_bss_start; to != sfu_bss_end; to++)
		*to = 0;
	sfu_time_start();
	sfu_clock_start();
	sfu_time_tick();
	sfu_main();
	sfu_port_reset();
	for (;;)
		;
}
