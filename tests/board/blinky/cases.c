#include "blinky.h"

#include "regs.h"

#define S5 0x08020000u /* sector 5, 128 KiB */
#define S2 0x08008000u /* sector 2, 16 KiB */
#define OTP 0x1FFF7800u

__attribute__((section(".noinit"))) static volatile uint32_t g_kept[4];

static void uart_on(uint32_t cr1)
{
	RCC_APB1ENR |= 1u << 17;
	GPIOA_AFRL |= 7u << 8 | 7u << 12;
	GPIOA_MODER |= 2u << 4 | 2u << 6;
	USART2_BRR = 42000000u / 115200u;
	USART2_CR1 = 1u << 13 | 1u << 3 | 1u << 2 | cr1;
}

static void tick_on(uint32_t cycles)
{
	SYST_RVR = cycles - 1;
	SYST_CVR = 0;
	SYST_CSR = 7;
}

static void case_counts(void)
{
	count_loop();
	count_it();
	count_straight();
}

static void case_clock(void)
{
	uint32_t start;

	clock_168();
	DEMCR = 1u << 24;
	DWT_CTRL |= 1;
	tick_on(168000);
	GPIOD_MODER |= 1u << 24;
	start = DWT_CYCCNT;
	while (g_ticks < 10)
		;
	expect(DWT_CYCCNT - start >= 1679000 && DWT_CYCCNT - start < 1682000);
	while (g_ticks < 20)
		__asm__ volatile("wfi");
	expect((DBGMCU_ID & 0xFFF) == 0x413 && SCB_CPUID >> 4 == 0x410FC24);
}

static void case_flash(void)
{
	flash_unlock();
	flash_erase(5);
	expect(REG(S5) == 0xFFFFFFFFu);
	flash_program(S5, 0x12345678);
	flash_program(S5 + 4, 0x9ABCDEF0);
	expect(REG(S5) == 0x12345678u && REG(S5 + 4) == 0x9ABCDEF0u && REG(S5 + 8) == 0xFFFFFFFFu);
	expect(REG(0x1FFF7A20u) >> 16 == 1024);
	flash_program(OTP, 0xA5A5A5A5);
	expect(REG(OTP) == 0xA5A5A5A5u);
}

/* Waits for BSY in RAM, where nothing stalls the core, and counts how long. */
__attribute__((section(".ramcode"), noinline, long_call)) static uint32_t erase_from_ram(void)
{
	uint32_t polls = 0;

	FLASH_CR = 2u << 8 | 2u << 3 | 2u | 1u << 24;
	FLASH_CR |= 1u << 16;
	while (FLASH_SR & 1u << 16)
		polls++;
	return polls;
}

static void case_ram_erase(void)
{
	REG(0xE000E100u) = 1u << 4;
	flash_unlock();
	expect(erase_from_ram() > 100000);
	expect(g_flash_irqs == 1);
}

static void case_double(void)
{
	flash_unlock();
	flash_program(S5, 0xFFFF0000);
	flash_program(S5, 0x0000FFFF);
	expect(REG(S5) == 0); /* only with --lenient */
}

static void case_wrong_key(void)
{
	FLASH_KEYR = 0x45670123u;
	FLASH_KEYR = 0x45670123u;
}

__attribute__((section(".ramcode"), noinline, long_call)) static void write_while_busy(void)
{
	FLASH_CR = 2u << 8 | 1u;
	REG(S5) = 1;
	REG(S5 + 4) = 2;
}

static void case_busy(void)
{
	flash_unlock();
	write_while_busy();
}

static void case_psize(void)
{
	flash_unlock();
	FLASH_CR = 1u;
	REG(S5) = 1;
}

static void case_locked_cr(void)
{
	FLASH_CR = 2u << 8 | 1u;
}

static void case_no_pg(void)
{
	flash_unlock();
	REG(S5) = 1;
}

static void case_row(void)
{
	flash_unlock();
	FLASH_CR = 2u << 8 | 1u;
	__asm__ volatile("str %0, [%1]" ::"r"(1), "r"(S5 + 14) : "memory");
}

static void case_protected(void)
{
	flash_unlock();
	flash_erase(2);
}

static void case_clock_off(void)
{
	USART2_CR1 = 0;
}

/* 200 erases and programs without end, for cuts. */
static void case_work(void)
{
	uint32_t i;

	flash_unlock();
	for (i = 0;; i = (i + 1) % 16) {
		if (i == 0)
			flash_erase(2);
		flash_program(S2 + i * 4, 0x0F0F0F00u + i);
	}
}

/* The flash as the last cut left it: reads a word twice, then stops. */
static void case_look(void)
{
	g_kept[0] = REG(S2);
	g_kept[1] = REG(S2);
	expect(g_kept[0] == g_kept[1]);
}

