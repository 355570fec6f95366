#include "crypt.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#include "bytes.h"
#include "say.h"

static int broken(const char *what)
{
	char text[256] = "";

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	return sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot %s: %s", what, text);
}

int sfu_crypt_sha256(const struct sfu_part *parts, size_t count, uint8_t out[SFU_HASH])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int good = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
	size_t i;

	for (i = 0; i < count && good; i++)
		good = EVP_DigestUpdate(context, parts[i].data, parts[i].size) == 1;
	good = good && EVP_DigestFinal_ex(context, out, NULL) == 1;
	EVP_MD_CTX_free(context);
	return good ? 0 : broken("hash");
}

int sfu_crypt_hkdf(const uint8_t key[SFU_HASH], const uint8_t salt[SFU_HASH], const void *info,
	size_t info_size, uint8_t out[SFU_HASH])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
	EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	char digest[] = "SHA256";
	/* OSSL_PARAM has no pointers to const; nothing is written through these */
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key, SFU_HASH),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt, SFU_HASH),
		OSSL_PARAM_construct_octet_string(
			OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, info_size),
		OSSL_PARAM_construct_end(),
	};
	const int good = context != NULL && EVP_KDF_derive(context, out, SFU_HASH, parameters) == 1;

	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return good ? 0 : broken("derive a key");
}

int sfu_crypt_record(
	const uint8_t key[SFU_HASH], uint32_t index, const uint8_t *in, uint8_t *out, size_t size)
{
	/* OpenSSL's 16 bytes are the initial counter, 0, and the 12-byte nonce of RFC 8439 */
	uint8_t counter_nonce[16] = { 0 };
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0, good;

	sfu_put32(counter_nonce + 4, index);
	good = context != NULL && size <= INT_MAX &&
		EVP_EncryptInit_ex(context, EVP_chacha20(), NULL, key, counter_nonce) == 1 &&
		EVP_EncryptUpdate(context, out, &done, in, (int)size) == 1 && done == (int)size;
	EVP_CIPHER_CTX_free(context);
	return good ? 0 : broken("encrypt");
}

static int split_signature(const uint8_t *der, size_t size, uint8_t signature[64])
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
	const int good = pair != NULL &&
		BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) == 32 &&
		BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) == 32;

	ECDSA_SIG_free(pair);
	return good;
}

int sfu_crypt_sign(EVP_PKEY *key, const uint8_t *data, size_t size, uint8_t signature[64])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t der[80];
	size_t der_size = sizeof(der);
	const int good = context != NULL &&
		EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(context, der, &der_size, data, size) == 1 &&
		split_signature(der, der_size, signature);

	EVP_MD_CTX_free(context);
	return good ? 0 : broken("sign");
}

static uint8_t *join_signature(const uint8_t signature[64], int *size)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
	uint8_t *der = NULL;

	*size = -1;
	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		*size = i2d_ECDSA_SIG(pair, &der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(pair);
	return der;
}

int sfu_crypt_verify(
	EVP_PKEY *key, const uint8_t *data, size_t size, const uint8_t signature[64], int *good)
{
	int der_size;
	uint8_t *der = join_signature(signature, &der_size);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const int ready = der_size > 0 && context != NULL &&
		EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1;

	*good = ready && EVP_DigestVerify(context, der, (size_t)der_size, data, size) == 1;
	EVP_MD_CTX_free(context);
	OPENSSL_free(der);
	return ready ? 0 : broken("check a signature");
}

int sfu_crypt_random(uint8_t *out, size_t size)
{
	return RAND_bytes(out, (int)size) == 1 ? 0 : broken("make random bytes");
}

void sfu_crypt_wipe(void *data, size_t size)
{
	OPENSSL_cleanse(data, size);
}
