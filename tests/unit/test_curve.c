/* crypto/curve_m31.c against two others: the sum of two multiples against BearSSL's generic curve, and whole
 * verifications against signatures that OpenSSL makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

/* its muladd is hidden */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "curve_m31.c"
#pragma GCC diagnostic pop

#define RUNS 300

static const uint8_t ORDER[32] = {
	0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51
};

/* factors below the order with a known end; the higher half random or zero */
static void factor(uint8_t out[32], int kind)
{
	memset(out, 0, 32);
	if (kind < 4) {
		out[31] = (uint8_t)kind;         /* 0, 1, 2, 3 */
	} else if (kind < 8) {
		memcpy(out, ORDER, 32);          /* n - 1 … n - 4 */
		out[31] = (uint8_t)(out[31] - (kind - 3));
	} else {
		assert_int_equal(RAND_bytes(out + 1, 31), 1);
	}
}

/* A = k·G for a small k: the cases in which the two summands are equal or opposite come up */
static void multiple_of_g(uint8_t point[65], const uint8_t k[32])
{
	memcpy(point, P256_G, 65);
	assert_int_equal(br_ec_prime_i31.mul(point, 65, k, 32, BR_EC_secp256r1), 1);
}

static void compare(const uint8_t base[65], const uint8_t x[32], const uint8_t y[32])
{
	uint8_t ours[65], theirs[65];
	uint32_t good, wanted;

	memcpy(ours, base, 65);
	memcpy(theirs, base, 65);
	good = muladd(ours, NULL, 65, x, 32, y, 32, BR_EC_secp256r1);
	wanted = br_ec_prime_i31.muladd(theirs, NULL, 65, x, 32, y, 32, BR_EC_secp256r1);
	assert_int_equal(good, wanted);
	if (good == 1)
		assert_memory_equal(ours, theirs, 65);
}

static void test_muladd_at_the_edges(void **state)
{
	uint8_t base[65], k[32], x[32], y[32];
	int a, i, j;

	(void)state;
	for (a = 1; a < 9; a++) {
		factor(k, a);
		multiple_of_g(base, k);
		/* BearSSL's takes no factor 0; a signature's s^-1·r is never 0, but its hash may be */
		for (i = 1; i < 9; i++) {
			for (j = 1; j < 9; j++) {
				factor(x, i);
				factor(y, j);
				compare(base, x, y);
			}
		}
	}
}

static void test_muladd_at_random(void **state)
{
	uint8_t base[65], k[32], x[32], y[32];
	int i;

	(void)state;
	for (i = 0; i < RUNS; i++) {
		factor(k, 8);
		multiple_of_g(base, k);
		factor(x, 8);
		factor(y, 8);
		compare(base, x, y);
	}
}

static void test_no_point(void **state)
{
	uint8_t base[65], x[32];

	(void)state;
	memcpy(base, P256_G, 65);
	base[64] ^= 1;
	factor(x, 3);
	assert_int_equal(muladd(base, NULL, 65, x, 32, x, 32, BR_EC_secp256r1), 0);
	memset(base, 0, sizeof base);
	assert_int_equal(muladd(base, NULL, 65, x, 32, x, 32, BR_EC_secp256r1), 0);
}

static void sign(EVP_PKEY *key, const uint8_t hash[32], uint8_t signature[64])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	const uint8_t *at;
	uint8_t der[80];
	size_t size = sizeof der;
	ECDSA_SIG *sig;

	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, der, &size, hash, 32), 1);
	at = der;
	sig = d2i_ECDSA_SIG(NULL, &at, (long)size);
	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature, 32), 32);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 32, 32), 32);
	ECDSA_SIG_free(sig);
	EVP_PKEY_CTX_free(ctx);
}

static void test_signatures_of_openssl(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < RUNS; i++) {
		uint8_t point[65], hash[32], signature[64];
		br_ec_public_key key = { BR_EC_secp256r1, point, sizeof point };
		EVP_PKEY *pkey = EVP_EC_gen("P-256");
		size_t size = 0;

		assert_non_null(pkey);
		assert_int_equal(EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size), 1);
		assert_int_equal(RAND_bytes(hash, sizeof hash), 1);
		if (i == 0)
			memset(hash, 0, sizeof hash);
		sign(pkey, hash, signature);
		assert_int_equal(sfu_curve_verify(&key, hash, signature), 1);
		signature[(unsigned)i % 64u] ^= (uint8_t)(1u << (i % 8));
		assert_int_equal(sfu_curve_verify(&key, hash, signature), 0);
		EVP_PKEY_free(pkey);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_muladd_at_the_edges),
		cmocka_unit_test(test_muladd_at_random),
		cmocka_unit_test(test_no_point),
		cmocka_unit_test(test_signatures_of_openssl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
