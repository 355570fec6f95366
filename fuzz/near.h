/* fsm/bytes.c in front of each source of the core, so that its functions, of a line or a loop each, can be inlined as those
 * of one module can: to call sfu_get32 was a quarter of `journal`. It is the shipped text, with all sanitizers; only the
 * linkage differs. How often a loop turns tells a fuzzer nothing, so those are not counted. */
#ifndef NEAR_H
#define NEAR_H

#include <stdint.h>

#define NEAR __attribute__((unused, no_sanitize("coverage"))) static
#define NEAR_LOOP __attribute__((unused, noinline, no_sanitize("coverage"))) static

NEAR uint32_t sfu_get16(const uint8_t *p);
NEAR uint32_t sfu_get32(const uint8_t *p);
NEAR void sfu_put32(uint8_t *p, uint32_t v);
NEAR uint32_t sfu_elapsed(uint32_t since, uint32_t now);
NEAR_LOOP void sfu_copy(uint8_t *to, const uint8_t *from, uint32_t size);
NEAR_LOOP void sfu_fill(uint8_t *to, uint8_t value, uint32_t size);

#include "../fsm/bytes.c"

#endif
