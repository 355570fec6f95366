/* What the chip is, how it is protected, who asks for the loader. */
#include <string.h>
#include "stm32.h"

__attribute__((section(".sfu_exchange"))) volatile uint32_t sfu_exchange[SFU_EXCHANGE_SIZE / 4];

#define REQUEST (SFU_EXCHANGE_REQUEST_OFFSET / 4u)
#define REQUEST_CHECK (SFU_EXCHANGE_REQUEST_CHECK_OFFSET / 4u)

void sfu_port_uid(uint8_t out[12])
{
	memcpy(out, UNIQUE_ID_R, 12);
}

uint32_t sfu_port_part(void)
{
	return DBGMCU_IDCODE_R & 0xFFFu;
}

/* Profile of an option word as OPTCR has it: a cleared nWRP bit protects its sector. SPRMOD, which
 * F42x parts have, gives these bits another meaning. */
static uint32_t profile(uint32_t optcr)
{
	uint32_t at = sfu_layout.area[SFU_AREA_LOADER].address, end = at + sfu_layout.area[SFU_AREA_LOADER].size, size;
	uint32_t nwrp = optcr >> FLASH_NWRP_SHIFT & 0xFFFu, rdp = optcr >> FLASH_RDP_SHIFT & 0xFFu;

	if (rdp == FLASH_RDP_0 || (optcr & FLASH_SPRMOD) != 0)
		return SFU_FLASH_LOCK_OPEN;
	for (; at < end; at += size)
		if ((nwrp >> sfu_flash_sector(at, &size) & 1u) != 0 || size == 0)
			return SFU_FLASH_LOCK_OPEN;
	return rdp == FLASH_RDP_2 ? SFU_FLASH_LOCK_FINAL : SFU_FLASH_LOCK_FIELD;
}

/* Three readings, two of the register and one of the option bytes as flash holds them: one disturbed
 * reading, as CVE-2020-27212 has it, gives no profile at all. */
uint32_t sfu_port_lock(void)
{
	uint32_t first = profile(FLASH_R.OPTCR);
	uint32_t stored = profile((OPTION_R[0] & 0xFF00u) | OPTION_R[2] << FLASH_NWRP_SHIFT);

	if (first != stored || profile(FLASH_R.OPTCR) != first)
		return SFU_FLASH_LOCK_OPEN;
	return first;
}

/* The pull fights a floating pin, which therefore does not count as pressed. */
static uint32_t pressed(void)
{
	const struct sfu_board *b = &sfu_board;
	volatile struct gpio_regs *port = &GPIO_R[b->button_port];

	RCC_R.AHB1ENR |= RCC_AHB1_GPIO(b->button_port);
	(void)RCC_R.AHB1ENR;
	port->PUPDR |= (b->button_pressed != 0 ? GPIO_PULL_DOWN : GPIO_PULL_UP) << 2u * b->button;
	return sfu_wait(&port->IDR, 1u << b->button, (uint32_t)b->button_pressed << b->button ^ 1u << b->button,
	                20) != SFU_OK;
}

/* RM0090 7.1.1: flags of the cause are kept until power fails or someone clears them. Right after
 * power-on RAM holds anything, even an old request; then none of these is set. */
uint32_t sfu_port_entry(void)
{
	uint32_t asked = sfu_exchange[REQUEST] == SFU_EXCHANGE_REQUEST_ENTER &&
	                 sfu_exchange[REQUEST_CHECK] == ~SFU_EXCHANGE_REQUEST_ENTER &&
	                 (RCC_R.CSR & (RCC_CSR_SFTRSTF | RCC_CSR_IWDGRSTF | RCC_CSR_WWDGRSTF)) != 0;

	sfu_exchange[REQUEST] = 0;
	sfu_exchange[REQUEST_CHECK] = 0;
	return asked || pressed();
}

/* The exchange block is the application's as well, so a stack may not begin inside it. */
uint32_t sfu_port_stack_ok(uint32_t stack_pointer)
{
	uint32_t i;

	for (i = 0; i < sfu_ram_count; i++)
		if (stack_pointer % 8u == 0 && stack_pointer - sfu_ram[i].address > SFU_EXCHANGE_SIZE &&
		    stack_pointer - sfu_ram[i].address <= sfu_ram[i].size)
			return 1;
	return 0;
}

void sfu_port_reset(void)
{
	sfu_barrier();
	SCB_R.AIRCR = SCB_AIRCR_RESET;
	for (;;)
		;
}
