#include "blinky.h"

#include "regs.h"

/* Which case runs is data the test puts here: a word at the end of sector 0's 16 KiB. */
#define CASE REG(0x08003FFCu)

volatile uint32_t g_ticks, g_pendsv, g_svc, g_received, g_flash_irqs, g_fault_pc, g_nmi;

void nmi_handler(void);
void systick_handler(void);
void pendsv_handler(void);
void svc_handler(void);
void usart2_handler(void);
void flash_handler(void);
void fault_handler(void);
void usage_handler(void);
void tests(void) __attribute__((noreturn));

__attribute__((noinline)) void pass(void)
{
	for (;;)
		__asm__ volatile("");
}

__attribute__((noinline)) void fail(void)
{
	for (;;)
		__asm__ volatile("");
}

void expect(int holds)
{
	if (!holds)
		fail();
}

void nmi_handler(void)
{
	g_nmi++;
}

void systick_handler(void)
{
	g_ticks++;
	GPIOD_ODR ^= 1u << 12;
}

void pendsv_handler(void)
{
	g_pendsv++;
}
void svc_handler(void)
{
	g_svc++;
}

void usart2_handler(void)
{
	if (USART2_SR & 1u << 5) {
		USART2_DR = USART2_DR;
		g_received++;
	}
}

void flash_handler(void)
{
	FLASH_SR = 1;
	g_flash_irqs++;
}

/* Steps over the instruction that faulted: its frame's pc is at +24. */
void step_over_fault(uint32_t *frame);
void step_over_fault(uint32_t *frame)
{
	const uint16_t *instruction = (const uint16_t *)(uintptr_t)frame[6];

	g_fault_pc = frame[6];
	frame[6] += *instruction >= 0xE800 ? 4u : 2u;
}

__attribute__((naked)) void fault_handler(void)
{
	__asm__ volatile("mov r0, sp\n b step_over_fault");
}

__attribute__((naked)) void usage_handler(void)
{
	__asm__ volatile("mov r0, sp\n b step_over_fault");
}

/* 8 MHz / 8 * 336 / 2 = 168 MHz; 48 MHz = 336 / 7; PCLK1 42 MHz (RM0090 7.2.3, 7.3.2) */
void clock_168(void)
{
	RCC_CR |= 1u << 16;
	while (!(RCC_CR & 1u << 17))
		;
	FLASH_ACR = 0x705;
	RCC_PLLCFGR = 7u << 24 | 1u << 22 | 336u << 6 | 8;
	RCC_CR |= 1u << 24;
	while (!(RCC_CR & 1u << 25))
		;
	RCC_CFGR = 4u << 13 | 5u << 10;
	RCC_CFGR |= 2;
	while ((RCC_CFGR >> 2 & 3) != 2)
		;
}

void say(const char *text)
{
	for (; *text != '\0'; text++) {
		while (!(USART2_SR & 1u << 7))
			;
		USART2_DR = (uint8_t)*text;
	}
	while (!(USART2_SR & 1u << 6))
		;
}

void tests(void)
{
	RCC_AHB1ENR |= 1u << 0 | 1u << 3 | 1u << 21;
	run_case(CASE);
}
