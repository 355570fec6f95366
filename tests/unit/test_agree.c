/* ECDH on P-256 and the box of personalization, against OpenSSL and a published vector, with both implementations of
 * P-256. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include "crypto.h"
#include "sfu_codes.h"

#define ROUNDS 60

static EC_GROUP *group;
static BIGNUM *order;

static int begin(void **state)
{
	(void)state;
	group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	order = BN_dup(EC_GROUP_get0_order(group));
	return group == NULL || order == NULL;
}

static int end(void **state)
{
	(void)state;
	EC_GROUP_free(group);
	BN_free(order);
	return 0;
}

static void number(const BIGNUM *n, uint8_t out[32])
{
	assert_int_equal(BN_bn2binpad(n, out, 32), 32);
}

/* scalar * point by OpenSSL; a null point is the generator */
static void multiple(const uint8_t scalar[32], const uint8_t point[64], uint8_t out[64])
{
	EC_POINT *p = EC_POINT_new(group), *product = EC_POINT_new(group);
	BIGNUM *n = BN_bin2bn(scalar, 32, NULL);
	uint8_t encoded[65] = { 4 };

	if (point != NULL) {
		memcpy(encoded + 1, point, 64);
		assert_int_equal(EC_POINT_oct2point(group, p, encoded, 65, NULL), 1);
		assert_int_equal(EC_POINT_mul(group, product, NULL, p, n, NULL), 1);
	} else {
		assert_int_equal(EC_POINT_mul(group, product, n, NULL, NULL, NULL), 1);
	}
	assert_int_equal(EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, encoded, 65, NULL), 65);
	memcpy(out, encoded + 1, 64);
	EC_POINT_free(p);
	EC_POINT_free(product);
	BN_free(n);
}

static void random_scalar(uint8_t scalar[32])
{
	BIGNUM *n = BN_new();

	do
		assert_int_equal(BN_rand_range(n, order), 1);
	while (BN_is_zero(n));
	number(n, scalar);
	BN_free(n);
}

static void of_scalar(const uint8_t scalar[32])
{
	uint8_t public_key[64], wanted[64];

	assert_int_equal(sfu_agree_public(public_key, scalar), SFU_OK);
	multiple(scalar, NULL, wanted);
	assert_memory_equal(public_key, wanted, 64);
}

static void public_keys(void **state)
{
	uint8_t scalar[32], public_key[64] = { 0 };
	BIGNUM *n = BN_dup(order);
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		random_scalar(scalar);
		of_scalar(scalar);
	}
	/* the edges: 1, 2, 3, what has one bit, and the last ones below the order */
	for (i = 0; i < 256; i += 17) {
		memset(scalar, 0, 32);
		scalar[31 - i / 8] = (uint8_t)(1u << i % 8);
		of_scalar(scalar);
	}
	for (i = 1; i < 4; i++) {
		memset(scalar, 0, 32);
		scalar[31] = (uint8_t)i;
		of_scalar(scalar);
		assert_int_equal(BN_sub_word(n, 1), 1);
		number(n, scalar);
		of_scalar(scalar);
	}
	/* and beyond them */
	memset(scalar, 0, 32);
	assert_int_equal(sfu_agree_public(public_key, scalar), SFU_E_ENTROPY);
	memset(scalar, 0xFF, 32);
	assert_int_equal(sfu_agree_public(public_key, scalar), SFU_E_ENTROPY);
	for (i = 0; i < 256; i++) {
		assert_non_null(BN_copy(n, order));
		assert_int_equal(BN_add_word(n, (BN_ULONG)i), 1);
		number(n, scalar);
		assert_int_equal(sfu_agree_public(public_key, scalar), SFU_E_ENTROPY);
	}
	BN_free(n);
}

static void secrets(void **state)
{
	uint8_t mine[32], theirs[32], public_key[64], other[64], secret[32], same[32], wanted[64];
	int i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		random_scalar(mine);
		random_scalar(theirs);
		multiple(theirs, NULL, public_key);
		multiple(mine, public_key, wanted);
		assert_int_equal(sfu_agree(secret, mine, public_key), SFU_OK);
		assert_memory_equal(secret, wanted, 32);
		assert_int_equal(sfu_agree_public(other, mine), SFU_OK);
		assert_int_equal(sfu_agree(same, theirs, other), SFU_OK);
		assert_memory_equal(secret, same, 32);
	}
}

/* NIST's CAVS vectors for ECC CDH, P-256, the first */
static void published(void **state)
{
	static const char digits[] = "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534"
	                             "700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	                             "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac"
	                             "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b";
	uint8_t bytes[128], secret[32];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bytes; i++) {
		const char pair[3] = { digits[2 * i], digits[2 * i + 1], 0 };

		bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	assert_int_equal(sfu_agree(secret, bytes, bytes + 32), SFU_OK);
	assert_memory_equal(secret, bytes + 96, 32);
}

