#include "part.h"

uint32_t board_sector_base(unsigned sector)
{
	if (sector < 5)
		return BOARD_FLASH_BASE + sector * UINT32_C(0x4000);
	return BOARD_FLASH_BASE + (sector - 4) * UINT32_C(0x20000);
}

uint32_t board_sector_size(unsigned sector)
{
	return board_sector_base(sector + 1) - board_sector_base(sector);
}

unsigned board_sector_of(uint32_t address)
{
	unsigned sector = 0;

	while (sector + 1 < BOARD_SECTORS && address >= board_sector_base(sector + 1))
		sector++;
	return sector;
}
