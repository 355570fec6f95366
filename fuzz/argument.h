/* What is compiled without the address sanitizer asks it about the arguments it is given. */
#ifndef ARGUMENT_H
#define ARGUMENT_H

#include <stdint.h>
#include <string.h>
#include "fuzz.h"

#if defined(STAND_IN_ASKS)
void *__asan_region_is_poisoned(void *beg, size_t size);
void __asan_get_shadow_mapping(size_t *scale, size_t *offset);

/* The sanitizer's own question walks its shadow byte by byte and was a fifth of what `journal` did: where nothing in the
 * shadow is set, which is nearly always, it need not be put. */
static inline int argument_is_there(const void *p, size_t size)
{
	static size_t scale, offset;
	uintptr_t at = (uintptr_t)p, end = at + size;
	const uint8_t *shadow;
	uint64_t word, set = 0;
	size_t n;

	if (size == 0)
		return 1;
	if (offset == 0)
		__asan_get_shadow_mapping(&scale, &offset);
	shadow = (const uint8_t *)((at >> scale) + offset);
	for (n = ((end - 1) >> scale) - (at >> scale) + 1; n >= 8; n -= 8, shadow += 8) {
		memcpy(&word, shadow, 8);
		set |= word;
	}
	for (; n > 0; n--)
		set |= *shadow++;
	return set == 0 || __asan_region_is_poisoned((void *)(uintptr_t)p, size) == NULL;
}
#define ARGUMENT(p, size) FUZZ_MUST(argument_is_there(p, size), "memory that is not there")
#else
#define ARGUMENT(p, size) (void)(p)
#endif

#endif
