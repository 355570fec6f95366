/* Memory contents with holes: what an ELF or a HEX file brings. */
#ifndef SFU_TOOL_SPANS_H
#define SFU_TOOL_SPANS_H

#include <stddef.h>
#include <stdint.h>

struct sfu_span {
	uint32_t address;
	uint32_t size;
	uint32_t room; /* bytes behind data, not less than size */
	uint8_t *data;
};

struct sfu_spans {
	struct sfu_span *at;
	size_t count;
};

/* Adds a copy of the bytes; joins them to the last span if they follow it. `path` is for messages.
 * EX_DATAERR if they reach beyond the end of the address space. */
int sfu_spans_add(struct sfu_spans *spans, const char *path, uint32_t address, const uint8_t *data,
	size_t size);

/* Sorts; EX_DATAERR if two overlap. */
int sfu_spans_sort(struct sfu_spans *spans, const char *path);

/* Sorts, and puts all into one span; holes become 0xFF. EX_DATAERR: overlap, nothing there, or it
 * would be larger than `max`. */
int sfu_spans_flatten(struct sfu_spans *spans, const char *path, uint32_t max);

/* Wipes and frees. */
void sfu_spans_free(struct sfu_spans *spans);

#endif
