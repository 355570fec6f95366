/* Journal pages as they may be found, made of an input. */
#ifndef PAGES_H
#define PAGES_H

#include <stdint.h>
#include "fuzz.h"

#define PAGES_SIZE 4096u /* of each of the two */
#define PAGES_CELL 128u
#define PAGES_CELLS (PAGES_SIZE / PAGES_CELL)
#define PAGES_WHOLE PAGES_SIZE

struct pages {
	uint8_t *bytes[2];
	uint8_t key[32]; /* journal key */
};

/* What has changed: a cell, and where in its page a unit begins that cannot be read, or PAGES_WHOLE. */
struct pages_change {
	uint32_t page, cell, torn;
};

/* The journal key that follows from a device key. */
void pages_key(struct pages *p, const uint8_t device[32]);

/* Puts one thing into a page: a commit unit, a state, raw bytes, a torn unit. Where (1: page in bit 7, index below),
 * what (1), and what that needs. */
struct pages_change pages_place(struct pages *p, struct fuzz_input *in);

#endif
