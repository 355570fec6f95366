/* A small flash for tests, so that cuts can be put everywhere: compiled once for each program unit,
 * erased value and number of slots (port/host/host.mk). Its journal pages differ in size, and each
 * is of several sectors. */
#include "layout.h"
#include "sfu_format.h"

#if SLOTS == 1
#define SLOT_SIZE 0x10000u
#define SLOT1 { 0, 0 }
#else
#define SLOT_SIZE 0x8000u
#define SLOT1 { 0x0800C000u, 0x8000u }
#endif

const struct sfu_layout sfu_layout = {
	.unit = UNIT,
	.erased = ERASED,
	.image_offset = SFU_FORMAT_RECORD_LARGE,
	.record_max = SFU_FORMAT_RECORD_LARGE,
	.slot_count = SLOTS,
	.region_count = 3,
	.region = { { 0x08000000u, 2048, 7 }, { 0x08003800u, 1024, 2 }, { 0x08004000u, 4096, 16 } },
	.area = {
		[SFU_AREA_LOADER] = { 0x08000000u, 4096 },
		[SFU_AREA_JOURNAL] = { 0x08001000u, 4096 }, { 0x08002000u, 6144 },
		[SFU_AREA_KEYS] = { 0x08003800u, 1024 }, { 0x08003C00u, 1024 },
		[SFU_AREA_SLOT] = { 0x08004000u, SLOT_SIZE }, SLOT1,
	},
};
