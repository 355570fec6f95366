/* An application that masks nothing, waits longer than any tick of the loader, and then takes an exception of its
 * own: whatever the loader left running or pending shows here. app_end is where all is well. */
#include <stdint.h>

extern uint32_t app_stack_top[];

void app_start(void);
void app_end(void);
void app_fault(void);

struct vectors {
	uint32_t *stack;
	void (*handler[15])(void);
};

/* all faults, but for SVCall */
__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
	app_stack_top, {
		app_start, app_fault, app_fault, app_fault, app_fault, app_fault, app_fault, app_fault,
		app_fault, app_fault, app_end, app_fault, app_fault, app_fault, app_fault,
	},
};

void app_start(void)
{
	uint32_t i;

	for (i = 0; i < 400000u; i++) /* 75 ms at 16 MHz */
		__asm__ volatile("nop");
	__asm__ volatile("svc #0");
	app_fault();
}

__attribute__((noinline)) void app_end(void)
{
	for (;;)
		__asm__ volatile("nop");
}

__attribute__((noinline)) void app_fault(void)
{
	for (;;)
		__asm__ volatile("");
}
