/* tests/e2e/signer.h with BearSSL's ECDSA: for the memory sanitizer, which all code must be built with that writes what it
 * watches. The keys are those of tests/e2e/signer.c, so a corpus serves both; the nonce is RFC 6979's. */
#include "signer.h"
#include <bearssl.h>
#include <stdlib.h>
#include <string.h>
#include "curve.h"

static void secret(uint32_t n, uint8_t key[32])
{
	const uint32_t word = 0x5F1A7E5u + n;

	memset(key, 0, 32);
	key[28] = (uint8_t)(word >> 24);
	key[29] = (uint8_t)(word >> 16);
	key[30] = (uint8_t)(word >> 8);
	key[31] = (uint8_t)word;
}

static void must(int holds)
{
	if (!holds)
		abort();
}

const uint8_t *signer_public(uint32_t signer)
{
	static uint8_t points[SIGNERS][65];
	uint8_t key[32];

	if (points[signer][0] == 0) {
		memcpy(points[signer], sfu_curve_generator(), 65);
		secret(signer, key);
		must(sfu_curve_multiply(points[signer], key) == 1);
	}
	return points[signer] + 1;
}

void signer_sign(uint32_t signer, const uint8_t hash[32], uint8_t signature[64])
{
	uint8_t key[32];
	const br_ec_private_key private = { BR_EC_secp256r1, key, sizeof key };

	secret(signer, key);
	must(br_ecdsa_i31_sign_raw(&br_ec_prime_i31, &br_sha256_vtable, hash, &private, signature) == 64);
}
