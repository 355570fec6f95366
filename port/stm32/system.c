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

/* Profile of read protection level and write protection (a 0 bit protects) of the loader's sectors. */
static uint32_t profile(uint32_t rdp, uint32_t nwrp)
{
	uint32_t at = sfu_layout.loader.address, end = at + sfu_layout.loader.size, size;

	for (; at < end; at += size)
		if ((nwrp >> sfu_flash_sector(at, &size) & 1u) != 0 || size == 0)
			return SFU_FLASH_LOCK_OPEN;
	if (rdp == FLASH_RDP_0)
		return SFU_FLASH_LOCK_OPEN;
	return rdp == FLASH_RDP_2 ? SFU_FLASH_LOCK_FINAL : SFU_FLASH_LOCK_FIELD;
}

/* Three readings, two of the register and one of the stored option bytes: one disturbed reading, as
 * CVE-2020-27212 has it, gives no profile at all. */
uint32_t sfu_port_lock(void)
{
	uint32_t first = FLASH_R.OPTCR, second;
	uint32_t one = profile(first >> FLASH_RDP_SHIFT & 0xFFu, first >> FLASH_NWRP_SHIFT);
	uint32_t stored = profile(OPTION_R[0] >> FLASH_RDP_SHIFT & 0xFFu, OPTION_R[2]);

	second = FLASH_R.OPTCR;
	if (one != stored || one != profile(second >> FLASH_RDP_SHIFT & 0xFFu, second >> FLASH_NWRP_SHIFT))
		return SFU_FLASH_LOCK_OPEN;
	return one;
}

/* The pull fights a floating pin, which therefore does not count as pressed. */
static uint32_t pressed(void)
{
	const struct sfu_board *b = &sfu_board;
	volatile struct gpio_regs *port = &GPIO_R[b->button_port];

	RCC_R.AHB1ENR |= RCC_AHB1_GPIO(b->button_port);
	(void)RCC_R.AHB1ENR;
	sfu_pin_set(&port->PUPDR, b->button, b->button_pressed != 0 ? GPIO_PULL_DOWN : GPIO_PULL_UP);
	return sfu_wait(&port->IDR, 1u << b->button, (uint32_t)b->button_pressed << b->button ^ 1u << b->button,
	                20) != SFU_OK;
}

/* RM0090 7.2: flags of the cause are kept until power fails or someone clears them. Right after
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
