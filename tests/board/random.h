#ifndef BOARD_RANDOM_H
#define BOARD_RANDOM_H

/* A small deterministic generator (splitmix64): what is torn and marginal must be repeatable by its seed. */
#include <stdint.h>

struct board_random {
	uint64_t state;
};

static inline uint64_t board_random_next(struct board_random *r)
{
	uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static inline void board_random_fill(struct board_random *r, uint8_t *to, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		to[i] = (uint8_t)(board_random_next(r) >> 24);
}

#endif
