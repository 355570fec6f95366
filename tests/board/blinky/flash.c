#include "blinky.h"

#include "regs.h"

/* RM0090 3.6.1 to 3.6.4 */
void flash_unlock(void)
{
	FLASH_KEYR = 0x45670123u;
	FLASH_KEYR = 0xCDEF89ABu;
}

void flash_wait(void)
{
	while (FLASH_SR & 1u << 16)
		;
}

void flash_erase(uint32_t sector)
{
	flash_wait();
	FLASH_CR = 2u << 8 | sector << 3 | 2u;
	FLASH_CR |= 1u << 16;
	flash_wait();
	FLASH_CR = 0;
}

void flash_program(uint32_t address, uint32_t value)
{
	FLASH_CR = 2u << 8 | 1u;
	REG(address) = value;
	flash_wait();
	FLASH_CR = 0;
}
