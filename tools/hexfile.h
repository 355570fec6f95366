/* Intel HEX, with 32-bit addresses. */
#ifndef SFU_TOOL_HEXFILE_H
#define SFU_TOOL_HEXFILE_H

#include "file.h"
#include "spans.h"

/* Adds what the file holds. EX_DATAERR names the first line that is wrong. */
int sfu_hex_parse(const char *path, const struct sfu_bytes *bytes, struct sfu_spans *spans);

/* Writes the spans as text; sfu_bytes_free ends it. */
int sfu_hex_print(const struct sfu_spans *spans, struct sfu_bytes *text);

#endif
