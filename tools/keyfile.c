#include "keyfile.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "file.h"
#include "say.h"
#include "signkey.h"

static const char begin_private[] = "PRIVATE KEY-----";

/* 1 if `text` stands in `bytes`, which need not end with a zero. */
static int contains(const struct sfu_bytes *bytes, const char *text)
{
	const size_t size = strlen(text);
	size_t i;

	for (i = 0; i + size <= bytes->size; i++)
		if (memcmp(bytes->data + i, text, size) == 0)
			return 1;
	return 0;
}

static int no_password(char *buffer, int size, int writing, void *user)
{
	(void)buffer, (void)size, (void)writing, (void)user;
	return -1;
}

static int public_point(const char *path, struct sfu_sign_key *key)
{
	char group[64] = "";
	BIGNUM *x = NULL, *y = NULL;
	uint8_t hash[SFU_HASH];
	struct sfu_part part = { key->point, sizeof(key->point) };
	int status = 0;

	if (EVP_PKEY_get_base_id(key->pkey) != EVP_PKEY_EC ||
		EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), NULL) != 1 ||
		strcmp(group, "prime256v1") != 0)
		return sfu_fail(
			EX_DATAERR, path, "is a key of another kind; it must be ECDSA on P-256");
	if (EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, &x) != 1 ||
		EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &y) != 1 ||
		BN_bn2binpad(x, key->point, 32) != 32 || BN_bn2binpad(y, key->point + 32, 32) != 32)
		status = sfu_fail(EX_DATAERR, path, "holds no public point");
	BN_free(x);
	BN_free(y);
	if (status == 0)
		status = sfu_crypt_sha256(&part, 1, hash);
	if (status == 0)
		memcpy(key->id, hash, sizeof(key->id));
	return status;
}

static int parse_key(
	const char *path, const struct sfu_bytes *bytes, int private, struct sfu_sign_key *key)
{
	BIO *bio = BIO_new_mem_buf(bytes->data, (int)bytes->size);

	if (bio != NULL && private)
		key->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	else if (bio != NULL)
		key->pkey = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (key->pkey != NULL) {
		key->test = contains(bytes, SFU_KEY_TEST_MARK);
		return public_point(path, key);
	}
	if (!private && contains(bytes, begin_private))
		return sfu_fail(
			EX_DATAERR, path, "is a private key; here the public one is needed");
	if (private && contains(bytes, "BEGIN PUBLIC KEY"))
		return sfu_fail(
			EX_DATAERR, path, "is a public key; here the private one is needed");
	if (contains(bytes, "ENCRYPTED"))
		return sfu_fail(EX_DATAERR, path,
			"is protected by a password; `openssl pkcs8` can remove it");
	return sfu_fail(EX_DATAERR, path, "holds no %s key in PEM", private ? "private" : "public");
}

static int read_key(const char *path, int private, int insecure, struct sfu_sign_key *key)
{
	const enum sfu_file_kind kind = private && !insecure ? SFU_FILE_SECRET : SFU_FILE_PUBLIC;
	struct sfu_bytes bytes;
	int status;

	memset(key, 0, sizeof(*key));
	status = sfu_file_read(path, kind, &bytes);
	if (status == 0)
		status = parse_key(path, &bytes, private, key);
	sfu_bytes_free(&bytes);
	if (status != 0)
		sfu_key_free(key);
	return status;
}

int sfu_key_read_private(const char *path, int insecure, struct sfu_sign_key *key)
{
	return read_key(path, 1, insecure, key);
}

int sfu_key_read_public(const char *path, struct sfu_sign_key *key)
{
	return read_key(path, 0, 0, key);
}

int sfu_key_make(int test, struct sfu_sign_key *key)
{
	memset(key, 0, sizeof(*key));
	key->test = test;
	key->pkey = EVP_EC_gen("P-256");
	if (key->pkey == NULL)
		return sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot make a key");
	return public_point("new key", key);
}

static BIO *print_key(const struct sfu_sign_key *key, int private)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int good = bio != NULL;

	if (good && key->test)
		good = BIO_puts(bio, SFU_KEY_TEST_MARK "\n") > 0;
	if (good && private)
		good = PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) ==
			1;
	else if (good)
		good = PEM_write_bio_PUBKEY(bio, key->pkey) == 1;
	if (good)
		return bio;
	BIO_free(bio);
	sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot write a key");
	return NULL;
}

static int stage_key(const char *path, int replace, const struct sfu_sign_key *key, int private)
{
	BIO *bio = print_key(key, private);
	char *text = NULL;
	long size;
	int status;

	if (bio == NULL)
		return EX_SOFTWARE;
	size = BIO_get_mem_data(bio, &text);
	status = sfu_out_stage(
		path, private ? SFU_OUT_SECRET : SFU_OUT_PUBLIC, replace, text, (size_t)size);
	BIO_free(bio); /* wipes: BIO_s_secmem */
	return status;
}

int sfu_key_stage_private(const char *path, int replace, const struct sfu_sign_key *key)
{
	return stage_key(path, replace, key, 1);
}

int sfu_key_stage_public(const char *path, int replace, const struct sfu_sign_key *key)
{
	return stage_key(path, replace, key, 0);
}

int sfu_key_print_public(const struct sfu_sign_key *key, struct sfu_bytes *pem)
{
	BIO *bio = print_key(key, 0);
	char *text = NULL;
	long size;

	if (bio == NULL)
		return EX_SOFTWARE;
	size = BIO_get_mem_data(bio, &text);
	pem->data = malloc((size_t)size);
	pem->size = (size_t)size;
	if (pem->data != NULL)
		memcpy(pem->data, text, (size_t)size);
	BIO_free(bio);
	return pem->data != NULL ? 0 : sfu_fail(EX_OSERR, NULL, "there is no memory for a key");
}

void sfu_key_free(struct sfu_sign_key *key)
{
	sfu_token_key_free(key->token);
	key->token = NULL;
	EVP_PKEY_free(key->pkey); /* OpenSSL wipes private numbers */
	key->pkey = NULL;
}
