/* A second crypto/crypto.h for targets, which is no cryptography: stand_in.c. Every hash that it makes begins with
 * STAND_IN_MARK, so that nothing made with it is taken for the real thing. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <stdint.h>

#define STAND_IN_MARK 0x454B4146u /* "FAKE" */

/* The signature that sfu_verify takes: whoever has the public key can make it. */
void stand_in_sign(const uint8_t public_key[64], const uint8_t hash[32], uint8_t signature[64]);

#define STAND_IN_POINT 0x59 /* bytes 32 and 63 of what is a point of its curve */

/* What sfu_open opens: encrypts `box` in its place. */
void stand_in_close(const uint8_t key[32], uint8_t *box, uint32_t size, uint8_t tag[16]);

/* Key agreement and the box of personalization, for a core that has it. */
uint32_t sfu_agree_public(uint8_t public_key[64], const uint8_t scalar[32]);
uint32_t sfu_agree(uint8_t secret[32], const uint8_t scalar[32], const uint8_t public_key[64]);
uint32_t sfu_open(const uint8_t key[32], uint8_t *box, uint32_t size, const uint8_t tag[16]);

/* crypt_stand_in.c: what is random there begins anew. */
void crypt_stand_in_begin(void);

#endif
