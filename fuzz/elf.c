/* ELF files -> an image, and a loader's symbols. Input: the file. */
#include <string.h>
#include "elffile.h"
#include "fuzz.h"
#include "image.h"
#include "memory_file.h"
#include "sfu_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sfu_spans image = { NULL, 0 };
	struct sfu_bytes bytes;
	struct sfu_elf elf;
	uint32_t address;

	memory_file = (struct sfu_bytes){ (uint8_t *)(uintptr_t)data, size };
	if (sfu_image_read("input", &image) == 0) {
		FUZZ_MUST(image.count == 1 && image.at[0].size % 32 == 0, "an image is one span of whole units");
		(void)sfu_image_check("input", &image.at[0]);
	}
	sfu_spans_free(&image);
	if (sfu_file_read("input", SFU_FILE_PUBLIC, &bytes) != 0)
		return 0;
	if (sfu_elf_open("input", &bytes, &elf) == 0) {
		(void)sfu_elf_symbol(&elf, "sfu_config", SFU_CONFIG_SIZE, &address);
		sfu_elf_close(&elf);
	}
	sfu_bytes_free(&bytes);
	return 0;
}
