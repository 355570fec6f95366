/* The wrapper of crypto/ against published vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "crc.h"
#include "crypto.h"
#include "sfu_codes.h"

/* Bytes of a string of hexadecimal digits. */
static uint32_t bytes(uint8_t *out, const char *digits)
{
	uint32_t n = 0;

	for (; digits[0] != 0; digits += 2) {
		const char pair[3] = { digits[0], digits[1], 0 };

		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

static void expect(const uint8_t *got, const char *digits)
{
	uint8_t wanted[512];

	assert_memory_equal(got, wanted, bytes(wanted, digits));
}

static void expect_sha(const char *text, uint32_t piece, const char *digits)
{
	const uint32_t size = (uint32_t)strlen(text);
	struct sfu_hash hash;
	uint8_t digest[32];
	uint32_t i;

	sfu_hash_init(&hash);
	for (i = 0; i < size; i += piece)
		sfu_hash_update(&hash, (const uint8_t *)text + i, size - i < piece ? size - i : piece);
	sfu_hash_update(&hash, NULL, 0);
	sfu_hash_final(&hash, digest);
	expect(digest, digits);
}

/* FIPS 180-4's examples, in pieces of several sizes. */
static void test_sha256(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	uint32_t piece;

	(void)state;
	expect_sha("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	for (piece = 1; piece < 70; piece++) {
		expect_sha("abc", piece,
			"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
		expect_sha(two_blocks, piece,
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	}
}

/* RFC 4231; keys shorter than 32 bytes are padded with zeros, which HMAC does anyway. */
static void test_hmac(void **state)
{
	uint8_t key[32] = { 0 }, mac[32], data[50];

	(void)state;
	memset(key, 0x0B, 20);
	sfu_hmac(mac, key, (const uint8_t *)"Hi There", 8);
	expect(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	memset(key, 0, sizeof key);
	memcpy(key, "Jefe", 4);
	sfu_hmac(mac, key, (const uint8_t *)"what do ya want for nothing?", 28);
	expect(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0, sizeof key);
	memset(key, 0xAA, 20);
	memset(data, 0xDD, sizeof data);
	sfu_hmac(mac, key, data, sizeof data);
	expect(mac, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
}

/* RFC 5869's keys have 22 and 80 bytes, ours 32: the expectation is the RFC's formula, from HMAC alone. */
static void test_hkdf(void **state)
{
	static const uint8_t zeros[32];
	uint8_t key[32], salt[32], info[64], prk[32], wanted[32], block[65], out[32];
	uint32_t i, info_size;

	(void)state;
	for (i = 0; i < sizeof info; i++) {
		key[i % 32] = (uint8_t)(3 * i);
		salt[i % 32] = (uint8_t)(7 * i);
		info[i] = (uint8_t)(11 * i);
	}
	for (info_size = 0; info_size <= 64; info_size++) {
		memcpy(block, info, info_size);
		block[info_size] = 1;
		sfu_hmac(prk, salt, key, 32);
		sfu_hmac(wanted, prk, block, info_size + 1);
		sfu_hkdf(out, key, salt, 32, info, info_size);
		assert_memory_equal(out, wanted, 32);
		sfu_hmac(prk, zeros, key, 32);
		sfu_hmac(wanted, prk, block, info_size + 1);
		sfu_hkdf(out, key, salt, 0, info, info_size);
		assert_memory_equal(out, wanted, 32);
	}
}

/* RFC 8439 A.1, tests 1 and 4 (key stream from counter 0, whose nonce is zero but for its end). */
static void test_cipher(void **state)
{
	uint8_t key[32] = { 0 }, data[64] = { 0 };

	(void)state;
	sfu_cipher(key, 0, data, sizeof data);
	expect(data, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
	             "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
	sfu_cipher(key, 0, data, sizeof data);
	assert_memory_equal(data, (const uint8_t[64]){ 0 }, 64);
	/* the index is the first word of the nonce: another stream, and back again */
	sfu_cipher(key, 0x01020304, data, 61);
	assert_int_equal(data[61], 0);
	assert_memory_not_equal(data, (const uint8_t[64]){ 0 }, 16);
	sfu_cipher(key, 0x01020304, data, 61);
	assert_memory_equal(data, (const uint8_t[64]){ 0 }, 64);
}

/* Tags of ChaCha20-Poly1305 with empty plaintext, made with OpenSSL. */
static void test_onetime_mac(void **state)
{
	static const struct {
		uint32_t size;
		const char *tag;
	} vectors[] = {
		{ 0, "886d5bfa0adccbd67983b5e8902cde29" },
		{ 1, "47359dc56544af38221905350a2c2253" },
		{ 15, "16800cc03df88ece92734d25da2ee944" },
		{ 16, "78695968644b47652cbca8036a3a4799" },
		{ 17, "7aa3839e816bda055cde8477a069bbb5" },
		{ 200, "07dc4118ce88aa4262dc55f5db66f090" },
	};
	uint8_t key[32], data[200], tag[16];
	size_t i;

	(void)state;
	memset(key, 0x42, sizeof key);
	memset(data, 0x77, sizeof data);
	for (i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		sfu_onetime_mac(tag, key, 5, data, vectors[i].size);
		expect(tag, vectors[i].tag);
	}
	/* the tag may lie inside the data */
	sfu_onetime_mac(tag, key, 6, data, 100);
	sfu_onetime_mac(data, key, 6, data, 100);
	assert_memory_equal(tag, data, 16);
}

/* RFC 6979 A.2.5, P-256 with SHA-256. */
static const char public_hex[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
static const char sample_hex[] = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                                 "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
static const char order_hex[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

static uint8_t public_key[64], hash[32], signature[64];

static int signature_set(void **state)
{
	struct sfu_hash h;

	(void)state;
	bytes(public_key, public_hex);
	bytes(signature, sample_hex);
	sfu_hash_init(&h);
	sfu_hash_update(&h, (const uint8_t *)"sample", 6);
	sfu_hash_final(&h, hash);
	return 0;
}

static void refused(void)
{
	assert_int_equal(sfu_verify(public_key, hash, signature), SFU_R_SIGNATURE);
}

static void test_verify(void **state)
{
	uint32_t bit;

	(void)state;
	assert_int_equal(sfu_verify(public_key, hash, signature), SFU_OK);
	for (bit = 0; bit < 512; bit += 13) {
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
		refused();
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	hash[31] ^= 1;
	refused();
}

static void test_verify_range(void **state)
{
	uint8_t order[32];
	uint32_t half;

	(void)state;
	bytes(order, order_hex);
	for (half = 0; half < 64; half += 32) {
		signature_set(NULL);
		memset(signature + half, 0, 32);
		refused();
		memcpy(signature + half, order, 32);
		refused();
		signature[half + 31]++;
		refused();
		memset(signature + half, 0xFF, 32);
		refused();
	}
	memset(signature, 0, sizeof signature);
	refused();
	/* hash 0 with r = 0, for which u1 = u2 = 0 */
	signature[63] = 1;
	memset(hash, 0, sizeof hash);
	refused();
}

/* n - s is the other valid signature of the same hash: ECDSA has two, and nothing may rest on one. */
static void test_verify_twin(void **state)
{
	uint8_t order[32];
	int32_t i, borrow = 0;

	(void)state;
	bytes(order, order_hex);
	for (i = 31; i >= 0; i--) {
		const int32_t d = order[i] - signature[32 + i] - borrow;

		borrow = d < 0;
		signature[32 + i] = (uint8_t)(d + 256 * borrow);
	}
	assert_int_equal(sfu_verify(public_key, hash, signature), SFU_OK);
}

static void test_verify_key(void **state)
{
	uint32_t i;

	(void)state;
	public_key[63] ^= 1;
	refused();
	memset(public_key, 0, sizeof public_key);
	refused();
	memset(public_key, 0xFF, sizeof public_key);
	refused();
	/* (0, 1) and (1, 0) */
	for (i = 31; i < 64; i += 32) {
		memset(public_key, 0, sizeof public_key);
		public_key[i] = 1;
		refused();
	}
}

static void test_equal(void **state)
{
	uint8_t a[256], b[256];
	uint32_t i, size;

	(void)state;
	memset(a, 0, sizeof a);
	memset(b, 0, sizeof b);
	assert_int_equal(sfu_equal(a, b, sizeof a), SFU_OK);
	for (i = 0; i < sizeof a; i++) {
		b[i] = (uint8_t)(i + 1 == 256 ? 1 : i + 1);
		for (size = 0; size <= sizeof a; size++)
			assert_int_equal(sfu_equal(a, b, size), size > i ? SFU_R_IMAGE : SFU_OK);
		b[i] = 0;
	}
	memset(b, 0xFF, sizeof b);
	assert_int_equal(sfu_equal(a, b, sizeof a), SFU_R_IMAGE);
	sfu_wipe(b, sizeof b - 1);
	assert_int_equal(sfu_equal(a, b, sizeof a - 1), SFU_OK);
	assert_int_equal(b[255], 0xFF);
}

static void test_crc(void **state)
{
	const uint8_t *digits = (const uint8_t *)"123456789";
	uint32_t i;

	(void)state;
	assert_int_equal(sfu_crc32(digits, 9), 0xCBF43926);
	assert_int_equal(sfu_crc32(digits, 0), 0);
	assert_int_equal(sfu_crc16(0, digits, 9), 0x31C3);
	for (i = 0; i <= 9; i++)
		assert_int_equal(sfu_crc16(sfu_crc16(0, digits, i), digits + i, 9 - i), 0x31C3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_hkdf),
		cmocka_unit_test(test_cipher),
		cmocka_unit_test(test_onetime_mac),
		cmocka_unit_test_setup(test_verify, signature_set),
		cmocka_unit_test_setup(test_verify_range, signature_set),
		cmocka_unit_test_setup(test_verify_twin, signature_set),
		cmocka_unit_test_setup(test_verify_key, signature_set),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_crc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
