/* One slot for images of more than 128 KiB, where a sixteenth of the image is more than the least distance of checkpoints,
 * of sectors that are smaller than a record (tests/e2e/test_checkpoints.c). */
#include "layout.h"
#include "sfu_format.h"

const struct sfu_layout sfu_layout = {
	.unit = 8,
	.erased = 0xFF,
	.image_offset = SFU_FORMAT_RECORD_LARGE,
	.record_max = SFU_FORMAT_RECORD_LARGE,
	.slot_count = 1,
	.region_count = 2,
	.region = { { 0x08000000u, 4096, 4 }, { 0x08004000u, 1024, 640 } },
	.area = {
		[SFU_AREA_LOADER] = { 0x08000000u, 4096 },
		[SFU_AREA_JOURNAL] = { 0x08001000u, 4096 }, { 0x08002000u, 4096 },
		[SFU_AREA_KEYS] = { 0x08003000u, 4096 }, { 0x08004000u, 4096 },
		[SFU_AREA_SLOT] = { 0x08005000u, 0x9F000u }, { 0, 0 },
	},
};
