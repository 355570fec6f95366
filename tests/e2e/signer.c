#include "signer.h"
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/obj_mac.h>
#include <stdlib.h>

static EC_KEY *keys[SIGNERS];
static uint8_t points[SIGNERS][65];

static void must(int ok)
{
	if (!ok)
		abort();
}

/* fixed keys, so that runs repeat */
static EC_KEY *signer_key(uint32_t n)
{
	if (keys[n] == NULL) {
		BIGNUM *secret = BN_new();
		EC_POINT *point;

		must(secret != NULL && BN_set_word(secret, 0x5F1A7E5 + n) == 1);
		keys[n] = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
		must(keys[n] != NULL && EC_KEY_set_private_key(keys[n], secret) == 1);
		point = EC_POINT_new(EC_KEY_get0_group(keys[n]));
		must(EC_POINT_mul(EC_KEY_get0_group(keys[n]), point, secret, NULL, NULL, NULL) == 1);
		must(EC_KEY_set_public_key(keys[n], point) == 1);
		must(EC_POINT_point2oct(EC_KEY_get0_group(keys[n]), point, POINT_CONVERSION_UNCOMPRESSED,
		                        points[n], 65, NULL) == 65);
		EC_POINT_free(point);
		BN_free(secret);
	}
	return keys[n];
}

const uint8_t *signer_public(uint32_t signer)
{
	(void)signer_key(signer);
	return points[signer] + 1;
}

void signer_sign(uint32_t signer, const uint8_t hash[32], uint8_t signature[64])
{
	ECDSA_SIG *sig = ECDSA_do_sign(hash, 32, signer_key(signer));
	const BIGNUM *r, *s;

	must(sig != NULL);
	ECDSA_SIG_get0(sig, &r, &s);
	must(BN_bn2binpad(r, signature, 32) == 32);
	must(BN_bn2binpad(s, signature + 32, 32) == 32);
	ECDSA_SIG_free(sig);
}