static void case_iwdg(void)
{
	if (RCC_CSR & 1u << 29) {
		expect(g_kept[1] == 0xC0FFEE11u);
		expect(!(RCC_CSR & 1u << 27));
		return;
	}
	expect((RCC_CSR & 0xFE000000u) == 0x0E000000u);
	RCC_CSR = 1u << 24;
	g_kept[1] = 0xC0FFEE11u;
	IWDG_KR = 0xCCCC;
	IWDG_KR = 0x5555;
	IWDG_PR = 1;
	IWDG_RLR = 100;
	while (IWDG_SR != 0)
		;
	IWDG_KR = 0xAAAA;
	for (;;)
		;
}

static void case_soft_reset(void)
{
	if (g_kept[0] == 0x5AFE5AFEu) {
		expect(RCC_CSR & 1u << 28);
		return;
	}
	g_kept[0] = 0x5AFE5AFEu;
	SCB_AIRCR = 0x05FA0004;
	for (;;)
		;
}

static void case_power(void)
{
	expect(g_kept[2] != 0x5AFE5AFEu);
	g_kept[2] = 0x5AFE5AFEu;
}

static void case_exceptions(void)
{
	register uint32_t r4 __asm__("r4") = 0x44;

	SCB_ICSR = 1u << 28;
	expect(g_pendsv == 1);
	__asm__ volatile("svc 3" : "+r"(r4)::"memory");
	expect(g_svc == 1 && r4 == 0x44);
	__asm__ volatile("cpsid i");
	SCB_ICSR = 1u << 28;
	expect(g_pendsv == 1);
	__asm__ volatile("cpsie i\n nop" ::: "memory");
	expect(g_pendsv == 2);
	SCB_SHCSR = 7u << 16;
	__asm__ volatile("ldrb r0, [%0]" ::"l"(0x60000000u) : "r0", "memory");
	expect(g_fault_pc != 0 && SCB_BFAR == 0x60000000u && (SCB_CFSR & 0x8200) == 0x8200);
	g_fault_pc = 0;
	__asm__ volatile("udf 1");
	expect(g_fault_pc != 0 && (SCB_CFSR & 1u << 16));
	SCB_SHCSR = 0;
	__asm__ volatile("ldrb r0, [%0]" ::"l"(0x60000000u) : "r0", "memory");
	expect(SCB_HFSR == 1u << 30);
}

/* A thread on the process stack takes an exception there, and is back on it afterwards. */
static void case_psp(void)
{
	static volatile uint32_t stack[64] __attribute__((aligned(8)));
	uint32_t control, sp;

	__asm__ volatile("msr psp, %2\n movs r0, #2\n msr control, r0\n isb\n svc 1\n mrs %0, "
			 "control\n mov %1, sp\n"
			 "movs r0, #0\n msr control, r0\n isb"
			 : "=&r"(control), "=&r"(sp)
			 : "r"(stack + 64)
			 : "r0", "memory");
	expect(g_svc == 1 && control == 2 && sp == (uint32_t)(uintptr_t)(stack + 64));
	expect(stack[63] >> 24 != 0 && stack[56] == 2);
}

static void case_fp(void)
{
	SCB_CPACR = 0xF << 20;
	expect(count_fp(0x3F800000u) == 0x40000000u);
	SCB_ICSR = 1u << 28;
	expect(g_pendsv == 1 && count_fp(0x40000000u) == 0x40800000u);
	SCB_CPACR = 0;
	SCB_SHCSR = 7u << 16;
	g_fault_pc = 0;
	count_fp(0);
	expect(g_fault_pc != 0 && (SCB_CFSR & 1u << 19));
}

static void case_lockup(void)
{
	__asm__ volatile("cpsid f\n ldrb r0, [%0]" ::"l"(0x60000000u) : "r0", "memory");
}

static void case_asleep(void)
{
	__asm__ volatile("wfi");
}

static void case_echo(void)
{
	clock_168();
	uart_on(1u << 5);
	NVIC_ISER1 = 1u << 6;
	say("ready\r\n");
	while (g_received < 1000)
		__asm__ volatile("wfi");
	while (!(USART2_SR & 1u << 6))
		;
}

static volatile uint8_t g_ring[256];
static uint8_t g_out[256];

/* Circular reception and one-shot transmission by DMA, polled. */
static void case_dma(void)
{
	uint32_t taken = 0, have, i;

	clock_168();
	uart_on(0);
	DMA1_S5PAR = DMA1_S6PAR = 0x40004404u;
	DMA1_S5M0AR = (uint32_t)(uintptr_t)g_ring;
	DMA1_S5NDTR = sizeof g_ring;
	USART2_CR3 = 1u << 6 | 1u << 7;
	DMA1_S5CR = 4u << 25 | 1u << 10 | 1u << 8 | 1;
	say("ready\r\n");
	while (taken < 1000) {
		have = (sizeof g_ring - DMA1_S5NDTR - taken) % sizeof g_ring;
		if (have == 0)
			continue;
		for (i = 0; i < have; i++)
			g_out[i] = g_ring[(taken + i) % sizeof g_ring];
		DMA1_HIFCR = 0x3D0000;
		USART2_SR = ~(1u << 6); /* RM0090 30.3.13 */
		DMA1_S6M0AR = (uint32_t)(uintptr_t)g_out;
		DMA1_S6NDTR = have;
		DMA1_S6CR = 4u << 25 | 1u << 10 | 1u << 6 | 1;
		while (!(DMA1_HISR & 1u << 21))
			;
		taken += have;
	}
	expect(DMA1_HISR & 1u << 11);
	while (!(USART2_SR & 1u << 6))
		;
}

