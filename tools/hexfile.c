#include "hexfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "say.h"

#define RECORD_BYTES 16u
/* ':' count address type data sum and the line's end, in characters */
#define LINE_CHARS (1 + 2 * (1 + 2 + 1 + RECORD_BYTES + 1) + 1)

enum type { DATA, END, SEGMENT, START_SEGMENT, UPPER, START };

struct reader {
	const char *path;
	struct sfu_spans *spans;
	uint32_t base;
	size_t line;
	int ended;
};

static int wrong(const struct reader *reader, const char *what)
{
	return sfu_fail(
		EX_DATAERR, reader->path, "line %zu of the HEX file %s", reader->line, what);
}

/* One record's bytes: count, address (2), type, data, sum. */
static int take_record(struct reader *reader, const uint8_t *r)
{
	const uint32_t address = 256u * r[1] + r[2];
	const uint32_t word = r[0] == 2 ? 256u * r[4] + r[5] : 0;

	switch (r[3]) {
	case DATA:
		if (address + r[0] > 0x10000u)
			return wrong(reader, "crosses a 64 KiB boundary");
		return sfu_spans_add(
			reader->spans, reader->path, reader->base + address, r + 4, r[0]);
	case END:
		reader->ended = 1;
		return 0;
	case SEGMENT:
		reader->base = word << 4;
		return r[0] == 2 ? 0 : wrong(reader, "has the wrong length");
	case UPPER:
		reader->base = word << 16;
		return r[0] == 2 ? 0 : wrong(reader, "has the wrong length");
	case START_SEGMENT:
	case START:
		return 0; /* where a PC would begin to run it */
	default:
		return wrong(reader, "has an unknown type");
	}
}

static int take_line(struct reader *reader, char *text)
{
	uint8_t record[1 + 2 + 1 + 255 + 1];
	const size_t digits = strlen(text) - 1;
	uint8_t sum = 0;
	size_t i;

	if (text[0] != ':' || digits % 2 != 0 || digits < 10 || digits > 2 * sizeof(record))
		return wrong(reader, "is not a record");
	if (!sfu_number_hex(text + 1, record, digits / 2) || record[0] + 5u != digits / 2)
		return wrong(reader, "is not a record");
	for (i = 0; i < digits / 2; i++)
		sum = (uint8_t)(sum + record[i]);
	if (sum != 0)
		return wrong(reader, "has the wrong checksum");
	return take_record(reader, record);
}

int sfu_hex_parse(const char *path, const struct sfu_bytes *bytes, struct sfu_spans *spans)
{
	struct reader reader = { path, spans, 0, 0, 0 };
	char text[1 + 2 * (1 + 2 + 1 + 255 + 1) + 2];
	size_t at = 0;
	int status = 0;

	while (at < bytes->size && status == 0 && !reader.ended) {
		const uint8_t *end = memchr(bytes->data + at, '\n', bytes->size - at);
		size_t size = end != NULL ? (size_t)(end - (bytes->data + at)) : bytes->size - at;
		const size_t next = at + size + 1;

		reader.line++;
		while (size > 0 &&
			(bytes->data[at + size - 1] == '\r' || bytes->data[at + size - 1] == ' '))
			size--;
		if (size >= sizeof(text)) {
			status = wrong(&reader, "is too long");
		} else if (size > 0) {
			memcpy(text, bytes->data + at, size);
			text[size] = '\0';
			status = take_line(&reader, text);
		}
		at = next;
	}
	if (status == 0 && !reader.ended)
		status = sfu_fail(
			EX_DATAERR, path, "is a HEX file without its end record: it is cut short");
	return status;
}

static size_t put_record(
	char *out, uint8_t count, uint32_t address, uint8_t type, const uint8_t *data)
{
	uint8_t sum = (uint8_t)(count + (address >> 8) + address + type);
	size_t size = (size_t)sprintf(out, ":%02X%04X%02X", count, address & 0xFFFFu, type);
	uint8_t i;

	for (i = 0; i < count; i++) {
		size += (size_t)sprintf(out + size, "%02X", data[i]);
		sum = (uint8_t)(sum + data[i]);
	}
	return size + (size_t)sprintf(out + size, "%02X\n", (uint8_t)(0x100 - sum));
}

static size_t put_span(char *out, const struct sfu_span *span, uint32_t *upper)
{
	uint32_t at = 0;
	size_t size = 0;

	while (at < span->size) {
		const uint32_t address = span->address + at;
		const uint32_t row = RECORD_BYTES - address % RECORD_BYTES;
		const uint8_t count = (uint8_t)(span->size - at < row ? span->size - at : row);

		if (address >> 16 != *upper) {
			const uint8_t high[2] = { (uint8_t)(address >> 24),
				(uint8_t)(address >> 16) };

			size += put_record(out + size, 2, 0, UPPER, high);
			*upper = address >> 16;
		}
		size += put_record(out + size, count, address, DATA, span->data + at);
		at += count;
	}
	return size;
}

int sfu_hex_print(const struct sfu_spans *spans, struct sfu_bytes *text)
{
	size_t lines = 1, i, size = 0;
	uint32_t upper = 0;
	char *out;

	for (i = 0; i < spans->count; i++)
		lines += spans->at[i].size / RECORD_BYTES + 3 + spans->at[i].size / 0x10000u;
	out = malloc(lines * LINE_CHARS + 1);
	if (out == NULL)
		return sfu_fail(EX_OSERR, NULL, "there is no memory for a HEX file");
	for (i = 0; i < spans->count; i++)
		size += put_span(out + size, &spans->at[i], &upper);
	size += put_record(out + size, 0, 0, END, NULL);
	text->data = (uint8_t *)out;
	text->size = size;
	return 0;
}
