#include "loader.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"
#include "elffile.h"
#include "say.h"
#include "sfu_format.h"

/* struct sfu_layout is 32-bit words only, so its image in the loader is read word by word */
#define LAYOUT_WORDS 32u
static_assert(sizeof(struct sfu_layout) == 4 * LAYOUT_WORDS, "the loader's layout has no padding");

static const char *check_area(const struct sfu_area *area, uint32_t least)
{
	if (area->size < least)
		return "an area is too small";
	if (area->size > UINT32_MAX - area->address)
		return "an area reaches beyond the address space";
	return NULL;
}

/* What this program relies on; the loader itself checks far more at every start. */
static const char *check_layout(const struct sfu_layout *l)
{
	const char *wrong = NULL;
	uint32_t i;

	if (l->unit == 0 || l->unit > SFU_FORMAT_GRAIN || SFU_FORMAT_GRAIN % l->unit != 0)
		return "its program unit";
	if (l->erased != 0 && l->erased != 0xFF)
		return "its erased value";
	if (l->image_offset < SFU_MANIFEST_SIZE || l->image_offset % SFU_FORMAT_RECORD_LARGE != 0)
		return "its image offset";
	if (l->record_max != SFU_FORMAT_RECORD_SMALL && l->record_max != SFU_FORMAT_RECORD_LARGE)
		return "its record size";
	if (l->slot_count < 1 || l->slot_count > 2 || l->region_count < 1 ||
		l->region_count > SFU_LAYOUT_REGIONS)
		return "a count";
	for (i = 0; i < l->slot_count && wrong == NULL; i++)
		wrong = check_area(
			&l->area[SFU_AREA_SLOT + i], l->image_offset + SFU_FLASH_MAILBOX + SFU_FORMAT_RECORD_SMALL);
	if (wrong == NULL)
		wrong = check_area(&l->area[SFU_AREA_KEYS], 2 * SFU_FLASH_CELL);
	if (wrong == NULL)
		wrong = check_area(&l->area[SFU_AREA_LOADER], 1);
	return wrong;
}

uint32_t sfu_loader_image(const struct sfu_layout *layout, uint32_t slot)
{
	return layout->area[SFU_AREA_SLOT + slot].address + layout->image_offset;
}

uint32_t sfu_loader_capacity(const struct sfu_layout *layout, uint32_t slot)
{
	const uint32_t room = layout->area[SFU_AREA_SLOT + slot].size - layout->image_offset - SFU_FLASH_MAILBOX;

	return room - room % SFU_FORMAT_GRAIN;
}

uint8_t *sfu_loader_at(const struct sfu_loader *loader, uint32_t address, uint32_t size)
{
	const struct sfu_span *span = &loader->flash.at[0];

	if (address < span->address || size > span->size ||
		address - span->address > span->size - size)
		return NULL;
	return span->data + (address - span->address);
}

static int read_layout(const struct sfu_elf *elf, struct sfu_loader *loader)
{
	uint32_t address = 0, words[LAYOUT_WORDS], i;
	const uint8_t *bytes;
	const char *wrong;
	int status = sfu_elf_symbol(elf, "sfu_layout", 4 * LAYOUT_WORDS, &address);

	if (status != 0)
		return status;
	bytes = sfu_loader_at(loader, address, 4 * LAYOUT_WORDS);
	if (bytes == NULL)
		return sfu_fail(EX_DATAERR, elf->path, "sfu_layout is not in the loader's flash");
	for (i = 0; i < LAYOUT_WORDS; i++)
		words[i] = sfu_get32(bytes + 4 * i);
	memcpy(&loader->layout, words, sizeof(loader->layout));
	wrong = check_layout(&loader->layout);
	if (wrong != NULL)
		return sfu_fail(EX_DATAERR, elf->path, "the layout table is wrong: %s", wrong);
	return 0;
}

static int read_all(const struct sfu_elf *elf, struct sfu_loader *loader)
{
	const struct sfu_area *area = &loader->layout.area[SFU_AREA_LOADER];
	const struct sfu_span *span;
	int status = sfu_elf_load(elf, &loader->flash);

	if (status == 0)
		status = sfu_spans_flatten(&loader->flash, elf->path, SFU_FILE_MAX);
	if (status == 0)
		status = read_layout(elf, loader);
	if (status == 0)
		status = sfu_elf_symbol(elf, "sfu_config", SFU_CONFIG_SIZE, &loader->config);
	if (status != 0)
		return status;
	span = &loader->flash.at[0];
	if (span->address < area->address || span->size > area->size ||
		span->address - area->address > area->size - span->size)
		return sfu_fail(EX_DATAERR, elf->path,
			"occupies 0x%08x to 0x%08x, and the layout gives the loader 0x%08x to "
			"0x%08x",
			span->address, span->address + span->size, area->address,
			area->address + area->size);
	if (sfu_loader_at(loader, loader->config, SFU_CONFIG_SIZE) == NULL)
		return sfu_fail(EX_DATAERR, elf->path, "sfu_config is not in the loader's flash");
	return 0;
}

int sfu_loader_read(const char *path, struct sfu_loader *loader)
{
	struct sfu_bytes bytes;
	struct sfu_elf elf;
	int status;

	memset(loader, 0, sizeof(*loader));
	status = sfu_file_read(path, SFU_FILE_PUBLIC, &bytes);
	if (status == 0)
		status = sfu_elf_open(path, &bytes, &elf);
	if (status == 0) {
		status = read_all(&elf, loader);
		sfu_elf_close(&elf);
	}
	sfu_bytes_free(&bytes);
	if (status != 0)
		sfu_loader_free(loader);
	return status;
}

void sfu_loader_free(struct sfu_loader *loader)
{
	sfu_spans_free(&loader->flash);
}