static void points_off_the_curve(void **state)
{
	uint8_t scalar[32], public_key[64], secret[32];
	uint32_t bit;

	(void)state;
	random_scalar(scalar);
	multiple(scalar, NULL, public_key);
	for (bit = 0; bit < 512; bit++) {
		public_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(sfu_agree(secret, scalar, public_key), SFU_R_PERMIT);
		public_key[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(sfu_agree(secret, scalar, public_key), SFU_OK);
	/* zeros, and coordinates that the field does not have */
	memset(public_key, 0, 64);
	assert_int_equal(sfu_agree(secret, scalar, public_key), SFU_R_PERMIT);
	memset(public_key, 0xFF, 64);
	assert_int_equal(sfu_agree(secret, scalar, public_key), SFU_R_PERMIT);
}

/* x is a field element and x + p the same one: no second name for a point */
static void coordinates_are_reduced(void **state)
{
	uint8_t scalar[32], public_key[64], secret[32];
	BIGNUM *p = BN_new(), *x = BN_new(), *y = BN_new(), *beyond = BN_new();
	EC_POINT *point = EC_POINT_new(group);
	int tried = 0;
	BN_ULONG word;

	(void)state;
	assert_int_equal(EC_GROUP_get_curve(group, p, NULL, NULL, NULL), 1);
	random_scalar(scalar);
	for (word = 1; word < 60; word++) {
		assert_int_equal(BN_set_word(x, word), 1);
		if (EC_POINT_set_compressed_coordinates(group, point, x, 1, NULL) != 1)
			continue;
		assert_int_equal(EC_POINT_get_affine_coordinates(group, point, x, y, NULL), 1);
		number(x, public_key);
		number(y, public_key + 32);
		assert_int_equal(sfu_agree(secret, scalar, public_key), SFU_OK);
		assert_int_equal(BN_add(beyond, x, p), 1);
		number(beyond, public_key);
		assert_int_equal(sfu_agree(secret, scalar, public_key), SFU_R_PERMIT);
		tried++;
	}
	assert_true(tried > 10);
	BN_free(p);
	BN_free(x);
	BN_free(y);
	BN_free(beyond);
	EC_POINT_free(point);
}

static void shut(const uint8_t key[32], const uint8_t *plain, uint8_t *box, int size, uint8_t tag[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	const uint8_t nonce[12] = { 0 };
	int n = 0;

	assert_non_null(c);
	assert_int_equal(EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL, key, nonce), 1);
	if (size > 0)
		assert_int_equal(EVP_EncryptUpdate(c, box, &n, plain, size), 1);
	assert_int_equal(EVP_EncryptFinal_ex(c, box + n, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag), 1);
	EVP_CIPHER_CTX_free(c);
}

static void boxes(void **state)
{
	uint8_t key[32], plain[256], box[256], tag[16];
	int size;

	(void)state;
	for (size = 0; size <= 200; size++) {
		assert_int_equal(RAND_bytes(key, 32), 1);
		assert_int_equal(RAND_bytes(plain, size + 1), 1);
		shut(key, plain, box, size, tag);
		assert_int_equal(sfu_open(key, box, (uint32_t)size, tag), SFU_OK);
		assert_memory_equal(box, plain, (size_t)size);
	}
}

static void boxes_of_others(void **state)
{
	const uint8_t zeros[64] = { 0 };
	uint8_t key[32], plain[64], good[112], bad[112];
	uint32_t bit;

	(void)state;
	assert_int_equal(RAND_bytes(key, 32), 1);
	assert_int_equal(RAND_bytes(plain, 64), 1);
	shut(key, plain, good, 64, good + 64);
	memcpy(good + 80, key, 32);
	/* each bit of box, tag and key */
	for (bit = 0; bit < 8 * sizeof bad; bit++) {
		memcpy(bad, good, sizeof bad);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(sfu_open(bad + 80, bad, 64, bad + 64), SFU_R_BOX);
		assert_memory_equal(bad, zeros, 64);
	}
	memcpy(bad, good, sizeof bad);
	assert_int_equal(sfu_open(key, bad, 63, bad + 64), SFU_R_BOX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_keys),
		cmocka_unit_test(secrets),
		cmocka_unit_test(published),
		cmocka_unit_test(points_off_the_curve),
		cmocka_unit_test(coordinates_are_reduced),
		cmocka_unit_test(boxes),
		cmocka_unit_test(boxes_of_others),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
