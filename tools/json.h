/* One JSON object on stdout, for --json: a line per member, if not told otherwise. */
#ifndef SFU_TOOL_JSON_H
#define SFU_TOOL_JSON_H

#include <stddef.h>
#include <stdint.h>

/* From now on an object is one line: for commands that print one after the other. */
void sfu_json_rows(void);

/* `name` NULL at the top and inside an array. */
void sfu_json_open(const char *name, char bracket);
void sfu_json_close(char bracket);
void sfu_json_text(const char *name, const char *value);
void sfu_json_number(const char *name, uint64_t value);
void sfu_json_hex(const char *name, const uint8_t *data, size_t size);
void sfu_json_bool(const char *name, int value);

#endif
