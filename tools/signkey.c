#include "signkey.h"

#include <stdlib.h>
#include <string.h>

#include "point.h"
#include "say.h"

#define LABEL_MAX 64

void sfu_token_key_free(struct sfu_token_key *key)
{
	if (key != NULL)
		sfu_token_close(&key->token);
	free(key);
}

static int login(const struct sfu_args *args, const char *uri, struct sfu_sign_key *key)
{
	struct sfu_pin pin = { NULL };
	int status;

	key->token = calloc(1, sizeof(*key->token));
	if (key->token == NULL)
		return sfu_fail(EX_OSERR, uri, "there is no memory for a token");
	status = sfu_token_find(&key->token->token, uri, uri);
	if (status == 0)
		status = sfu_pin_get(&pin, sfu_args_text(args, "pin-file", 0),
			sfu_token_pin_source(&key->token->token), NULL, uri);
	if (status == 0)
		status = sfu_token_login(&key->token->token, &pin);
	sfu_pin_free(&pin);
	return status;
}

/* The URI's object attribute. */
static int label_of(const struct sfu_token *token, char label[LABEL_MAX])
{
	const CK_ATTRIBUTE *a = p11_kit_uri_get_attribute(token->uri, CKA_LABEL);

	if (a == NULL || a->ulValueLen == 0 || a->ulValueLen >= LABEL_MAX)
		return sfu_fail(EX_USAGE, token->name,
			"names no key: it must have an `object` of at most %d characters",
			LABEL_MAX - 1);
	memcpy(label, a->pValue, a->ulValueLen);
	label[a->ulValueLen] = '\0';
	return 0;
}

/* Public half and id; a token that tells no public half has it in an object of its own. */
static int take_public(const char *uri, struct sfu_sign_key *key)
{
	struct sfu_token *token = &key->token->token;
	sfu_object public = 0;
	char label[LABEL_MAX];
	int status = sfu_token_object(token, CKO_PUBLIC_KEY, NULL, &public);

	if (status == 0)
		status = sfu_token_point(token, public, key->point);
	if (status == 0)
		status = sfu_point_id(key->point, key->id);
	if (status == 0)
		status = label_of(token, label);
	if (status != 0)
		return status;
	key->test = strncmp(label, SFU_TOKEN_TEST_MARK, strlen(SFU_TOKEN_TEST_MARK)) == 0;
	key->pkey = sfu_point_key(key->point);
	return key->pkey != NULL ? 0 : sfu_fail(EX_DATAERR, uri, "is no key on P-256");
}

static int open_token_key(const struct sfu_args *args, const char *uri, struct sfu_sign_key *key)
{
	int status = login(args, uri, key);

	if (status == 0)
		status = sfu_token_object(
			&key->token->token, CKO_PRIVATE_KEY, NULL, &key->token->private);
	return status == 0 ? take_public(uri, key) : status;
}

int sfu_signkey_open(const struct sfu_args *args, const char *name, struct sfu_sign_key *key)
{
	const char *from = sfu_args_text(args, name, 0);
	int status;

	memset(key, 0, sizeof(*key));
	if (!sfu_token_is_uri(from))
		return sfu_key_read_private(
			from, sfu_args_count(args, "insecure-permissions") > 0, key);
	status = open_token_key(args, from, key);
	if (status != 0)
		sfu_key_free(key);
	return status;
}

int sfu_signkey_public(const struct sfu_args *args, const char *name, struct sfu_sign_key *key)
{
	const char *from = sfu_args_text(args, name, 0);
	int status;

	if (!sfu_token_is_uri(from))
		return sfu_key_read_public(from, key);
	memset(key, 0, sizeof(*key));
	key->token = calloc(1, sizeof(*key->token));
	if (key->token == NULL)
		return sfu_fail(EX_OSERR, from, "there is no memory for a token");
	status = sfu_token_find(&key->token->token, from, from);
	if (status == 0)
		status = sfu_token_visit(&key->token->token);
	if (status == 0)
		status = take_public(from, key);
	sfu_token_key_free(key->token);
	key->token = NULL;
	if (status != 0)
		sfu_key_free(key);
	return status;
}

int sfu_signkey_make(
	const struct sfu_args *args, const char *uri, int test, struct sfu_sign_key *key)
{
	char label[LABEL_MAX];
	int marked, status;

	memset(key, 0, sizeof(*key));
	status = login(args, uri, key);
	if (status == 0)
		status = label_of(&key->token->token, label);
	if (status != 0)
		return status;
	marked = strncmp(label, SFU_TOKEN_TEST_MARK, strlen(SFU_TOKEN_TEST_MARK)) == 0;
	if (marked != test)
		return sfu_fail(EX_USAGE, uri,
			test ? "must have an object whose name begins with %s: it is a test key"
			     : "has an object whose name begins with %s: say --test",
			SFU_TOKEN_TEST_MARK);
	if (sfu_token_count(&key->token->token, CKO_PRIVATE_KEY, label) != 0)
		return sfu_fail(EX_CANTCREAT, uri, "the token has a key with this name already");
	status = sfu_token_make_pair(&key->token->token, label, &key->token->private);
	return status == 0 ? take_public(uri, key) : status;
}

int sfu_signkey_sign(
	const struct sfu_sign_key *key, const uint8_t *data, size_t size, uint8_t signature[64])
{
	const struct sfu_part part = { data, size };
	uint8_t hash[SFU_HASH];
	int status;

	if (key->token == NULL)
		return sfu_crypt_sign(key->pkey, data, size, signature);
	status = sfu_crypt_sha256(&part, 1, hash);
	if (status == 0)
		status = sfu_token_sign(&key->token->token, key->token->private, hash, signature);
	return status;
}
