/* Lock profiles in words and in order. */
#ifndef SFU_TOOL_LOCK_PROFILE_H
#define SFU_TOOL_LOCK_PROFILE_H

#include <stdint.h>

/* "open", "field", "final" or "unknown". */
const char *sfu_lock_name(uint32_t profile);

/* 1 if `text` is one of the three. */
int sfu_lock_parse(const char *text, uint32_t *profile);

/* 1, 2 and 3; 0 for what is none. */
int sfu_lock_rank(uint32_t profile);

#endif
