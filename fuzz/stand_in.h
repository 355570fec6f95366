/* A second crypto/crypto.h for targets, which is no cryptography: stand_in.c. Every hash that it makes begins with
 * STAND_IN_MARK, so that nothing made with it is taken for the real thing. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <stdint.h>

#define STAND_IN_MARK 0x454B4146u /* "FAKE" */

/* The signature that sfu_verify takes: whoever has the public key can make it. */
void stand_in_sign(const uint8_t public_key[64], const uint8_t hash[32], uint8_t signature[64]);

#endif
