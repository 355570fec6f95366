#include <stdint.h>

extern uint32_t _stack, _data_load, _data, _data_end, _bss, _bss_end;

void reset(void) __attribute__((noreturn));
void tests(void) __attribute__((noreturn));
void fault_handler(void);
void usage_handler(void);
void systick_handler(void);
void svc_handler(void);
void pendsv_handler(void);
void usart2_handler(void);
void flash_handler(void);
void nmi_handler(void);
void stuck(void);

void stuck(void)
{
	for (;;)
		;
}

/* Exceptions 1 to 15, then IRQs 0 to 38. */
__attribute__((section(".vectors"), used)) static void (*const vectors[55])(void) = {
	(void (*)(void))(uintptr_t)&_stack,
	reset,
	nmi_handler,
	fault_handler,
	stuck,
	fault_handler,
	usage_handler,
	0,
	0,
	0,
	0,
	svc_handler,
	stuck,
	0,
	pendsv_handler,
	systick_handler,
	[16 + 4] = flash_handler,
	[16 + 38] = usart2_handler,
};

void reset(void)
{
	uint32_t *from = &_data_load, *to;

	for (to = &_data; to < &_data_end; to++)
		*to = *from++;
	for (to = &_bss; to < &_bss_end; to++)
		*to = 0;
	tests();
}
