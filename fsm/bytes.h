/* Integers in byte strings, little-endian; and the plain loops the core uses in place of mem*.
 * Written with products, which WP proves; functions and not inline ones, which is smaller. */
#ifndef SFU_BYTES_H
#define SFU_BYTES_H

#include <stdint.h>

/* The numbers at `at`, for contracts (why macros: device.h). */
#define SFU_HALF(p, at) ((p)[at] + 256 * (p)[(at) + 1])
#define SFU_WORD(p, at) ((p)[at] + 256 * (p)[(at) + 1] + 65536 * (p)[(at) + 2] + 16777216 * (p)[(at) + 3])

/*@ requires read: \valid_read(p + (0 .. 1));
    assigns \nothing;
    ensures value: \result == p[0] + 256 * p[1]; */
uint32_t sfu_get16(const uint8_t *p);

/*@ requires read: \valid_read(p + (0 .. 3));
    assigns \nothing;
    ensures value: \result == p[0] + 256 * p[1] + 65536 * p[2] + 16777216 * p[3]; */
uint32_t sfu_get32(const uint8_t *p);

/*@ requires write: \valid(p + (0 .. 3));
    assigns p[0 .. 3];
    ensures value: v == p[0] + 256 * p[1] + 65536 * p[2] + 16777216 * p[3]; */
void sfu_put32(uint8_t *p, uint32_t v);

/* Milliseconds from `since` to `now`, on a clock that wraps at 2^32. */
/*@ assigns \nothing;
    ensures elapsed: \result == (now >= since ? now - since : now - since + 4294967296); */
uint32_t sfu_elapsed(uint32_t since, uint32_t now);

/*@ requires write: \valid(to + (0 .. size - 1)) && \valid_read(from + (0 .. size - 1));
    requires apart: \separated(to + (0 .. size - 1), from + (0 .. size - 1));
    assigns to[0 .. size - 1];
    ensures copied: \forall integer i; 0 <= i < size ==> to[i] == \old(from[i]); */
void sfu_copy(uint8_t *to, const uint8_t *from, uint32_t size);

/*@ requires write: \valid(to + (0 .. size - 1));
    assigns to[0 .. size - 1];
    ensures filled: \forall integer i; 0 <= i < size ==> to[i] == value; */
void sfu_fill(uint8_t *to, uint8_t value, uint32_t size);

#endif
