#include "geometry.h"

/* The header's object is constant; this one is not, under the same name. */
#define sfu_layout sfu_layout_declared
#include "../fsm/layout.h"
#undef sfu_layout

struct sfu_layout_declared sfu_layout;

void fuzz_geometry(uint32_t number)
{
	static const uint32_t units[] = { 8, 2, 4, 16, 32 };
	const uint32_t single = number / 10 % 2;
	static uint32_t now = FUZZ_GEOMETRIES;

	/* most inputs keep that of the one before */
	if (now == number % FUZZ_GEOMETRIES)
		return;
	now = number % FUZZ_GEOMETRIES;
	sfu_layout = (struct sfu_layout_declared){
		.unit = units[number % 5],
		.erased = number / 5 % 2 ? 0x00u : 0xFFu,
		.image_offset = SFU_FORMAT_RECORD_LARGE,
		.record_max = SFU_FORMAT_RECORD_LARGE,
		.slot_count = 2 - single,
		.region_count = 3,
		.region = { { 0x08000000u, 2048, 7 }, { 0x08003800u, 1024, 2 }, { 0x08004000u, 4096, 8 } },
		.area = {
			[SFU_AREA_LOADER] = { 0x08000000u, 4096 },
			[SFU_AREA_JOURNAL] = { 0x08001000u, 4096 }, { 0x08002000u, 4096 },
			[SFU_AREA_KEYS] = { 0x08003800u, 1024 }, { 0x08003C00u, 1024 },
			[SFU_AREA_SLOT] = { 0x08004000u, single ? 0x8000u : 0x4000u },
			{ single ? 0 : 0x08008000u, single ? 0 : 0x4000u },
		},
	};
}
