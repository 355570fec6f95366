#include "spans.h"

#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "say.h"

static int no_memory(const char *path)
{
	sfu_fail(EX_OSERR, path, "does not fit in memory");
	return EX_OSERR;
}

/* Doubles the room, since a HEX file brings its bytes sixteen at a time. */
static int grow(struct sfu_span *span, const char *path, size_t size)
{
	const size_t twice = (size_t)span->room * 2, need = (size_t)span->size + size;
	const size_t room = twice > need && twice <= UINT32_MAX ? twice : need;
	uint8_t *data = malloc(room);

	if (data == NULL)
		return no_memory(path);
	if (span->size > 0) {
		memcpy(data, span->data, span->size);
		sfu_crypt_wipe(span->data, span->size);
	}
	free(span->data);
	span->data = data;
	span->room = (uint32_t)room;
	return 0;
}

static int append(struct sfu_span *span, const char *path, const uint8_t *data, size_t size)
{
	int status = 0;

	if (size > span->room - span->size)
		status = grow(span, path, size);
	if (status == 0) {
		memcpy(span->data + span->size, data, size);
		span->size += (uint32_t)size;
	}
	return status;
}

int sfu_spans_add(struct sfu_spans *spans, const char *path, uint32_t address, const uint8_t *data,
	size_t size)
{
	struct sfu_span *last = spans->count > 0 ? &spans->at[spans->count - 1] : NULL;
	struct sfu_span *grown;

	if (size > UINT32_MAX - address)
		return sfu_fail(EX_DATAERR, path, "data at 0x%08x reaches beyond the address space",
			address);
	if (size == 0)
		return 0;
	if (last != NULL && last->address + last->size == address)
		return append(last, path, data, size);
	grown = realloc(spans->at, (spans->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return no_memory(path);
	spans->at = grown;
	grown += spans->count++;
	memset(grown, 0, sizeof(*grown));
	grown->address = address;
	return append(grown, path, data, size);
}

static int by_address(const void *a, const void *b)
{
	const struct sfu_span *left = a, *right = b;

	return left->address < right->address ? -1 : left->address > right->address;
}

int sfu_spans_sort(struct sfu_spans *spans, const char *path)
{
	size_t i;

	if (spans->count == 0)
		return 0;
	qsort(spans->at, spans->count, sizeof(*spans->at), by_address);
	for (i = 1; i < spans->count; i++)
		if (spans->at[i].address - spans->at[i - 1].address < spans->at[i - 1].size)
			return sfu_fail(EX_DATAERR, path, "two parts of it lie at 0x%08x",
				spans->at[i].address);
	return 0;
}

int sfu_spans_flatten(struct sfu_spans *spans, const char *path, uint32_t max)
{
	struct sfu_span flat = { 0, 0, 0, NULL };
	const struct sfu_span *last;
	size_t i;
	int status = sfu_spans_sort(spans, path);

	if (status != 0)
		return status;
	if (spans->count == 0)
		return sfu_fail(EX_DATAERR, path, "holds nothing that goes to memory");
	last = &spans->at[spans->count - 1];
	flat.address = spans->at[0].address;
	flat.size = last->address + last->size - flat.address;
	if (flat.size > max)
		return sfu_fail(EX_DATAERR, path,
			"reaches from 0x%08x to 0x%08x: %u bytes, where %u fit", flat.address,
			last->address + last->size, flat.size, max);
	flat.data = malloc(flat.size);
	if (flat.data == NULL)
		return no_memory(path);
	flat.room = flat.size;
	memset(flat.data, 0xFF, flat.size);
	for (i = 0; i < spans->count; i++) {
		struct sfu_span *span = &spans->at[i];

		memcpy(flat.data + (span->address - flat.address), span->data, span->size);
		sfu_crypt_wipe(span->data, span->size);
		free(span->data);
	}
	spans->at[0] = flat;
	spans->count = 1;
	return 0;
}

void sfu_spans_free(struct sfu_spans *spans)
{
	size_t i;

	for (i = 0; i < spans->count; i++) {
		if (spans->at[i].data != NULL)
			sfu_crypt_wipe(spans->at[i].data, spans->at[i].size);
		free(spans->at[i].data);
	}
	free(spans->at);
	spans->at = NULL;
	spans->count = 0;
}
