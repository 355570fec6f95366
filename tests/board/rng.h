#ifndef BOARD_RNG_H
#define BOARD_RNG_H

/* Random number generator at 0x50060800 (RM0090 24.4). */
#include <stdint.h>

void board_rng_init(int seeded, uint64_t seed, int fails); /* unseeded: numbers of the host */
void board_rng_reset(void);
uint32_t board_rng_read(unsigned instance, uint32_t offset);
void board_rng_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);

#endif
