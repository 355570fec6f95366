/* Memory for secrets that live long: never swapped out, in no core file, not in a child. */
#ifndef SFU_TOOL_LOCKED_H
#define SFU_TOOL_LOCKED_H

#include <stddef.h>

/* `size` zero bytes at *memory. EX_OSERR if there are none, or they cannot be locked (RLIMIT_MEMLOCK). */
int sfu_locked_new(size_t size, void **memory);

/* Wipes and gives back; NULL is let pass. */
void sfu_locked_free(void *memory, size_t size);

#endif
