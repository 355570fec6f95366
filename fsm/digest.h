/* SHA-256 of one string. */
#ifndef SFU_DIGEST_H
#define SFU_DIGEST_H

#include <stdint.h>
#include "crypto.h"

/* The hash of `size` bytes. Its context is gone from the stack when it returns, so that what is verified next has room. */
/*@ requires valid: \valid_read(bytes + (0 .. size - 1)) && \valid(hash + (0 .. 31));
    requires apart: \separated(bytes + (0 .. size - 1), hash + (0 .. 31));
    assigns hash[0 .. 31]; */
void sfu_digest(const uint8_t *bytes, uint32_t size, uint8_t hash[32]);

#endif
