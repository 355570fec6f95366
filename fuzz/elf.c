/* ELF files -> an image, and a loader with its layout and configuration. Input: the file. */
#include <string.h>
#include "elffile.h"
#include "fuzz.h"
#include "image.h"
#include "loader.h"
#include "memory_file.h"
#include "sfu_format.h"

/* What `sfu factory` relies on. */
static void check_loader(const struct sfu_loader *l)
{
	const struct sfu_area *a = &l->layout.area[SFU_AREA_LOADER];
	const struct sfu_span *span = &l->flash.at[0];
	uint32_t i;

	FUZZ_MUST(l->flash.count == 1 && span->address >= a->address
	                  && (uint64_t)span->address + span->size <= (uint64_t)a->address + a->size, "a loader beyond its area");
	FUZZ_MUST(sfu_loader_at(l, l->config, SFU_CONFIG_SIZE) != NULL
	                  && l->config - span->address <= span->size - SFU_CONFIG_SIZE, "a configuration beyond the loader");
	for (i = 0; i < l->layout.slot_count; i++)
		FUZZ_MUST(sfu_loader_capacity(&l->layout, i) > 0 && sfu_loader_capacity(&l->layout, i) % SFU_FORMAT_GRAIN == 0
		                  && (uint64_t)l->layout.image_offset + sfu_loader_capacity(&l->layout, i) + SFU_FLASH_MAILBOX
		                             <= l->layout.area[SFU_AREA_SLOT + i].size, "an image larger than its slot");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sfu_spans image = { NULL, 0 };
	struct sfu_loader loader;

	memory_file = (struct sfu_bytes){ (uint8_t *)(uintptr_t)data, size };
	if (sfu_image_read("input", &image) == 0) {
		FUZZ_MUST(image.count == 1 && image.at[0].size % 32 == 0, "an image is one span of whole units");
		(void)sfu_image_check("input", &image.at[0]);
	}
	sfu_spans_free(&image);
	if (sfu_loader_read("input", &loader) == 0)
		check_loader(&loader);
	sfu_loader_free(&loader);
	return 0;
}
