#include "point.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <string.h>

#include "crypt.h"
#include "say.h"

EVP_PKEY *sfu_point_key(const uint8_t point[SFU_POINT])
{
	uint8_t octets[1 + SFU_POINT] = { 4 };
	char group[] = "prime256v1";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets, sizeof(octets)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	memcpy(octets + 1, point, SFU_POINT);
	if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
		EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return key;
}

int sfu_point_of(EVP_PKEY *key, uint8_t point[SFU_POINT])
{
	BIGNUM *x = NULL, *y = NULL;
	const int good = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
		EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
		BN_bn2binpad(x, point, 32) == 32 && BN_bn2binpad(y, point + 32, 32) == 32;

	BN_free(x);
	BN_free(y);
	return good ? 0 : sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot tell a public key");
}

int sfu_point_id(const uint8_t point[SFU_POINT], uint8_t id[4])
{
	uint8_t hash[SFU_HASH];
	const struct sfu_part part = { point, SFU_POINT };
	const int status = sfu_crypt_sha256(&part, 1, hash);

	memcpy(id, hash, 4);
	return status;
}

int sfu_point_verify(const uint8_t point[SFU_POINT], const void *data, size_t size,
	const uint8_t signature[64], int *good)
{
	EVP_PKEY *key = sfu_point_key(point);
	int status = 0;

	*good = 0;
	if (key != NULL)
		status = sfu_crypt_verify(key, data, size, signature, good);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return status;
}
