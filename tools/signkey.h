/* Private signing keys where they are: in a PEM file, or in a token that a PKCS#11 URI names. */
#ifndef SFU_TOOL_SIGNKEY_H
#define SFU_TOOL_SIGNKEY_H

#include "args.h"
#include "keyfile.h"
#include "token.h"

struct sfu_token_key {
	struct sfu_token token;
	sfu_object private;
};

/* What a command with such a key has in its table. */
#define SFU_SIGNKEY_OPTIONS \
	{ 0, "pin-file", "FILE", SFU_OPTIONAL, \
		"file with the PIN of a token; or SFU_PIN, or asked" }, \
	{ \
		0, "insecure-permissions", NULL, SFU_OPTIONAL, \
			"read secret keys that others may open" \
	}

/* Reads the key that option `name` names, file or URI. A key in a token whose label begins with
 * SFU_TOKEN_TEST_MARK is a test key. sfu_key_free ends it. Statuses of keyfile.h and token.h. */
#define SFU_TOKEN_TEST_MARK "sfu-test"
int sfu_signkey_open(const struct sfu_args *args, const char *name, struct sfu_sign_key *key);

/* The public half of such a key: of a PEM file, or of a token, which is asked for no PIN. */
int sfu_signkey_public(const struct sfu_args *args, const char *name, struct sfu_sign_key *key);

/* Makes a key pair in the token that `uri` names, with the URI's object (label). EX_CANTCREAT: there is
 * one. The label must begin with SFU_TOKEN_TEST_MARK if, and only if, `test`. */
int sfu_signkey_make(
	const struct sfu_args *args, const char *uri, int test, struct sfu_sign_key *key);

/* r ‖ s over the SHA-256 of the data. */
int sfu_signkey_sign(
	const struct sfu_sign_key *key, const uint8_t *data, size_t size, uint8_t signature[64]);

/* Closes and frees; NULL is let pass. */
void sfu_token_key_free(struct sfu_token_key *key);

#endif
