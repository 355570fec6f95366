/* Public keys on P-256 as X ‖ Y. Each function answers 0 or says what failed: EX_SOFTWARE. */
#ifndef SFU_TOOL_POINT_H
#define SFU_TOOL_POINT_H

#include <openssl/evp.h>
#include <stdint.h>

#define SFU_POINT 64

/* The key of a point, to be freed with EVP_PKEY_free; NULL if it is none of the curve's. */
EVP_PKEY *sfu_point_key(const uint8_t point[SFU_POINT]);

/* The point of a key that is on P-256. */
int sfu_point_of(EVP_PKEY *key, uint8_t point[SFU_POINT]);

/* The first four bytes of SHA-256(X ‖ Y). */
int sfu_point_id(const uint8_t point[SFU_POINT], uint8_t id[4]);

/* *good is 1 if the signature over `data` is the point's, else 0. */
int sfu_point_verify(const uint8_t point[SFU_POINT], const void *data, size_t size,
	const uint8_t signature[64], int *good);

#endif
