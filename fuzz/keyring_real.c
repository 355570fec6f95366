#include "keyring.h"
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <string.h>
#include "fuzz.h"
#include "point.h"

static EVP_PKEY *pairs[KEYRING_PAIRS];
static uint8_t points[KEYRING_PAIRS][64];

static EVP_PKEY *pair(enum keyring which)
{
	if (pairs[which] == NULL) {
		pairs[which] = EVP_EC_gen("P-256");
		FUZZ_MUST(pairs[which] != NULL && sfu_point_of(pairs[which], points[which]) == 0, "OpenSSL makes no key");
	}
	return pairs[which];
}

const uint8_t *keyring_point(enum keyring which)
{
	(void)pair(which);
	return points[which];
}

void keyring_sign(enum keyring which, const uint8_t hash[32], uint8_t signature[64])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pair(which), NULL);
	uint8_t der[80];
	const uint8_t *at = der;
	size_t size = sizeof der;
	ECDSA_SIG *rs = NULL;

	FUZZ_MUST(context != NULL && EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, der, &size, hash, 32) == 1
	                  && (rs = d2i_ECDSA_SIG(NULL, &at, (long)size)) != NULL
	                  && BN_bn2binpad(ECDSA_SIG_get0_r(rs), signature, 32) == 32
	                  && BN_bn2binpad(ECDSA_SIG_get0_s(rs), signature + 32, 32) == 32,
	          "OpenSSL does not sign");
	ECDSA_SIG_free(rs);
	EVP_PKEY_CTX_free(context);
}

void keyring_begin(void)
{
}
