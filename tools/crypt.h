/* Suite 1 of spec/formats.md on the host, by OpenSSL 3. Each function answers 0, or says what failed
 * and answers EX_SOFTWARE. */
#ifndef SFU_TOOL_CRYPT_H
#define SFU_TOOL_CRYPT_H

#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>

#include "sfu_format.h"

#define SFU_HASH SFU_FORMAT_HASH

/* one piece of a string that is hashed */
struct sfu_part {
	const void *data;
	size_t size;
};

int sfu_crypt_sha256(const struct sfu_part *parts, size_t count, uint8_t out[SFU_HASH]);

/* HKDF(key, salt, info): key and salt are SFU_HASH bytes each. */
int sfu_crypt_hkdf(const uint8_t key[SFU_HASH], const uint8_t salt[SFU_HASH], const void *info,
	size_t info_size, uint8_t out[SFU_HASH]);

/* Encrypts or decrypts record `index`. */
int sfu_crypt_record(
	const uint8_t key[SFU_HASH], uint32_t index, const uint8_t *in, uint8_t *out, size_t size);

/* Signs: `signature` is r ‖ s. */
int sfu_crypt_sign(EVP_PKEY *key, const uint8_t *data, size_t size, uint8_t signature[64]);

/* *good is 1 if `signature` (r ‖ s) is the key's over the data, else 0. */
int sfu_crypt_verify(
	EVP_PKEY *key, const uint8_t *data, size_t size, const uint8_t signature[64], int *good);

int sfu_crypt_random(uint8_t *out, size_t size);

void sfu_crypt_wipe(void *data, size_t size);

#endif
