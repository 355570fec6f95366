/* Start of the test application: its own vector table, data and bss. */
#include <stdint.h>

extern uint32_t app_stack_top[], app_data_start[], app_data_end[], app_bss_start[], app_bss_end[];
extern const uint32_t app_data_load[];

int main(void);
void app_start(void);
void app_fault(void);

struct vectors {
	uint32_t *stack;
	void (*handler[15])(void);
};

__attribute__((section(".vectors"), used)) static const struct vectors vectors = {
	app_stack_top, {
		app_start, app_fault, app_fault, app_fault, app_fault, app_fault, app_fault, app_fault,
		app_fault, app_fault, app_fault, app_fault, app_fault, app_fault, app_fault,
	},
};

void app_start(void)
{
	const uint32_t *from = app_data_load;
	uint32_t *to;

	for (to = app_data_start; to != app_data_end; to++)
		*to = *from++;
	for (to = app_bss_start; to != app_bss_end; to++)
		*to = 0;
	(void)main();
	app_fault();
}

/* On trial the watchdog ends this. */
void app_fault(void)
{
	for (;;)
		;
}
