#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "elffile.h"
#include "file.h"
#include "hexfile.h"
#include "number.h"
#include "say.h"
#include "sfu_format.h"

/* RAM of the parts that have a port (STM32F40x): SRAM1 and SRAM2, and the core-coupled memory */
static const struct {
	uint32_t first, last;
} ram[] = {
	{ 0x20000000u, 0x20020000u },
	{ 0x10000000u, 0x10010000u },
};

static int parse(const char *name, const struct sfu_bytes *bytes, struct sfu_spans *image)
{
	struct sfu_elf elf;
	int status;

	if (sfu_elf_is(bytes)) {
		status = sfu_elf_open(name, bytes, &elf);
		if (status == 0) {
			status = sfu_elf_load(&elf, image);
			sfu_elf_close(&elf);
		}
		return status;
	}
	if (bytes->data[0] == ':')
		return sfu_hex_parse(name, bytes, image);
	return sfu_fail(EX_DATAERR, name,
		"is neither ELF nor Intel HEX; for a binary file, say where it "
		"goes: FILE@ADDRESS");
}

static int pad(const char *name, struct sfu_spans *image)
{
	uint8_t blank[SFU_FORMAT_GRAIN];
	struct sfu_span *span = &image->at[0];
	const uint32_t over = span->size % SFU_FORMAT_GRAIN;

	memset(blank, 0xFF, sizeof(blank));
	return sfu_spans_add(image, name, span->address + span->size, blank,
		over == 0 ? 0 : SFU_FORMAT_GRAIN - over);
}

int sfu_image_read(const char *name, struct sfu_spans *image)
{
	const char *at = strrchr(name, '@');
	uint32_t address = 0;
	const int binary = at != NULL && sfu_number_u32(at + 1, &address);
	char *path = binary ? strndup(name, (size_t)(at - name)) : strdup(name);
	struct sfu_bytes bytes;
	int status;

	memset(image, 0, sizeof(*image));
	if (path == NULL)
		return sfu_fail(EX_OSERR, name, "there is no memory for its name");
	status = sfu_file_read(path, SFU_FILE_PUBLIC, &bytes);
	if (status == 0 && binary)
		status = sfu_spans_add(image, path, address, bytes.data, bytes.size);
	else if (status == 0)
		status = parse(path, &bytes, image);
	sfu_bytes_free(&bytes);
	if (status == 0)
		status = sfu_spans_flatten(image, path, SFU_FILE_MAX);
	if (status == 0)
		status = pad(path, image);
	free(path);
	if (status != 0)
		sfu_spans_free(image);
	return status;
}

int sfu_image_check(const char *name, const struct sfu_span *image)
{
	uint32_t stack, entry;
	size_t i;
	int in_ram = 0;

	if (image->size < 2 * sizeof(uint32_t))
		return sfu_fail(EX_DATAERR, name, "is too short for a vector table");
	stack = sfu_get32(image->data);
	entry = sfu_get32(image->data + 4);
	for (i = 0; i < sizeof(ram) / sizeof(ram[0]); i++)
		in_ram |= stack > ram[i].first && stack <= ram[i].last;
	if (!in_ram)
		return sfu_fail(
			EX_DATAERR, name, "the initial stack pointer 0x%08x is not in RAM", stack);
	if (stack % 8 != 0)
		return sfu_fail(EX_DATAERR, name,
			"the initial stack pointer 0x%08x is not a multiple of 8", stack);
	if (entry % 2 == 0)
		return sfu_fail(
			EX_DATAERR, name, "the reset vector 0x%08x is even: not Thumb code", entry);
	if (entry - 1 < image->address || entry - 1 - image->address >= image->size)
		return sfu_fail(EX_DATAERR, name,
			"the reset vector 0x%08x points outside the image, 0x%08x to 0x%08x", entry,
			image->address, image->address + image->size);
	return 0;
}
