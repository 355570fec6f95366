/* The mem* functions, which the compiler and BearSSL call. Copies go word by word, since those out of
 * flash are much of what a boot does. Their course depends on addresses and sizes, and for memcmp, which no
 * secret is given to, on data. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct quad {
	uint32_t word[4];
} __attribute__((may_alias));

/* ARMv7-M A3.2.1: single loads and stores need no alignment, multiple ones do */
struct loose {
	uint32_t word;
} __attribute__((packed, may_alias));

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	const struct quad *q = from;
	const struct loose *l;
	struct quad *tq = to;
	struct loose *tl;
	const uint8_t *f;
	uint8_t *t;

	if (((uintptr_t)to | (uintptr_t)from) % 4u == 0)
		for (; size >= 16u; size -= 16u)
			*tq++ = *q++;
	for (l = (const void *)q, tl = (void *)tq; size >= 4u; size -= 4u)
		*tl++ = *l++;
	for (f = (const void *)l, t = (void *)tl; size != 0; size--)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if ((uintptr_t)t - (uintptr_t)f >= size)
		return memcpy(to, from, size); /* upwards, which is right if `to` is the lower too */
	while (size-- != 0)
		t[size] = f[size];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	uint8_t *t = to;

	while (size-- != 0)
		*t++ = (uint8_t)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	for (; size >= 4u; size -= 4u, x += 4, y += 4)
		if (((const struct loose *)x)->word != ((const struct loose *)y)->word)
			break;
	for (; size != 0; size--, x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}
