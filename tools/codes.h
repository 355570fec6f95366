/* The codes of spec/codes.md, in words. */
#ifndef SFU_TOOL_CODES_H
#define SFU_TOOL_CODES_H

#include <stdint.h>

struct sfu_code {
	const char *name;
	uint32_t code;
	const char *sentence;
	const char *advice;
};

extern const struct sfu_code sfu_code_table[];
extern const int sfu_code_count;

/* NULL if there is none. `text` is a name (case and a leading SFU_ do not matter) or a number. */
const struct sfu_code *sfu_code_find(uint32_t code);
const struct sfu_code *sfu_code_parse(const char *text);

/* The exit status when a device answers this. */
int sfu_code_status(uint32_t code);

#endif
