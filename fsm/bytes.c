#include "bytes.h"

uint32_t sfu_get16(const uint8_t *p)
{
	return p[0] + 256u * p[1];
}

uint32_t sfu_get32(const uint8_t *p)
{
	return p[0] + 256u * p[1] + 65536u * p[2] + 16777216u * p[3];
}

void sfu_put32(uint8_t *p, uint32_t v)
{
	const uint32_t v1 = v / 256u, v2 = v1 / 256u, v3 = v2 / 256u;

	p[0] = (uint8_t)(v % 256u);
	p[1] = (uint8_t)(v1 % 256u);
	p[2] = (uint8_t)(v2 % 256u);
	p[3] = (uint8_t)v3;
}

uint32_t sfu_elapsed(uint32_t since, uint32_t now)
{
	return now >= since ? now - since : UINT32_MAX - since + now + 1u;
}

void sfu_copy(uint8_t *to, const uint8_t *from, uint32_t size)
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= size;
	    loop invariant copied: \forall integer j; 0 <= j < i ==> to[j] == \at(from[j], Pre);
	    loop invariant kept: \forall integer j; 0 <= j < size ==> from[j] == \at(from[j], Pre);
	    loop assigns i, to[0 .. size - 1];
	    loop variant size - i; */
	for (i = 0; i < size; i++)
		to[i] = from[i];
}

void sfu_fill(uint8_t *to, uint8_t value, uint32_t size)
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= size;
	    loop invariant filled: \forall integer j; 0 <= j < i ==> to[j] == value;
	    loop assigns i, to[0 .. size - 1];
	    loop variant size - i; */
	for (i = 0; i < size; i++)
		to[i] = value;
}
