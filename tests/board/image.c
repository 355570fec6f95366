#include "image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "stop.h"

static void put(struct board_image *image, const char *name, uint32_t address, const uint8_t *bytes,
	size_t size)
{
	const uint32_t offset = address - BOARD_FLASH_BASE;
	size_t i;

	if (size == 0)
		return;
	if (offset >= BOARD_FLASH_SIZE || size > BOARD_FLASH_SIZE - offset)
		board_fail(BOARD_EX_DATA,
			"%s: %zu bytes at 0x%08x are not inside flash (0x%08x to 0x%08x)", name,
			size, address, BOARD_FLASH_BASE, BOARD_FLASH_BASE + BOARD_FLASH_SIZE - 1);
	for (i = 0; i < size; i++) {
		if (image->used[offset + i] && image->bytes[offset + i] != bytes[i])
			board_fail(BOARD_EX_DATA,
				"%s: address 0x%08x was given another value before", name,
				address + (uint32_t)i);
		image->bytes[offset + i] = bytes[i];
		image->used[offset + i] = 1;
	}
}

static void add_elf(struct board_image *image, const char *name, const struct board_file *file)
{
	const Elf32_Ehdr *head = (const void *)file->bytes;
	const Elf32_Phdr *segments;
	unsigned i;

	board_file_check_elf(name, file);
	if (head->e_phoff > file->size ||
		head->e_phnum * sizeof *segments > file->size - head->e_phoff)
		board_fail(BOARD_EX_DATA, "%s: the program headers reach past the end of the file",
			name);
	segments = (const void *)(file->bytes + head->e_phoff);
	for (i = 0; i < head->e_phnum; i++) {
		const Elf32_Phdr *s = &segments[i];

		if (s->p_type != PT_LOAD || s->p_filesz == 0)
			continue;
		if (s->p_offset > file->size || s->p_filesz > file->size - s->p_offset)
			board_fail(BOARD_EX_DATA, "%s: segment %u reaches past the end of the file",
				name, i);
		put(image, name, s->p_paddr, file->bytes + s->p_offset, s->p_filesz);
	}
}

static int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of one Intel HEX record; its checksum makes them sum to 0. */
static size_t hex_record(
	const char *name, unsigned line, const uint8_t *text, size_t length, uint8_t bytes[261])
{
	uint8_t sum = 0;
	size_t i;

	if (length < 11 || length > 521 || length % 2 == 0 || text[0] != ':')
		board_fail(BOARD_EX_DATA, "%s: line %u: not an Intel HEX record", name, line);
	for (i = 0; i < length / 2; i++) {
		const int high = nibble(text[1 + 2 * i]), low = nibble(text[2 + 2 * i]);

		if (high < 0 || low < 0)
			board_fail(
				BOARD_EX_DATA, "%s: line %u: not a hexadecimal digit", name, line);
		bytes[i] = (uint8_t)(high << 4 | low);
		sum = (uint8_t)(sum + bytes[i]);
	}
	if (sum != 0 || bytes[0] + 5u != length / 2)
		board_fail(BOARD_EX_DATA, "%s: line %u: wrong %s", name, line,
			sum != 0 ? "checksum" : "length");
	return length / 2;
}

static size_t line_length(const uint8_t *text, size_t left)
{
	size_t n = 0;

	while (n < left && text[n] != '\n' && text[n] != '\r')
		n++;
	return n;
}

static void add_hex(struct board_image *image, const char *name, const struct board_file *file)
{
	uint8_t r[261];
	uint32_t base = 0;
	unsigned line = 1;
	size_t at = 0, length;

	for (; at < file->size; at += length + 1) {
		length = line_length(file->bytes + at, file->size - at);
		if (length == 0) {
			line += file->bytes[at] == '\n';
			continue;
		}
		hex_record(name, line, file->bytes + at, length, r);
		line += at + length < file->size && file->bytes[at + length] == '\n';
		if (r[3] == 0)
			put(image, name, base + (uint32_t)(r[1] << 8 | r[2]), r + 4, r[0]);
		else if (r[3] == 1)
			return;
		else if ((r[3] == 2 || r[3] == 4) && r[0] == 2)
			base = (uint32_t)(r[4] << 8 | r[5]) << (r[3] == 4 ? 16 : 4);
		else if (r[3] != 3 && r[3] != 5)
			board_fail(BOARD_EX_DATA, "%s: line %u: record type %u is unknown", name,
				line, r[3]);
	}
	board_fail(BOARD_EX_DATA, "%s: no end-of-file record: the file is cut short", name);
}

static int ends_with(const char *text, const char *end)
{
	const size_t n = strlen(text), m = strlen(end);

	return n > m && strcmp(text + n - m, end) == 0;
}

static void add_bin(struct board_image *image, const char *name)
{
	char *path = strdup(name), *at = path == NULL ? NULL : strrchr(path, '@');
	struct board_file file;
	uint64_t address;

	if (at == NULL)
		board_fail(BOARD_EX_USAGE,
			"%s: neither .hex nor .elf, and no @0xADDR that says where it goes", name);
	*at++ = '\0';
	if (!board_number(at, &address) || address > UINT32_MAX)
		board_fail(BOARD_EX_USAGE, "%s: '%s' is not an address", name, at);
	file = board_file_read(path);
	if (file.size == 0)
		board_fail(BOARD_EX_DATA, "%s: the file is empty", path);
	put(image, name, (uint32_t)address, file.bytes, file.size);
	free(file.bytes);
	free(path);
}

void board_image_add(struct board_image *image, const char *name)
{
	struct board_file file;

	if (!ends_with(name, ".hex") && !ends_with(name, ".elf")) {
		add_bin(image, name);
		return;
	}
	file = board_file_read(name);
	if (ends_with(name, ".elf"))
		add_elf(image, name, &file);
	else
		add_hex(image, name, &file);
	free(file.bytes);
}
