/* A loader as far as `sfu factory` and `sfu pack` look at one: configuration, layout, some code. */
#include <stdint.h>
#include "layout.h"
#include "sfu_format.h"

__attribute__((used, section(".config"))) const uint8_t sfu_config[SFU_CONFIG_SIZE] = { 0xFF };

/* STM32F407, A/B */
__attribute__((used)) const struct sfu_layout sfu_layout = {
	.unit = 4,
	.erased = 0xFF,
	.image_offset = 2048,
	.record_max = RECORD_MAX,
	.slot_count = SLOTS,
	.region_count = 3,
	.region = { { FLASH, 0x4000, 4 }, { FLASH + 0x10000, 0x10000, 1 }, { FLASH + 0x20000, 0x20000, 7 } },
	.area = {
		[SFU_AREA_LOADER] = { FLASH, 0x8000 },
		[SFU_AREA_JOURNAL] = { FLASH + 0x8000, 0x4000 }, { FLASH + 0xC000, 0x4000 },
		[SFU_AREA_KEYS] = { FLASH + 0x10000, 0x10000 }, { FLASH + 0xE0000, 0x20000 },
		[SFU_AREA_SLOT] = { FLASH + 0x20000, 0x60000 }, { SLOTS == 2 ? FLASH + 0x80000 : 0, SLOTS == 2 ? 0x60000 : 0 },
	},
};

volatile uint32_t initialised = 0x12345678;

int main(void)
{
	for (;;)
		initialised++;
}

__attribute__((used, section(".vectors"))) const uintptr_t table[2] = { 0x20020000, (uintptr_t)main };
