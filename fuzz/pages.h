/* Journal pages as they may be found, made of an input. */
#ifndef PAGES_H
#define PAGES_H

#include <stdint.h>
#include "fuzz.h"

#define PAGES_SIZE 4096u /* of each of the two */

struct pages {
	uint8_t bytes[2][PAGES_SIZE];
	uint8_t torn[2][PAGES_SIZE]; /* 1 at the first byte of a unit that cannot be read */
	uint8_t key[32];             /* journal key */
	uint32_t tears;
};

/* The journal key that follows from a device key. */
void pages_key(struct pages *p, const uint8_t device[32]);

/* Puts one thing into a page: a commit unit, a state, raw bytes, a torn unit. Where (1: page in bit 7, index below),
 * what (1), and what that needs. */
void pages_place(struct pages *p, struct fuzz_input *in);

#endif