static void case_rng(void)
{
	uint32_t first;

	RCC_AHB2ENR |= 1u << 6;
	RNG_CR = 4;
	expect(RNG_SR & 2);
	clock_168();
	RNG_SR = 0;
	RNG_CR = 0;
	RNG_CR = 4;
	while (!(RNG_SR & 1))
		expect(!(RNG_SR & 0x66));
	first = RNG_DR;
	expect(!(RNG_SR & 1));
	while (!(RNG_SR & 1))
		;
	expect(RNG_DR != first);
}

static void case_button(void)
{
	expect(GPIOA_IDR & 1);
}

/* Skipping the store lets it pass; so does flipping the word's bit 0 first. */
static void case_inject(void)
{
	g_kept[3] = 0;
	__asm__ volatile(
		".global inject_here\n .type inject_here, %%function\n inject_here: str %0, [%1]" ::
			"r"(2),
		"r"(&g_kept[3])
		: "memory");
	expect(g_kept[3] == 0);
}

/* A tight loop for measuring speed. */
static void case_speed(void)
{
	volatile uint32_t sum = 0;
	uint32_t i;

	clock_168();
	for (i = 0; i < 100000000; i++)
		sum += i;
}

static void case_options(void)
{
	if ((FLASH_OPTCR >> 16 & 0xFFF) == 0xFF7)
		return;
	FLASH_OPTKEYR = 0x08192A3Bu;
	FLASH_OPTKEYR = 0x4C5D6E7Fu;
	FLASH_OPTCR = (FLASH_OPTCR & ~(1u << 19) & ~1u) | 2u;
	flash_wait();
	SCB_AIRCR = 0x05FA0004;
	for (;;)
		;
}

static uint32_t it_result(void)
{
	uint32_t result;

	__asm__ volatile("bl count_it\n mov %0, r1"
			 : "=r"(result)::"r0", "r1", "r2", "lr", "cc", "memory");
	return result;
}

/* Interrupts at every place of code full of IT blocks change nothing in it. */
static void case_storm(void)
{
	const uint32_t quiet = it_result();
	uint32_t i;

	for (i = 41; i < 91; i++) {
		tick_on(i);
		expect(it_result() == quiet);
	}
	SYST_CSR = 0;
	expect(g_ticks > 1000);
}

/* Code that was executed, erased and programmed anew is the new code; so is code copied to RAM. */
static void case_code(void)
{
	static uint32_t in_ram[1];
	uint32_t (*const there)(void) = (uint32_t(*)(void))(S5 + 1);
	uint32_t (*const here)(void) = (uint32_t(*)(void))((uint32_t)(uintptr_t)in_ram + 1);
	uint32_t i;

	flash_unlock();
	for (i = 1; i < 4; i++) {
		flash_erase(5);
		flash_program(S5, 0x47702000u + i); /* movs r0, #i; bx lr */
		expect(there() == i);
		*(volatile uint32_t *)in_ram = 0x47702000u + i;
		expect(here() == i);
	}
}

/* SEV lets the next WFE pass; SysTick ends the one after it. */
static void case_wfe(void)
{
	__asm__ volatile("sev\n wfe");
	tick_on(1000);
	__asm__ volatile("wfe");
	expect(g_ticks == 1);
}

/* With --ecc on two words of sector 5: one faults, one is followed by an NMI. */
static void case_ecc(void)
{
	SCB_SHCSR = 7u << 16;
	__asm__ volatile("ldr r0, [%0]" ::"l"(S5) : "r0", "memory");
	expect(g_fault_pc != 0 && SCB_BFAR == S5 && g_nmi == 0);
	g_fault_pc = 0;
	expect(REG(S5 + 4) == 0xFFFFFFFFu && g_nmi == 1);
	expect(REG(S5 + 8) == 0xFFFFFFFFu && g_nmi == 1 && g_fault_pc == 0);
}

static void (*const cases[])(void) = {
	case_counts,
	case_clock,
	case_flash,
	case_ram_erase,
	case_double,
	case_wrong_key,
	case_busy,
	case_psize,
	case_locked_cr,
	case_no_pg,
	case_row,
	case_protected,
	case_clock_off,
	case_work,
	case_look,
	case_iwdg,
	case_soft_reset,
	case_power,
	case_exceptions,
	case_psp,
	case_fp,
	case_lockup,
	case_asleep,
	case_echo,
	case_dma,
	case_rng,
	case_button,
	case_inject,
	case_speed,
	case_options,
	case_storm,
	case_code,
	case_wfe,
	case_ecc,
};

void run_case(uint32_t which)
{
	if (which < sizeof cases / sizeof cases[0])
		cases[which]();
	else
		fail();
	pass();
}
